#!/usr/bin/env bash
# npm etcd3 1.1.2: a put, a delete and a transaction that end with UNAVAILABLE "etcdserver: request timed out" are sent again, up to
# three times in all, and the caller is told of none of that. etcd says so of a write whose fate it does not know: it may have
# been carried out. So one put() may become versions 1 to 3, and a compare-and-set that did succeed is reported as failed, for its
# repetition finds what it put there itself. etcd's own client (clientv3) never sends a write again on this error, and repeats only
# those that were certainly not sent. A server cannot tell the repetitions from further calls: nothing in them says which they are.
# The default policy (faultHandling.host and .global) does it. With both set to a policy that never retries, each is sent once.
# Needs Node.js 20 and npm. Exits with 0 while this is so, with 1 when it changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . etcd3@1.1.2 @grpc/grpc-js@1.14.7 cockatiel@3.2.1 >/dev/null
node -p '"etcd3 " + require("./node_modules/etcd3/package.json").version'
cat >ask.cjs <<'JS'
const { Server, ServerCredentials, status } = require('@grpc/grpc-js')
const { Etcd3 } = require('etcd3')
const { noop } = require('cockatiel')

const calls = {}
const bytes = (each) => each
const method = (name) => ({
  path: `/etcdserverpb.KV/${name}`,
  requestStream: false,
  responseStream: false,
  requestDeserialize: bytes,
  requestSerialize: bytes,
  responseDeserialize: bytes,
  responseSerialize: bytes,
})
const names = ['Put', 'DeleteRange', 'Txn']
const server = new Server()
server.addService(
  Object.fromEntries(names.map((name) => [name, method(name)])),
  Object.fromEntries(
    names.map((name) => [
      name,
      (_call, done) => {
        calls[name] = (calls[name] ?? 0) + 1
        done({ code: status.UNAVAILABLE, details: 'etcdserver: request timed out' })
      },
    ]),
  ),
)
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), async (error, port) => {
  if (error) throw error
  const hosts = `http://127.0.0.1:${port}`
  const count = async (options) => {
    for (const name of names) calls[name] = 0
    // Each with a client of its own: after three failures a client does not send for some seconds.
    for (const ask of [
      (client) => client.put('key').value('value').exec(),
      (client) => client.delete().key('key').exec(),
      (client) => client.if('key', 'Create', '==', 0).then(client.put('key').value('value')).commit(),
    ]) {
      const client = new Etcd3({ hosts, ...options })
      await ask(client).then(
        () => {
          throw new Error('it succeeded')
        },
        () => {},
      )
      client.close()
    }
    return JSON.stringify(calls)
  }
  const byDefault = await count({})
  const without = await count({ faultHandling: { host: () => noop, global: noop } })
  console.log(`calls by default: ${byDefault}`)
  console.log(`calls without retries: ${without}`)
  const three = JSON.stringify({ Put: 3, DeleteRange: 3, Txn: 3 })
  const one = JSON.stringify({ Put: 1, DeleteRange: 1, Txn: 1 })
  process.exit(byDefault === three && without === one ? 0 : 1)
})
JS
node ask.cjs
