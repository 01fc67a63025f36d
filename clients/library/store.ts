/** The store as programs use it: `connect` gives it, over either transport. */
import { randomBytes } from 'node:crypto'
import { given } from '../../src/base/given.ts'
import { EVERY_KEY, oneKey } from '../../src/store/key-range.ts'
import { leaseIdText, NO_LEASE } from '../../src/store/lease-id.ts'
import type { Operation } from '../../src/store/operations-writer.ts'
import type { Result } from '../../src/store/results.ts'
import type { ClusterStatus } from '../api/status.ts'
import { Access } from './access.ts'
import type { Bytes, Entry } from './entry.ts'
import { idempotencyKeyOf, keyOf, keysOf, leaseOf, type Range, rangeOf, valueBytes } from './key-selection.ts'
import { executed, Lease, type LeaseName, type LeaseOptions } from './lease.ts'
import { type ListOptions, listOf, pageOf } from './listing.ts'
import {
  campaignOf,
  type Leader,
  type Leadership,
  type Lock,
  type LockOptions,
  leaderOf,
  leadersOf,
  lockOf,
} from './lock.ts'
import { errorOfResult } from './result-errors.ts'
import { executeSafely, isWrite } from './safe-retries.ts'
import { BadRequestError, ClosedError } from './store-errors.ts'
import type { StoreTransport } from './store-transport.ts'
import { StoreWatch, type WatchOptions } from './store-watch.ts'
import {
  compare,
  type Deleted,
  deletedOf,
  doneOf,
  type Listed,
  listedOf,
  operationOf,
  type Step,
  step,
  type Transaction,
  type TransactionDone,
  type Written,
  writtenOf,
} from './transaction.ts'

export interface CallOptions {
  /** Ends the wait. A write that was sent by then rejects with an `UnknownOutcomeError`. */
  readonly signal?: AbortSignal
}

export interface ReadOptions extends CallOptions {
  /** Reads the store as it was at this revision. */
  readonly revision?: number
}

export interface MarkedOptions extends CallOptions {
  /**
   * A text chosen for this write, which is executed once under it, however often it is sent by this client or through this
   * gateway. With it a write without an answer is sent again.
   */
  readonly idempotencyKey?: string
}

export interface WriteOptions extends MarkedOptions {
  /** Writes only if the key is at this modification revision; 0: only if it does not exist. */
  readonly ifRevision?: number
  /** Reads the entry before the write. */
  readonly previous?: boolean
}

export type DeleteRangeOptions = Omit<WriteOptions, 'ifRevision'>

export interface PutOptions extends WriteOptions {
  /** The lease that the key ends with. */
  readonly lease?: LeaseName
}

export interface Put extends Written {
  /** The entry before the put, if it was asked for and there was one. */
  readonly previous: Entry | null
}

export interface KeyDeleted {
  readonly revision: number
  /** True if the key existed. */
  readonly deleted: boolean
  /** The deleted entry, if it was asked for. */
  readonly previous: Entry | null
}

/** The number of tries of an operation that may be repeated, and which may. */
export interface StoreSettings {
  readonly tries: number
  /** True to give every write an idempotency key of its own. */
  readonly retryWrites: boolean
}

export class Store {
  readonly #transport: StoreTransport
  readonly #settings: StoreSettings
  #isClosed = false

  constructor(transport: StoreTransport, settings: StoreSettings) {
    this.#transport = transport
    this.#settings = settings
  }

  /** Reads a key; null if it does not exist. */
  async get(key: Bytes, { revision, signal }: ReadOptions = {}): Promise<Entry | null> {
    const result = await this.#run(
      { kind: 'range', ...oneKey(keyOf(key)), ...given({ revision: revisionOf(revision) }) },
      signal,
    )
    return listedOf(result).entries[0] ?? null
  }

  /** Sets a key. Rejects with a `RevisionMovedError` if it is not at `ifRevision`. */
  async put(key: Bytes, value: Bytes, options: PutOptions = {}): Promise<Put> {
    const { ifRevision, previous = false, signal, idempotencyKey } = options
    const lease = options.lease === undefined ? undefined : leaseOf(options.lease)
    const operation = { kind: 'put', key: keyOf(key), value: valueBytes(value), ...given({ lease }) } as const
    if (!previous) {
      const condition = given({ ifRevision: revisionOf(ifRevision) })
      return {
        ...writtenOf(await this.#run({ ...operation, ...condition }, signal, idempotencyKey)),
        previous: null,
      }
    }
    const put: Step<Written> = { operation, read: writtenOf }
    const [before, written] = await this.#atRevision(key, [step.get(key), put], options)
    return { ...written, previous: before }
  }

  /** Deletes a key. Rejects with a `RevisionMovedError` if it is not at `ifRevision`. */
  async delete(key: Bytes, options: WriteOptions = {}): Promise<KeyDeleted> {
    const { ifRevision, previous = false, signal, idempotencyKey } = options
    if (previous) {
      const [done] = await this.#atRevision(key, [step.delete(key, { previous })], options)
      return { revision: done.revision, deleted: done.deleted > 0, previous: done.previous[0] ?? null }
    }
    const condition = given({ ifRevision: revisionOf(ifRevision) })
    const result = await this.#run({ kind: 'delete', key: keyOf(key), ...condition }, signal, idempotencyKey)
    if (result.status !== 'ok' || result.kind !== 'delete') throw errorOfResult(result)
    return { revision: result.revision, deleted: result.deleted, previous: null }
  }

  /** Deletes every key of a range, all at one revision. */
  async deleteRange(range: Range, options: DeleteRangeOptions = {}): Promise<Deleted> {
    const { previous = false, signal, idempotencyKey } = options
    const operation = { kind: 'delete-range', ...rangeOf(range), previous } as const
    return deletedOf(await this.#run(operation, signal, idempotencyKey))
  }

  /** Yields the entries of a range, in the order of their keys, page by page and all at one revision. */
  list(range: Range, options: ListOptions = {}): AsyncGenerator<Entry, void, undefined> {
    return listOf((operation) => this.#run(operation, options.signal), rangeOf(range), options)
  }

  /** Reads entries of a range at once, with the number of all its keys and the store's revision: at most 1,000. */
  async page(range: Range, { signal, ...options }: ListOptions = {}): Promise<Listed> {
    return listedOf(await this.#run(pageOf(rangeOf(range), options), signal))
  }

  /** Counts the keys of a range. */
  async count(range: Range, { revision, signal }: ReadOptions = {}): Promise<number> {
    const operation = { kind: 'range', ...rangeOf(range), countOnly: true } as const
    const result = await this.#run({ ...operation, ...given({ revision: revisionOf(revision) }) }, signal)
    return listedOf(result).count
  }

  /** Does all steps of one part of a transaction, at one revision, with nothing in between. */
  async transaction<
    Success extends readonly Step<unknown>[] = [],
    Failure extends readonly Step<unknown>[] = [],
  >(
    transaction: Transaction<Success, Failure>,
    { signal, idempotencyKey }: MarkedOptions = {},
  ): Promise<TransactionDone<Success, Failure>> {
    return doneOf(transaction, await this.#run(operationOf(transaction), signal, idempotencyKey))
  }

  /** Watches the changes of a key or a range. */
  watch(keys: Bytes | Range, options: WatchOptions = {}): StoreWatch {
    this.#expectOpen()
    return new StoreWatch(this.#transport, keysOf(keys), {
      options,
      present: () => this.revision(given({ signal: options.signal })),
    })
  }

  /** Reads the store's revision. */
  async revision({ signal }: CallOptions = {}): Promise<number> {
    const operation = { kind: 'range', ...oneKey(EVERY_KEY.key), countOnly: true } as const
    return listedOf(await this.#run(operation, signal)).revision
  }

  /** Grants a lease of so many seconds: at least 2. */
  async grantLease(ttl: number, { id, keepAlive = false, signal }: LeaseOptions = {}): Promise<Lease> {
    if (!Number.isSafeInteger(ttl) || ttl < 0) {
      throw new BadRequestError(`the life of a lease is a whole number of seconds, and not ${ttl}`)
    }
    const asked = id === undefined ? NO_LEASE : leaseOf(id)
    const lease = this.lease(await executed(this.#execute, { kind: 'lease-grant', id: asked, ttl }, signal))
    if (keepAlive) lease.keep()
    return lease
  }

  /** Lists the ids of all leases. */
  async leases({ signal }: CallOptions = {}): Promise<readonly string[]> {
    return (await executed(this.#execute, { kind: 'leases' }, signal)).leases.map(leaseIdText)
  }

  /** Returns a lease that was granted elsewhere, by its id and its life in seconds. */
  lease({ id, ttl }: { readonly id: bigint | string; readonly ttl: number }): Lease {
    return new Lease(this.#execute, { id: typeof id === 'bigint' ? id : leaseOf(id), ttl })
  }

  /** Waits for a lock. Its fencing token protects what is locked; see `Lock`. */
  lock(name: string, options: LockOptions = {}): Promise<Lock> {
    return lockOf(this, name, options)
  }

  /** Stands for election, and waits until it is won. Others read the value. */
  campaign(name: string, value: Bytes, options: LockOptions = {}): Promise<Leadership> {
    return campaignOf(this, name, { ...options, value })
  }

  /** Reads the leader of an election; null while nobody leads. */
  leader(name: string, { signal }: CallOptions = {}): Promise<Leader | null> {
    return leaderOf(this, name, signal)
  }

  /** Yields the leader of an election, now and whenever it changes; null while nobody leads. */
  leaders(name: string, { signal }: CallOptions = {}): AsyncGenerator<Leader | null, void, undefined> {
    return leadersOf(this, name, signal)
  }

  /** Gives up the history below a revision: older reads reject with a `CompactedError` from then on. */
  async compact(revision: number, { signal }: CallOptions = {}): Promise<void> {
    const result = await this.#run({ kind: 'compact', revision: revisionOf(revision) ?? 0 }, signal)
    if (result.status !== 'ok') throw errorOfResult(result)
  }

  /** Reads what the replicas say of themselves and of each other. */
  status({ signal }: CallOptions = {}): Promise<ClusterStatus> {
    this.#expectOpen()
    return this.#transport.status(signal ?? null)
  }

  /** Ends the connection, and every watch with it. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#transport.close()
  }

  /** Principals and their rights, for an administrator's key; not through a gateway. */
  get access(): Access {
    return new Access(this.#execute)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Does steps if a key is at a revision, or in any case if none is given. */
  async #atRevision<Steps extends readonly Step<unknown>[]>(
    key: Bytes,
    steps: readonly [...Steps],
    { ifRevision, signal, idempotencyKey }: WriteOptions,
  ): Promise<(TransactionDone<Steps, []> & { readonly succeeded: true })['results']> {
    const at = revisionOf(ifRevision)
    const condition = at === undefined ? [] : [compare.modRevision(key, '=', at)]
    const transaction = { compare: condition, success: steps, failure: [step.get(key)] } as const
    const done = await this.transaction<Steps, [Step<Entry | null>]>(
      transaction,
      given({ signal, idempotencyKey }),
    )
    if (done.succeeded) return done.results
    const modRevision = done.results[0]?.modRevision ?? 0
    throw errorOfResult({ status: 'revision-moved', revision: done.revision, modRevision })
  }

  readonly #execute = (operation: Operation, signal: AbortSignal | null): Promise<Result> =>
    this.#run(operation, signal ?? undefined)

  async #run(
    operation: Operation,
    signal: AbortSignal | undefined,
    key: string | undefined = undefined,
  ): Promise<Result> {
    this.#expectOpen()
    const { tries, retryWrites } = this.#settings
    const isMarked = retryWrites && isWrite(operation)
    const idempotencyKey =
      key !== undefined ? idempotencyKeyOf(key) : isMarked ? newIdempotencyKey() : undefined
    const marked = { ...operation, ...given({ idempotencyKey }) }
    return await executeSafely(this.#transport, marked, { tries, signal: signal ?? null })
  }

  #expectOpen(): void {
    if (this.#isClosed) throw new ClosedError('the connection was closed')
  }
}

/** Returns a revision as it was given. Throws a `BadRequestError` for what is none. */
function revisionOf(given: number | undefined): number | undefined {
  if (given === undefined || (Number.isSafeInteger(given) && given >= 0)) return given
  throw new BadRequestError(`a revision is a whole number from 0 on, and not ${given}`)
}

/** Returns a key that no other write has. */
const newIdempotencyKey = (): Uint8Array => Uint8Array.from(Buffer.from(randomBytes(16).toString('hex')))
