#!/usr/bin/env bash
# etcd 3.4.23: in a range with a limit, a sort_target without a sort_order sorts ascending, as rpc.proto leads one to expect, but
# takes the first limit + 1 keys in the order of keys before it sorts. "The one with the lowest mod revision" by
# sort_target MOD, limit 1 is therefore the lower of the first two keys. With sort_order ASCEND, or with any filter
# (min_mod_revision: 1 lets everything through), all keys are sorted before the limit.
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
const keys = async (options) => {
  const body = { key: bytes('a'), range_end: bytes('z'), ...options }
  return ((await ask('range', body)).kvs ?? []).map(({ key }) => Buffer.from(key, 'base64').toString()).join(' ')
}
// The order of keys is the reverse of the order of their revisions.
for (const key of ['d', 'c', 'b', 'a']) await ask('put', { key: bytes(key), value: bytes('1') })
const cases = [
  [{ sort_target: 'MOD' }, 'd c b a'],
  [{ sort_target: 'MOD', limit: 1 }, 'b'],
  [{ sort_target: 'MOD', limit: 2 }, 'c b'],
  [{ sort_target: 'MOD', limit: 1, sort_order: 'ASCEND' }, 'd'],
  [{ sort_target: 'MOD', limit: 1, min_mod_revision: 1 }, 'd'],
]
for (const [options, expected] of cases) {
  const found = await keys(options)
  console.log(`${JSON.stringify(options)}: ${found}`)
  if (found !== expected) process.exitCode = 1
}
JS
node ask.mjs "$client"
