/** etcd's Lock service: the first of a queue holds the lock until its key is deleted or its lease ends. */
import { oneKey } from '../../../src/store/key-range.ts'
import { executeOk, headerOf, type ServiceStore } from './answers.ts'
import { EtcdError } from './errors.ts'
import { WaitingQueue } from './waiting-queue.ts'

export interface LockRequest {
  readonly name: Uint8Array
  readonly lease: bigint
}

export class LockService {
  readonly #store: ServiceStore

  constructor(store: ServiceStore) {
    this.#store = store
  }

  /** Answers when the lock is held. A caller who leaves before gives up its place. */
  async lock({ name, lease }: LockRequest, signal: AbortSignal): Promise<object> {
    const queue = new WaitingQueue(this.#store, name)
    const place = await queue.enter(lease, new Uint8Array(0))
    const { key } = place
    const revision = await queue.waitForTurn(place, signal).catch(async (error: unknown) => {
      await this.unlock({ key })
      throw error
    })
    if (revision === null || signal.aborted) {
      await this.unlock({ key })
      throw new EtcdError('cancelled', 'context canceled')
    }
    const found = await executeOk(this.#store, { kind: 'range', ...oneKey(key) })
    if (found.items.length === 0) throw new EtcdError('unknown', 'mutex: session is expired')
    return { header: headerOf(this.#store, found.revision), key }
  }

  async unlock({ key }: { readonly key: Uint8Array }): Promise<object> {
    if (key.length === 0) throw new EtcdError('invalid-argument', 'etcdserver: key is not provided')
    const { revision } = await executeOk(this.#store, { kind: 'delete-range', ...oneKey(key) })
    return { header: headerOf(this.#store, revision) }
  }
}
