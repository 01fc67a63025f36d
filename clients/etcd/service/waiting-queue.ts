/**
 * The queue behind a name of etcd's locks and elections: the keys `NAME/LEASE`, in the order of their create revisions.
 * It is the queue of etcd's own clients, so those who wait here and those who wait by `etcdctl lock` wait in one.
 */
import { concatBytes, utf8 } from '../../../src/base/bytes.ts'
import { keysWithPrefix, oneKey } from '../../../src/store/key-range.ts'
import type { RangeOperation } from '../../../src/store/range-operations.ts'
import type { RangeItem } from '../../../src/store/range-results.ts'
import type { Compare } from '../../../src/store/transaction-writer.ts'
import { executeOk, type ServiceStore } from './answers.ts'
import { EtcdError } from './errors.ts'

/** The seconds of a lease that is granted to who brings none; nobody keeps it alive. */
const OWN_LEASE_SECONDS = 60

/** A place in a queue. */
export interface Place {
  readonly key: Uint8Array
  readonly lease: bigint
  /** The create revision of its key, which orders the queue. */
  readonly created: number
  /** The store's revision when the place was taken, or found. */
  readonly revision: number
  readonly value: Uint8Array
}

export class WaitingQueue {
  readonly #store: ServiceStore
  readonly #prefix: Uint8Array

  constructor(store: ServiceStore, name: Uint8Array) {
    this.#store = store
    this.#prefix = concatBytes(name, utf8('/'))
  }

  /** Takes the place of a lease, or finds it if the lease has one. */
  async enter(lease: bigint, value: Uint8Array): Promise<Place> {
    const held = lease === 0n ? await this.#grantLease() : lease
    const key = concatBytes(this.#prefix, utf8(held.toString(16)))
    const put = { kind: 'put', key, value, lease: held } as const
    const { succeeded, revision, results } = await executeOk(this.#store, {
      kind: 'transaction',
      compares: [isCreatedAt(key, 0)],
      success: [put],
      failure: [{ kind: 'range', ...oneKey(key) }],
    })
    if (succeeded) return { key, lease: held, created: revision, revision, value }
    const [found] = results
    const [item] = found?.status === 'ok' && found.kind === 'range' ? found.items : []
    if (item === undefined) throw new EtcdError('internal', 'etcdserver: the key of a place is not there')
    return { key, lease: held, created: item.createRevision, revision, value: item.value }
  }

  /**
   * Waits until all places before this one are given up. Returns the store's revision then; null if the signal says that
   * nobody waits any more.
   */
  async waitForTurn({ created }: Place, signal: AbortSignal): Promise<number | null> {
    if (created <= 1) return this.#revision()
    while (!signal.aborted) {
      const query: RangeOperation = {
        kind: 'range',
        ...keysWithPrefix(this.#prefix),
        maxCreateRevision: created - 1,
        order: 'descending',
        target: 'create',
        limit: 1,
      }
      const { items, revision } = await executeOk(this.#store, query)
      const [before] = items
      if (before === undefined) return revision
      await this.#waitForDeletion(before.key, revision, signal)
    }
    return null
  }

  /** Returns the first of the queue, and the store's revision. */
  async first(): Promise<{ readonly item: RangeItem | null; readonly revision: number }> {
    const { items, revision } = await executeOk(this.#store, this.#firstQuery())
    return { item: items[0] ?? null, revision }
  }

  /** Follows the first of the queue, from one to the next. Each is given with the revision at which it was first. */
  async *leaders(
    signal: AbortSignal,
  ): AsyncGenerator<{ readonly item: RangeItem; readonly revision: number }> {
    while (!signal.aborted) {
      const { item, revision } = await this.first()
      if (item === null) {
        await this.#waitForChange(revision, signal)
        continue
      }
      yield { item, revision }
      const watch = this.#store.watch({ range: oneKey(item.key), after: revision })
      const close = (): void => watch.close()
      signal.addEventListener('abort', close)
      try {
        for await (const step of watch) {
          if (step.kind !== 'changes') continue
          const { put, key } = step.changes.at(-1) ?? { put: null, key: item.key }
          if (put === null) break
          yield { item: { key, ...put }, revision: step.revision }
        }
      } finally {
        signal.removeEventListener('abort', close)
        close()
      }
    }
  }

  #firstQuery(): RangeOperation {
    const order = { order: 'ascending', target: 'create', limit: 1 } as const
    return { kind: 'range', ...keysWithPrefix(this.#prefix), ...order }
  }

  async #waitForDeletion(key: Uint8Array, after: number, signal: AbortSignal): Promise<void> {
    await this.#waitFor({ range: oneKey(key), after, only: 'delete' }, signal)
  }

  async #waitForChange(after: number, signal: AbortSignal): Promise<void> {
    await this.#waitFor({ range: keysWithPrefix(this.#prefix), after, only: 'put' }, signal)
  }

  async #waitFor(query: Parameters<ServiceStore['watch']>[0], signal: AbortSignal): Promise<void> {
    const watch = this.#store.watch(query)
    const close = (): void => watch.close()
    signal.addEventListener('abort', close)
    if (signal.aborted) close()
    try {
      for await (const step of watch) if (step.kind === 'changes' && step.changes.length > 0) return
    } finally {
      signal.removeEventListener('abort', close)
      close()
    }
  }

  async #grantLease(): Promise<bigint> {
    return (await executeOk(this.#store, { kind: 'lease-grant', id: 0n, ttl: OWN_LEASE_SECONDS })).id
  }

  async #revision(): Promise<number> {
    return (await this.first()).revision
  }
}

/** The comparison that a key was created at this revision; that it is not there, at 0. */
export const isCreatedAt = (key: Uint8Array, revision: number): Compare => ({
  ...oneKey(key),
  relation: 'equal',
  target: 'create',
  number: revision,
})
