/**
 * A place in the queue for a name: the key `NAME/LEASE`, which ends with its lease. The holder of the smallest create
 * revision is first, and that revision is its fencing token: a later holder has a larger one. The recipe is that of
 * etcd's lock and election commands, so they wait in the same queue.
 */

import { utf8 } from '../../src/base/bytes.ts'
import { given } from '../../src/base/given.ts'
import { type Bytes, bytesOf, type Entry } from './entry.ts'
import type { Lease } from './lease.ts'
import type { ListOptions } from './listing.ts'
import type { Store } from './store.ts'
import { LeaseNotFoundError, LockLostError, RevisionMovedError, UnknownOutcomeError } from './store-errors.ts'
import type { Listed } from './transaction.ts'

export interface QueuePlace {
  readonly key: Uint8Array
  readonly lease: Lease
  /** The create revision of the key. */
  readonly token: number
  /** Aborted when the lease has ended, or may have. */
  readonly lost: AbortSignal
}

export interface PlaceOptions {
  readonly value: Bytes
  /** The life of the lease in seconds, after which a holder that is gone loses its place. */
  readonly ttl: number
  readonly signal: AbortSignal | undefined
}

/** Takes the last place of the queue for a name, and waits until it is the first. */
export async function takeFirstPlace(store: Store, name: string, options: PlaceOptions): Promise<QueuePlace> {
  const { signal, ttl } = options
  const lease = await store.grantLease(ttl, given({ signal }))
  const lost = lease.keep()
  const ended = signal === undefined ? lost : AbortSignal.any([lost, signal])
  try {
    const key = utf8(`${name}/${lease.id.replace(/^0+/, '')}`)
    const token = await createOnce(store, key, { value: options.value, lease, signal: ended })
    await waitUntilFirst(store, name, { token, signal: ended })
    const own = await store.get(key, { signal: ended })
    if (own?.createRevision !== token) throw lostPlace(key)
    return { key, lease, token, lost }
  } catch (error) {
    const isLost = lost.aborted || error instanceof LeaseNotFoundError
    await leave(lease)
    if (isLost && signal?.aborted !== true) throw lostPlace(utf8(`${name}/`))
    throw error
  }
}

export const lostPlace = (key: Uint8Array): LockLostError =>
  new LockLostError(`the lease of ${Buffer.from(key)} has ended, or could not be renewed in time`)

/** Ends a lease as far as that can be done now: without an answer it runs out by itself. */
async function leave(lease: Lease): Promise<void> {
  lease.stopKeeping()
  await lease.revoke().catch(() => {})
}

interface NewKey {
  readonly value: Bytes
  readonly lease: Lease
  readonly signal: AbortSignal
}

/**
 * Puts the key of a place and returns its create revision. The key is nobody else's, so a put without an answer is
 * safely put again: it is there already if the first one happened.
 */
async function createOnce(store: Store, key: Uint8Array, { value, lease, signal }: NewKey): Promise<number> {
  for (;;) {
    try {
      return (await store.put(key, value, { lease, ifRevision: 0, signal })).createRevision
    } catch (error) {
      if (error instanceof RevisionMovedError) {
        const own = await store.get(key, { signal })
        if (own !== null) return own.createRevision
      } else if (!(error instanceof UnknownOutcomeError) || signal.aborted) throw error
    }
  }
}

/** Resolves when no key of the name is older than a place. */
async function waitUntilFirst(
  store: Store,
  name: string,
  { token, signal }: { readonly token: number; readonly signal: AbortSignal },
): Promise<void> {
  for (;;) {
    const options = { maxCreateRevision: token - 1, order: 'descending', keysOnly: true, signal } as const
    const { revision, entries } = await placesOf(store, name, options)
    const [predecessor] = entries
    if (predecessor === undefined) return
    await using watch = store.watch(predecessor.key, { only: 'delete', after: revision, signal })
    await watch.next()
  }
}

/** Reads the place that comes first in this order of create revisions. */
const placesOf = (store: Store, name: string, options: ListOptions): Promise<Listed> =>
  store.page({ prefix: bytesOf(`${name}/`) }, { sort: 'create', limit: 1, ...options })

/** Reads the first place of a queue; null while there is none. */
export async function firstPlace(
  store: Store,
  name: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly revision: number; readonly first: Entry | null }> {
  const options = given({ signal })
  const { revision, entries } = await placesOf(store, name, { order: 'ascending', ...options })
  return { revision, first: entries[0] ?? null }
}
