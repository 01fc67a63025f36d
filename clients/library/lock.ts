/** Locks and elections. Whoever holds one has a fencing token, which is larger for each later holder. */
import { given } from '../../src/base/given.ts'
import type { Bytes, Entry } from './entry.ts'
import { firstPlace, lostPlace, type QueuePlace, takeFirstPlace } from './queue-place.ts'
import type { Store } from './store.ts'
import { LeaseNotFoundError } from './store-errors.ts'
import { compare, step } from './transaction.ts'

export interface LockOptions {
  /** The seconds after which a holder that is gone loses its place: at least 2. */
  readonly ttl?: number
  /** Ends the wait. */
  readonly signal?: AbortSignal
}

const TTL = 10

/**
 * A lock that is held. Alone it protects nothing, because its holder may be paused past the end of its lease: give the
 * token to whatever it protects, and let that refuse a token smaller than the largest that it has seen.
 */
export class Lock {
  readonly name: string
  readonly key: Uint8Array
  /** The fencing token. */
  readonly token: number
  /** Aborted when the lock is lost, or may be: nobody confirmed its lease for its whole life. */
  readonly lost: AbortSignal
  protected readonly place: QueuePlace

  constructor(name: string, place: QueuePlace) {
    this.name = name
    this.key = place.key
    this.token = place.token
    this.lost = place.lost
    this.place = place
  }

  /** Gives the lock back. Nothing happens where it is lost. */
  async release(): Promise<void> {
    await this.place.lease.revoke().catch((error) => {
      if (!(error instanceof LeaseNotFoundError)) throw error
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }
}

/** A leader's side of an election. */
export class Leadership extends Lock {
  readonly #store: Store

  constructor(store: Store, name: string, place: QueuePlace) {
    super(name, place)
    this.#store = store
  }

  /** Changes the value that others read of the leader. Rejects with a `LockLostError` if it leads no longer. */
  async proclaim(value: Bytes, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const { lease } = this.place
    const transaction = {
      compare: [compare.createRevision(this.key, '=', this.token)],
      success: [step.put(this.key, value, { lease })],
    }
    const done = await this.#store.transaction(transaction, given({ signal }))
    if (!done.succeeded) throw lostPlace(this.key)
  }
}

/** Whoever leads. */
export class Leader {
  readonly key: Uint8Array
  /** The fencing token. */
  readonly token: number
  readonly value: Uint8Array
  readonly #entry: Entry

  constructor(entry: Entry) {
    this.key = entry.key
    this.token = entry.createRevision
    this.value = entry.value
    this.#entry = entry
  }

  /** The value as text. Throws a `TypeError` if it is not UTF-8. */
  get text(): string {
    return this.#entry.text
  }
}

/** Waits for a lock. */
export async function lockOf(store: Store, name: string, { ttl = TTL, signal }: LockOptions): Promise<Lock> {
  return new Lock(name, await takeFirstPlace(store, name, { value: '', ttl, signal }))
}

/** Stands for election, and waits until it is won. */
export async function campaignOf(
  store: Store,
  name: string,
  { value, ttl = TTL, signal }: LockOptions & { readonly value: Bytes },
): Promise<Leadership> {
  return new Leadership(store, name, await takeFirstPlace(store, name, { value, ttl, signal }))
}

/** Reads the leader; null while nobody leads. */
export async function leaderOf(store: Store, name: string, signal?: AbortSignal): Promise<Leader | null> {
  const { first } = await firstPlace(store, name, signal)
  return first === null ? null : new Leader(first)
}

/** Yields the leader, now and whenever it is another one or its value is; null while nobody leads. */
export async function* leadersOf(
  store: Store,
  name: string,
  signal?: AbortSignal,
): AsyncGenerator<Leader | null, void, undefined> {
  for (let last: number | undefined; ; ) {
    const { revision, first } = await firstPlace(store, name, signal)
    const shown = first?.modRevision ?? 0
    if (shown !== last) yield first === null ? null : new Leader(first)
    last = shown
    const options = { after: revision, ...given({ signal }) }
    await using watch = store.watch({ prefix: `${name}/` }, options)
    await watch.next()
  }
}
