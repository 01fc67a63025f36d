#!/usr/bin/env bash
# etcd 3.4.23, its JSON gateway: a field that it does not know is dropped without a word, so a misspelt one has a meaning of its
# own. Lease grant with "ttl" for "TTL" makes a lease of the shortest time, 2 seconds; a range with "range_ends" reads one key;
# a comparison of VERSION that gives its number as "value" compares with version 0. Unknown values are refused all the same:
# "sort_order":"descend" is an error. Both "rangeEnd" and "range_end" are known names.
# Needs Node.js 20 and etcd (Debian's etcd-server; else it is unpacked from Debian's archive, and nothing is installed).
# Exits with 0 while this is so, with 1 when it changed.
set -euo pipefail
work=$(mktemp -d)
etcd_pid=
trap '[ -z "$etcd_pid" ] || kill "$etcd_pid" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
for each in etcd:etcd-server; do
  if ! command -v "${each%%:*}" >/dev/null; then
    apt-get -qq download "${each#*:}" >/dev/null
    dpkg -x "${each#*:}"_*.deb unpacked
    PATH="$work/unpacked/usr/bin:$PATH"
  fi
done
etcd --version | sed -n 1p
read -r client peer < <(node -e '
  const servers = [0, 0].map(() => require("node:net").createServer().listen(0, "127.0.0.1"))
  Promise.all(servers.map((each) => require("node:events").once(each, "listening"))).then(() => {
    console.log(servers.map((each) => each.address().port).join(" "))
    for (const each of servers) each.close()
  })')
etcd --data-dir data --listen-client-urls "http://127.0.0.1:$client" --advertise-client-urls "http://127.0.0.1:$client" \
  --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" \
  --initial-cluster "default=http://127.0.0.1:$peer" >etcd.log 2>&1 &
etcd_pid=$!
cat >ask.mjs <<'JS'
const url = `http://127.0.0.1:${process.argv[2]}`
const until = Date.now() + 60_000
while (!(await fetch(`${url}/health`).then((each) => each.ok, () => false))) {
  if (Date.now() > until) throw new Error('etcd does not answer')
  await new Promise((resolve) => setTimeout(resolve, 50))
}
const ask = async (path, body) =>
  (await fetch(`${url}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) })).json()
const bytes = (text) => Buffer.from(text).toString('base64')
for (const key of ['a', 'b']) await ask('kv/put', { key: bytes(key), value: bytes('1') })
const range = async (rest) => {
  const { count, message } = await ask('kv/range', { key: bytes('a'), ...rest })
  return message ?? count
}
const compare = async (rest) =>
  (await ask('kv/txn', { compare: [{ key: bytes('c'), target: 'VERSION', result: 'EQUAL', ...rest }] })).succeeded ===
  true
const steps = [
  ['lease grant, "TTL": 60', async () => (await ask('lease/grant', { TTL: 60 })).TTL, '60'],
  ['lease grant, "ttl": 60', async () => (await ask('lease/grant', { ttl: 60 })).TTL, '2'],
  ['range, "range_end"', () => range({ range_end: bytes('c') }), '2'],
  ['range, "rangeEnd"', () => range({ rangeEnd: bytes('c') }), '2'],
  ['range, "range_ends"', () => range({ range_ends: bytes('c') }), '1'],
  [
    'range, "sort_order": "descend"',
    () => range({ sort_order: 'descend' }),
    'unknown value "descend" for enum etcdserverpb.RangeRequest_SortOrder',
  ],
  ['a missing key has "version": 7', () => compare({ version: '7' }), false],
  ['a missing key has "value" of 7 as its version', () => compare({ value: bytes('7') }), true],
]
for (const [name, act, expected] of steps) {
  const found = await act()
  console.log(`${name}: ${found}`)
  if (found !== expected) process.exitCode = 1
}
JS
node ask.mjs "$client"
