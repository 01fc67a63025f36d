#!/usr/bin/env bash
# etcd 3.4.23: a put that is wrong in two ways, ignore_value on a key that does not exist and a lease that does not exist, is
# answered by "requested lease not found" (code 5, HTTP 404) when it stands alone and by "key not found" (code 3, HTTP 400)
# as the only operation of a transaction. In a transaction a range at a future revision that stands before a put with a missing
# lease is reported after it: all puts of the branches taken are looked at first, then all ranges.
# Needs Node.js 20 and etcd (Debian's etcd-server; else it is unpacked from Debian's archive, and nothing is installed).
# Exits with 0 while this is so, with 1 when it changed.
set -euo pipefail
work=$(mktemp -d)
etcd_pid=
trap '[ -z "$etcd_pid" ] || kill "$etcd_pid" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
if ! command -v etcd >/dev/null; then
  apt-get -qq download etcd-server >/dev/null
  dpkg -x etcd-server_*.deb unpacked
  PATH="$work/unpacked/usr/bin:$PATH"
fi
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
  (await fetch(`${url}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) })).json()
const bytes = (text) => Buffer.from(text).toString('base64')
const put = { key: bytes('a'), lease: '99', ignore_value: true }
const future = { request_range: { key: bytes('a'), revision: '99' } }
const steps = [
  ['alone', () => ask('put', put), 'requested lease not found'],
  ['in a transaction', () => ask('txn', { success: [{ request_put: put }] }), 'key not found'],
  [
    'range in the future, then a put with a missing lease',
    () => ask('txn', { success: [future, { request_put: { key: bytes('a'), lease: '99' } }] }),
    'requested lease not found',
  ],
]
for (const [name, act, expected] of steps) {
  const { message, code } = await act()
  console.log(`${name}: ${message} (code ${code})`)
  if (message !== `etcdserver: ${expected}`) process.exitCode = 1
}
JS
node ask.mjs "$client"
