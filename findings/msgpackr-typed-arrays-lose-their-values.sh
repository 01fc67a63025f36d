#!/usr/bin/env bash
# msgpackr 2.1.3, default options: a typed array other than Uint8Array is packed as bytes that are not its own. The length is that
# of its bytes, but each element is written as one byte, cut to eight bits, at the beginning: Uint16Array [1, 300] begins with
# 01 2c where its bytes are 01 00 2c 01, and the rest means nothing. A DataView comes back empty, while an ArrayBuffer of the same
# bytes comes back whole. Nothing is thrown. With `moreTypes: true` all of them keep their values.
# Needs Node.js 20 and npm. Exits with 0 while this is so, with 1 when it changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts msgpackr@2.1.3
cat >try.mjs <<'JS'
import { readFileSync } from 'node:fs'
import { Packr } from 'msgpackr'
console.log(`msgpackr ${JSON.parse(readFileSync('node_modules/msgpackr/package.json', 'utf8')).version}`)
const plain = new Packr()
const more = new Packr({ moreTypes: true })
const through = (packr, value) => packr.unpack(packr.pack(value))
const hex = (view) => Buffer.from(view.buffer ?? view, view.byteOffset ?? 0, view.byteLength).toString('hex')
const bytes = Uint8Array.of(1, 0, 44, 1)
// What is found of each, as its length in bytes and how it begins.
const cases = [
  ['Uint8Array', bytes, 4, '01002c01'],
  ['ArrayBuffer', bytes.buffer, 4, '01002c01'],
  ['Uint16Array', new Uint16Array([1, 300]), 4, '012c'],
  ['Float64Array', new Float64Array([2.5]), 8, '02'],
  ['DataView', new DataView(bytes.buffer), 0, ''],
]
for (const [name, value, length, beginning] of cases) {
  const found = hex(through(plain, value))
  const begins = found.slice(0, beginning.length)
  const foundMore = hex(through(more, value))
  console.log(`${name} of ${hex(value)}: ${found.length / 2} bytes, beginning ${begins || 'with nothing'}; with moreTypes: ${foundMore}`)
  if (found.length !== 2 * length || begins !== beginning || foundMore !== hex(value)) process.exitCode = 1
}
JS
node try.mjs
