#!/usr/bin/env bash
# protobufjs 8.8.1: a BigInt given for an int64 or uint64 field is encoded as 0, whatever its value, without an error, although
# the same field as a decimal string or a Long is exact; `fromObject` converts it, and `verify` objects to it. A string that
# begins with digits is taken up to them: "12abc" is encoded as 12. And a `bytes` field that is missing reads as an empty Array,
# not as an empty Uint8Array or Buffer.
# Needs Node.js 20 and npm. Exits with 0 while this is so, with 1 when it changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts protobufjs@8.8.1
cat >try.mjs <<'JS'
import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)
const protobuf = require('protobufjs')
console.log(`protobufjs ${require('protobufjs/package.json').version}`)
const { root } = protobuf.parse(`syntax = "proto3";
  message Lease { int64 id = 1; uint64 ttl = 2; bytes owner = 3; map<string, int64> uses = 4; }`)
const Lease = root.lookupType('Lease')
const through = (value) => Lease.decode(Lease.encode(value).finish())
const large = 9007199254740993n
const steps = [
  ['int64 from a string', () => through({ id: `${large}` }).id.toString(), `${large}`],
  ['int64 from a BigInt', () => through({ id: large }).id.toString(), '0'],
  ['uint64 from a small BigInt', () => through({ ttl: 5n }).ttl.toString(), '0'],
  ['int64 in a map, from a BigInt', () => through({ uses: { a: 5n } }).uses.a.toString(), '0'],
  ['int64 from a BigInt, by fromObject', () => through(Lease.fromObject({ id: large })).id.toString(), `${large}`],
  ['verify of a BigInt', () => Lease.verify({ id: 5n }), 'id: integer|Long expected'],
  ['int64 from "12abc"', () => through({ id: '12abc' }).id.toString(), '12'],
  ['a missing bytes field is an Array', () => Array.isArray(through({}).owner), true],
]
for (const [name, act, expected] of steps) {
  const found = act()
  console.log(`${name}: ${found}`)
  if (found !== expected) process.exitCode = 1
}
JS
node try.mjs
