#!/usr/bin/env bash
# hdr-histogram-js 3.0.1: with `bitBucketSize: 8` or `16` a bucket that is full begins at zero again, silently. After 256 (65,536)
# equal values the count of all values is still right, but every percentile is 0, and reading the mean throws "Index Out Of Bounds
# Exception". 'packed', 32 and 64 hold. The sizes are offered as a way to save memory; nothing is refused and nothing saturates.
# Needs Node.js 20 and npm. Exits with 0 while this is so, with 1 when it changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts hdr-histogram-js@3.0.1
cat >try.mjs <<'JS'
import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)
const { build } = require('hdr-histogram-js')
console.log(`hdr-histogram-js ${require('hdr-histogram-js/package.json').version}`)
const readMean = (histogram) => {
  try {
    return histogram.mean
  } catch (error) {
    return error.message
  }
}
const wrapped = { p50: 0, p99: 0, mean: 'Index Out Of Bounds Exception' }
const right = { p50: 7, p99: 7, mean: 7 }
const cases = [
  [8, 255, right],
  [8, 256, wrapped],
  [16, 65_535, right],
  [16, 65_536, wrapped],
  [32, 65_536, right],
  ['packed', 65_536, right],
]
for (const [bitBucketSize, values, expected] of cases) {
  const histogram = build({ bitBucketSize })
  for (let count = 0; count < values; count++) histogram.recordValue(7)
  const [p50, p99] = [50, 99].map((each) => histogram.getValueAtPercentile(each))
  const found = { p50, p99, mean: readMean(histogram) }
  console.log(`${bitBucketSize} bits, ${values} times 7: count ${histogram.totalCount}, ${JSON.stringify(found)}`)
  if (histogram.totalCount !== values || JSON.stringify(found) !== JSON.stringify(expected)) process.exitCode = 1
}
JS
node try.mjs
