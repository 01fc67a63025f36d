#!/usr/bin/env bash
# etcd 3.4.23: a range at a negative revision reads the present, like one at revision 0. The same range within a transaction is
# refused as compacted: at -2 on a new store in which nothing is compacted, at -1 once anything was. And while nothing is
# compacted, compacting at revision 0 is carried out, once; it is what refuses -1 from then on.
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
const say = ({ message, count, responses }) =>
  message ?? (count ?? responses?.[0]?.response_range?.count) ?? 'done'
await ask('put', { key: bytes('a'), value: bytes('1') })
const alone = (revision) => ask('range', { key: bytes('a'), revision })
const inTxn = (revision) => ask('txn', { success: [{ request_range: { key: bytes('a'), revision } }] })
const compact = (revision) => ask('compaction', { revision })
const compacted = 'etcdserver: mvcc: required revision has been compacted'
const steps = [
  ['range at -1', () => alone(-1), '1'],
  ['range at -2', () => alone(-2), '1'],
  ['transaction, range at -1', () => inTxn(-1), '1'],
  ['transaction, range at -2', () => inTxn(-2), compacted],
  ['compaction at 0', () => compact(0), 'done'],
  ['compaction at 0 again', () => compact(0), compacted],
  ['range at -1', () => alone(-1), '1'],
  ['transaction, range at -1', () => inTxn(-1), compacted],
]
for (const [name, act, expected] of steps) {
  const found = say(await act())
  console.log(`${name}: ${found}`)
  if (found !== expected) process.exitCode = 1
}
JS
node ask.mjs "$client"
