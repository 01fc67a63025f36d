/** A process of contenders for a lock: each reads a counter of its parent's, and writes it, while it holds the lock. */
import { connect } from '../../dist/clients/library/index.js'

const [url, count] = process.argv.slice(2)
const store = await connect(url, { timeoutMs: 60_000 })
const answers = new Map()
process.on('message', ({ id, value }) => answers.get(id)?.(value))

/** Asks the parent, and resolves with its answer. */
const ask = (id, question) =>
  new Promise((resolve) => {
    answers.set(id, resolve)
    process.send({ id, ...question })
  })

async function contend(id) {
  for (;;) {
    try {
      const lock = await store.lock('counter', { ttl: 2 })
      const value = await ask(id, { kind: 'read', token: lock.token })
      // The counter has seen a later holder.
      if (value !== null) process.send({ id, kind: 'write', token: lock.token, value: value + 1 })
      await lock.release()
    } catch {
      // It stands in the queue again.
    }
  }
}
for (let id = 0; id < Number(count); id++) void contend(id)
