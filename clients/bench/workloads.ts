/** The workloads of the throughput benchmark. */
import { Pool } from 'undici'
import { createRandom } from '../../src/base/random.ts'
import type { Submitted } from '../../src/runtime/client-runtime.ts'
import { OperationsWriter } from '../../src/store/operations-writer.ts'
import type { Connection } from '../library/connection.ts'
import type { Workload } from './measure.ts'

export const KEYS = 100_000
export const VALUE_BYTES = 100

/** Puts of 100 bytes to random keys, `bundle` of them in a signed request, through sessions with the replicas. */
export function bundleWorkload(
  connections: readonly Connection[],
  options: { readonly bundle: number; readonly concurrency: number },
): Workload {
  // The keys are made beforehand, so that the store is measured and not their generation.
  const bodies = makeBodies(options.bundle)
  let next = 0
  return {
    name: `bundles of ${options.bundle}`,
    concurrency: options.concurrency,
    operationsPerRequest: options.bundle,
    run: (worker) =>
      new Promise((resolve, reject) => {
        const { runtime } = connections[worker % connections.length] as Connection
        const submit = (): void => {
          // The window is full and its oldest request is late: wait, as any client would.
          if (runtime.room === 0) setTimeout(submit, 1)
          else runtime.submit(bodies[next++ % bodies.length] as Uint8Array, finish)
        }
        const finish = (submitted: Submitted): void => {
          if (submitted.kind === 'answered') resolve()
          else reject(new Error(submitted.reason))
        }
        submit()
      }),
  }
}

/** The operations of requests that together put every key about once. */
function makeBodies(bundle: number): readonly Uint8Array[] {
  const random = createRandom(1)
  const writer = new OperationsWriter()
  const value = new Uint8Array(VALUE_BYTES).fill(0x76)
  return Array.from({ length: Math.ceil(KEYS / bundle) }, () => {
    writer.reset()
    for (let index = 0; index < bundle; index++) {
      writer.add({ kind: 'put', key: Buffer.from(`key-${random.below(KEYS)}`), value })
    }
    return writer.finish()
  })
}

/** Puts of 100 bytes to random keys, one in each HTTP request, through the gateway. `close` ends its connections. */
export function httpWorkload(url: string, concurrency: number): Workload & { close(): Promise<void> } {
  const random = createRandom(2)
  const pool = new Pool(url, { connections: concurrency })
  const body = Buffer.alloc(VALUE_BYTES, 0x76)
  return {
    name: 'HTTP',
    concurrency,
    operationsPerRequest: 1,
    run: async () => {
      const path = `/v1/kv/key-${random.below(KEYS)}`
      const response = await pool.request({ method: 'PUT', path, body })
      await response.body.dump()
      if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`)
    },
    close: () => pool.close(),
  }
}
