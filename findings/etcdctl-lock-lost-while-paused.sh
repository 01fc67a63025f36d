#!/usr/bin/env bash
# etcdctl 3.4.23: `etcdctl lock NAME COMMAND` that is paused for longer than its time to live loses the lock, and another one
# takes it. When the first runs again it neither ends its command nor says anything: the command runs to its end beside or after
# the new holder's, and both exit with 0. A script cannot learn from it that it worked without the lock.
# Needs Node.js 20, etcd and etcdctl (Debian's etcd-server and etcd-client; else they are unpacked from Debian's archive, and
# nothing is installed). Takes about ten seconds. Exits with 0 while this is so, with 1 when it changed.
set -euo pipefail
work=$(mktemp -d)
etcd_pid=
trap '[ -z "$etcd_pid" ] || kill "$etcd_pid" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
for each in etcd:etcd-server etcdctl:etcd-client; do
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
export ETCDCTL_API=3 ETCDCTL_ENDPOINTS="127.0.0.1:$client"
for ((count = 0; ; count++)); do
  etcdctl get up >/dev/null 2>&1 && break
  ((count < 600)) || { echo "etcd does not answer"; exit 1; }
  sleep 0.1
done
etcdctl lock --ttl=2 door -- sh -c 'echo first in >>order; while [ ! -e over ]; do sleep 0.1; done; echo first out >>order' \
  >first.out 2>first.err &
first=$!
until [ -s order ]; do sleep 0.1; done
kill -STOP "$first"
etcdctl lock --ttl=2 door -- sh -c 'echo second in >>order; echo second out >>order' >/dev/null
kill -CONT "$first"
# Time enough for several of its keep-alives to be answered that the lease has ended.
sleep 3
kill -0 "$first" && running=yes || running=no
touch over
code=0
wait "$first" || code=$?
cat order
echo "still running after it was woken: $running, exit code: $code, bytes on standard error: $(wc -c <first.err)"
[ "$(tr '\n' ',' <order)" = 'first in,second in,second out,first out,' ] || exit 1
[ "$running $code" = 'yes 0' ] && [ ! -s first.err ] || exit 1
