#!/usr/bin/env bash
# prom-client 15.1.3: the buckets of a histogram must be given in ascending order, and nothing says so when they are not. With
# [1, 0.5, 2] the value 0.7 is counted as at most 0.5. The same values in order are counted rightly. And a summary without an
# observation exports 0 for its quantiles, where other clients export NaN, so that an idle service looks like an instant one.
# Needs Node.js 20 and npm. Exits with 0 while this is so, with 1 when it changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts prom-client@15.1.3
cat >try.mjs <<'JS'
import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)
const { Histogram, Registry, Summary } = require('prom-client')
console.log(`prom-client ${require('prom-client/package.json').version}`)
const registry = new Registry()
const check = async (name, line, expected) => {
  const text = await registry.getSingleMetricAsString(name)
  const value = text.split('\n').find((each) => each.startsWith(line))?.slice(line.length + 1)
  console.log(`${line}: ${value}`)
  if (value !== expected) process.exitCode = 1
}
for (const [name, buckets] of [
  ['sorted', [0.5, 1, 2]],
  ['unsorted', [1, 0.5, 2]],
]) {
  new Histogram({ name, help: name, buckets, registers: [registry] }).observe(0.7)
}
await check('sorted', 'sorted_bucket{le="0.5"}', '0')
await check('unsorted', 'unsorted_bucket{le="0.5"}', '1')
new Summary({ name: 'idle', help: 'idle', percentiles: [0.99], registers: [registry] })
await check('idle', 'idle{quantile="0.99"}', '0')
JS
node try.mjs
