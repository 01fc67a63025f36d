#!/usr/bin/env bash
# etcd 3.4.23: "duplicate key given in txn request" refuses a transaction that puts a key and deletes a range with that key in it,
# but not always. A range to the end of all keys (range_end "\0") counts as covering nothing, so that "delete everything, put
# this" and "put this, delete everything" are carried out in their order, at one revision; the same range written with any
# other end is refused. Of two nested transactions beside each other, the later may delete what the earlier puts, while the
# reverse is refused. Who models the check as "no key is put and deleted" refuses what etcd accepts.
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
const put = { request_put: { key: bytes('a'), value: bytes('1') } }
const remove = (key, end) => ({ request_delete_range: { key: bytes(key), range_end: bytes(end) } })
const nested = (operation) => ({ request_txn: { success: [operation] } })
const cases = {
  'put a, delete ["a", "b")': [put, remove('a', 'b')],
  'put a, delete all keys from "\\0" on': [put, remove('\0', '\0')],
  'delete all keys from "\\0" on, put a': [remove('\0', '\0'), put],
  'nested: put a; nested beside it: delete a': [nested(put), nested(remove('a', ''))],
  'nested: delete a; nested beside it: put a': [nested(remove('a', '')), nested(put)],
}
const expected = ['refused', 'a is gone', 'a is there', 'a is gone', 'refused']
const found = []
for (const [name, success] of Object.entries(cases)) {
  await ask('put', { key: bytes('a'), value: bytes('0') })
  const answer = await ask('txn', { success })
  const isThere = (await ask('range', { key: bytes('a') })).count === '1'
  found.push(answer.message === undefined ? `a is ${isThere ? 'there' : 'gone'}` : 'refused')
  console.log(`${name}: ${found.at(-1)}${answer.message === undefined ? '' : ` (${answer.message})`}`)
}
process.exitCode = JSON.stringify(found) === JSON.stringify(expected) ? 0 : 1
JS
node ask.mjs "$client"
