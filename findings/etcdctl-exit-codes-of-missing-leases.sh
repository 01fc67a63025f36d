#!/usr/bin/env bash
# etcdctl 3.4.23: four commands about a lease that does not exist exit in three ways. `lease revoke` exits with 1, `lease
# keep-alive --once` with 2, but `lease keep-alive` and `lease timetolive` print that it ended and exit with 0. So a script
# that asks whether its lease lives has to read the text, or use --once.
# Needs Node.js 20, etcd and etcdctl (Debian's etcd-server and etcd-client; else they are unpacked from Debian's archive, and
# nothing is installed). Exits with 0 while this is so, with 1 when it changed.
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
failed=0
try() {
  local expected=$1 code=0 text
  shift
  text=$(timeout 60 etcdctl "$@" 2>/dev/null) || code=$?
  echo "exit $code: etcdctl $* ${text:+(prints: $text)}"
  [ "$code" = "$expected" ] || failed=1
}
try 1 lease revoke 1234
try 2 lease keep-alive --once 1234
try 0 lease keep-alive 1234
try 0 lease timetolive 1234
exit "$failed"
