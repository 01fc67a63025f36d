/**
 * The replicated application. It executes decided batches (rule 1.6) and remembers which requests it executed (rule
 * 1.8). It is pure and deterministic: two applications with the same batches have the same state and the same results.
 * @rule 1.6 1.8
 */
import { type Allowance, finish, unlimitedAllowance } from '../base/allowance.ts'
import { assert } from '../base/assert.ts'
import type { Hash } from '../base/hash.ts'
import type { ClientId, Milliseconds, ReplicaId, Sequence, Timestamp } from '../base/ids.ts'
import type { BatchExecution, RequestOutcome } from '../base/request-outcome.ts'
import type { LastUse, RequestName, RequestStanding } from '../base/request-standing.ts'
import { TreeAssembly } from '../tree/assembly.ts'
import { TreeSnapshot } from '../tree/snapshot.ts'
import { Tree } from '../tree/tree.ts'
import { mayReadAll } from './access-judgement.ts'
import { AccessRecords, type Founder } from './access-records.ts'
import { Compaction, type HistoryLimits } from './compaction.ts'
import { readCounters, readLimits, writeCounters } from './counters.ts'
import { executeOperations } from './execution.ts'
import { beginState } from './first-state.ts'
import { IDEMPOTENCY, IdempotencyKeys, type IdempotencyLimits } from './idempotency-keys.ts'
import { FIRST_REVISION, KeyValueStore } from './key-value-store.ts'
import { Leases } from './leases.ts'
import { onlyReads } from './operations.ts'
import { RECOVERY_DISTANCE, Recoveries } from './recoveries.ts'
import { STATUSES, type Status } from './results.ts'
import { ResultsWriter } from './results-writer.ts'
import { type RetentionLimits, Sessions } from './sessions.ts'

/**
 * The maximum bytes of the results of one batch. Without it, small reads of large values would make gigabytes of
 * results on every replica. An operation beyond it answers `result-budget`, and its client asks again.
 */
export const BATCH_RESULTS_BYTES_MAX = 16 * 1024 * 1024

/**
 * The maximum number of entries that range reads may examine, in one batch and in one request: a small answer may
 * require examining every key of the store. An operation beyond it answers `work-budget`.
 */
export const BATCH_READS_MAX = 4_000_000
export const REQUEST_READS_MAX = 1_000_000

/** The cost of a request apart from its operations, in units of the allowance, and the bytes of results per unit. */
const REQUEST_WORK = 16
const RESULTS_BYTES_PER_WORK = 1024

/** The part of a request that execution reads. */
export interface ExecutableRequest extends RequestName {
  readonly publicKey: Uint8Array
  readonly operations: Uint8Array
}

/** The part of a batch that execution reads. Time 0 without requests is the null batch. */
export interface ExecutableBatch {
  readonly time: Milliseconds
  readonly requests: readonly ExecutableRequest[]
}

export interface StoreOptions {
  readonly hash: Hash
  /** The clients that are served. */
  readonly clients: Iterable<ClientId>
  /** The maximum bytes of all keys and values. Puts beyond it answer `no-space`. */
  readonly storeBytesMax: number
  /** Limits on the history other than the usual ones. They must be equal on all replicas, or their states diverge. */
  readonly history?: HistoryLimits
  /**
   * Limits on kept results smaller than the usual ones. They must be equal on all replicas, or their states diverge.
   */
  readonly retention?: RetentionLimits
  /** Limits on idempotency keys other than the usual ones. They must be equal on all replicas, or their states diverge. */
  readonly idempotency?: IdempotencyLimits
  /** The administrators that the cluster file names. Without any, there are no principals and no rights. */
  readonly administrators?: readonly Founder[]
  /** The replicas' public keys as client ids, in the order of the replicas. They may request a recovery. */
  readonly replicas?: readonly ClientId[]
  /**
   * The number of sequence numbers for which a replica's second recovery operation is refused; see `recoveries.ts`.
   * Equal on all replicas.
   */
  readonly recoveryDistance?: number
}

/** The store. Its getters show the state after the last whole batch, even while another one is being executed. */
export interface Store {
  /**
   * Executes the batch of the next sequence number: each (client, timestamp) once, even if the batch repeats it. The
   * state and the outcomes do not depend on where execution pauses. Until it ends, no state is frozen and no other
   * batch begun. A `restore` abandons it; it must not be continued then.
   */
  begin(sequence: Sequence, batch: ExecutableBatch, allowance: Allowance): BatchExecution
  /** Executes a batch without pauses. */
  execute(sequence: Sequence, batch: ExecutableBatch): readonly RequestOutcome[]
  standing(request: RequestName): RequestStanding
  /** Returns the highest timestamps of a client that were used. */
  lastUse(client: ClientId): LastUse
  /** Returns the kept results of an executed request, which must not be changed; null if they are no longer kept. */
  results(client: ClientId, timestamp: Timestamp): Uint8Array | null
  /**
   * Executes reads on the state after the last whole batch. Returns their results; null for a client that is not served,
   * for operations that do not only read, for reads that exceed the allowance, and while a batch is being executed.
   */
  read(client: ClientId, operations: Uint8Array, allowance: Allowance): Uint8Array | null
  /**
   * True if a client may read every key, and so the state itself. False while a batch is being
   * executed, unless nothing is judged.
   */
  mayReadState(client: ClientId): boolean
  readonly revision: number
  /** The executed time: the highest time of an executed batch. */
  readonly executedTime: Milliseconds
  /**
   * The executed time at which the next lease ends; 0 if it is reached already and the next batch ends a lease; null
   * while no lease runs.
   */
  readonly nextExpiry: Milliseconds | null
  /** The sequence number executed last; 0 before the first. */
  readonly lastSequence: Sequence
  /** The bytes of kept results. */
  readonly retainedBytes: number
  /** Returns the frozen state after the last executed batch. */
  snapshot(): TreeSnapshot
  /** Begins to assemble the state with this root. Pages that the live state shares with it are reused. */
  assemble(root: Uint8Array): TreeAssembly
  /** Makes a finished assembly the live state, including its clients and limits. */
  restore(snapshot: TreeSnapshot): void
  /** Returns the root of the state's tree. Hashes all pages without a hash. */
  fingerprint(): Uint8Array
}

export function createStore(options: StoreOptions): Store {
  return new TreeStore(options)
}

class TreeStore implements Store {
  readonly #hash: Hash
  readonly #tree: Tree
  readonly #store: KeyValueStore
  readonly #compaction: Compaction
  readonly #access: AccessRecords
  readonly #leases: Leases
  readonly #sessions: Sessions
  readonly #recoveries: Recoveries
  readonly #idempotencyKeys: IdempotencyKeys
  readonly #writer = new ResultsWriter()
  #executedTime = 0 as Milliseconds
  #lastSequence = 0 as Sequence
  #revision = FIRST_REVISION
  #nextExpiry: Milliseconds | null = null
  #isExecuting = false

  constructor(options: StoreOptions) {
    const { hash, storeBytesMax, idempotency = IDEMPOTENCY, recoveryDistance } = options
    const tree = new Tree(hash)
    this.#hash = hash
    this.#tree = tree
    this.#store = new KeyValueStore(tree, { storeBytesMax })
    this.#compaction = new Compaction(this.#store)
    this.#access = new AccessRecords(tree)
    this.#leases = new Leases(this.#store, (id) => this.#access.forgetLease(id))
    this.#sessions = new Sessions(tree)
    this.#recoveries = new Recoveries(tree, recoveryDistance ?? RECOVERY_DISTANCE)
    this.#idempotencyKeys = new IdempotencyKeys(tree, hash, idempotency)
    beginState(tree, options)
    this.#publish()
    this.#readState()
  }

  get revision(): number {
    return this.#revision
  }

  get executedTime(): Milliseconds {
    return this.#executedTime
  }

  get nextExpiry(): Milliseconds | null {
    return this.#nextExpiry
  }

  get lastSequence(): Sequence {
    return this.#lastSequence
  }

  get retainedBytes(): number {
    return this.#sessions.retainedBytes
  }

  execute(sequence: Sequence, batch: ExecutableBatch): readonly RequestOutcome[] {
    return finish(this.begin(sequence, batch, unlimitedAllowance()))
  }

  *begin(sequence: Sequence, batch: ExecutableBatch, allowance: Allowance): BatchExecution {
    assert(!this.#isExecuting, `executed ${sequence} before the batch in front of it was`)
    assert(sequence === this.#lastSequence + 1, `executed ${sequence} after ${this.#lastSequence}`)
    this.#isExecuting = true
    const run: Run = {
      sequence,
      allowance,
      budgetBytes: BATCH_RESULTS_BYTES_MAX,
      repeatedBytes: BATCH_RESULTS_BYTES_MAX,
      readsLeft: BATCH_READS_MAX,
    }
    const { changes } = this.#store
    const time = Math.max(this.#executedTime, batch.time) as Milliseconds
    yield* this.#leases.advance(time, allowance, batch.time > 0)
    const outcomes: RequestOutcome[] = []
    for (const request of batch.requests) {
      if (allowance.left <= 0) yield
      const outcome = yield* this.#executeRequest(request, run)
      allowance.left -= REQUEST_WORK + Math.floor((outcome.results?.length ?? 0) / RESULTS_BYTES_PER_WORK)
      outcomes.push(outcome)
    }
    yield* this.#compaction.advance({ changes: this.#store.changes - changes, time }, allowance)
    this.#lastSequence = sequence
    this.#executedTime = time
    this.#publish()
    return outcomes
  }

  standing(request: RequestName): RequestStanding {
    const { client, timestamp, digest } = request
    const replica = timestamp === 0 ? this.#recoveries.replicaOf(client) : null
    if (replica === null) return this.#sessions.publishedStanding(request)
    const acceptedAt = this.#recoveries.acceptedAt(replica, digest)
    return acceptedAt !== null && acceptedAt <= this.#lastSequence ? 'executed' : 'new'
  }

  lastUse(client: ClientId): LastUse {
    return this.#sessions.publishedLastUse(client)
  }

  results(client: ClientId, timestamp: Timestamp): Uint8Array | null {
    return this.#sessions.publishedResults(client, timestamp)
  }

  read(client: ClientId, operations: Uint8Array, allowance: Allowance): Uint8Array | null {
    if (this.#isExecuting || !this.#sessions.isServed(client) || !onlyReads(operations)) return null
    const target = {
      store: this.#store,
      compaction: this.#compaction,
      leases: this.#leases,
      access: this.#access,
      client,
      results: this.#writer,
      allowance,
      budget: { left: Math.min(REQUEST_READS_MAX, Math.max(0, allowance.left)) },
      mayCut: true,
      idempotencyKeys: null,
    }
    const step = executeOperations(target, operations, BATCH_RESULTS_BYTES_MAX).next()
    return step.done === true && target.budget.left >= 0 ? step.value : null
  }

  mayReadState(client: ClientId): boolean {
    return !this.#access.isOn || (!this.#isExecuting && mayReadAll(this.#access, client))
  }

  snapshot(): TreeSnapshot {
    assert(!this.#isExecuting, 'a state is frozen between two batches')
    return this.#tree.snapshot()
  }

  assemble(root: Uint8Array): TreeAssembly {
    return new TreeAssembly(this.#hash, this.snapshot(), root)
  }

  restore(snapshot: TreeSnapshot): void {
    assert(snapshot instanceof TreeSnapshot, 'only a snapshot of this kind of store is restored')
    this.#isExecuting = false
    this.#tree.restore(snapshot)
    this.#readState()
  }

  fingerprint(): Uint8Array {
    const snapshot = this.snapshot()
    const root = snapshot.hashAll()
    snapshot.release()
    return root
  }

  *#executeRequest(request: ExecutableRequest, run: Run): Generator<undefined, RequestOutcome, undefined> {
    const { client, publicKey, session, timestamp, digest, operations } = request
    const replica = timestamp === 0 ? this.#recoveries.replicaOf(client) : null
    if (replica !== null) return this.#executeRecovery(request, replica, run)
    const standing = this.#sessions.standing(request)
    let results: Uint8Array | null = null
    if (standing === 'executed' && run.repeatedBytes > 0) {
      results = this.#sessions.results(client, timestamp)
      run.repeatedBytes -= results?.length ?? 0
    }
    if (standing === 'new') {
      const budget = { left: Math.min(REQUEST_READS_MAX, run.readsLeft) }
      run.readsLeft -= budget.left
      const target = {
        store: this.#store,
        compaction: this.#compaction,
        leases: this.#leases,
        access: this.#access,
        client,
        results: this.#writer,
        allowance: run.allowance,
        budget,
        mayCut: true,
        idempotencyKeys: this.#idempotencyKeys.of(client),
      }
      results = yield* executeOperations(target, operations, run.budgetBytes)
      run.readsLeft += Math.max(0, budget.left)
      run.budgetBytes = Math.max(0, run.budgetBytes - results.length)
      this.#sessions.record(request, results)
    }
    return { client, publicKey, session, timestamp, requestDigest: digest, results, standing, recovery: null }
  }

  /** Executes a recovery operation (rule 6.4). A repeated one does nothing and has no answer. */
  #executeRecovery(request: ExecutableRequest, replica: ReplicaId, { sequence }: Run): RequestOutcome {
    const { client, publicKey, session, timestamp, digest } = request
    const standing = this.#recoveries.acceptedAt(replica, digest) === null ? 'new' : 'executed'
    const isAccepted = standing === 'new' && this.#recoveries.accept(replica, digest, sequence)
    const results = standing === 'new' ? resultWithoutFields(isAccepted ? 'ok' : 'denied') : null
    const recovery = { replica, isAccepted }
    return { client, publicKey, session, timestamp, requestDigest: digest, results, standing, recovery }
  }

  /**
   * Writes everything that later execution depends on into the tree, before a snapshot is taken.
   * @rule 2.3
   */
  #publish(): void {
    this.#isExecuting = false
    this.#revision = this.#store.revision
    this.#nextExpiry = this.#leases.nextExpiry
    this.#sessions.publish()
    writeCounters(this.#tree, {
      lastSequence: this.#lastSequence,
      executedTime: this.#executedTime,
      executedCount: this.#sessions.executedCount,
      revision: this.#store.revision,
      bytes: this.#store.bytes,
      historyBytes: this.#store.historyBytes,
      floor: this.#compaction.floor,
      chosenLeases: this.#leases.chosenCount,
    })
  }

  #readState(): void {
    const limits = readLimits(this.#tree)
    const counters = readCounters(this.#tree)
    this.#lastSequence = counters.lastSequence
    this.#revision = counters.revision
    this.#nextExpiry = this.#leases.nextExpiry
    this.#executedTime = counters.executedTime
    this.#store.restore(counters, limits.storeBytesMax)
    this.#leases.restore(counters.executedTime, counters.chosenLeases)
    this.#compaction.restore(counters.floor, limits.history)
    this.#sessions.restore(counters.executedCount, limits.retention)
    this.#recoveries.restore()
    this.#access.restore()
  }
}

/** The state that the requests of one batch share. */
interface Run {
  readonly sequence: Sequence
  readonly allowance: Allowance
  /** The bytes left for results, and for repeated results. */
  budgetBytes: number
  repeatedBytes: number
  /** The number of entries that range reads may still examine. */
  readsLeft: number
}

/** Returns the results of a request that is a single operation. */
const resultWithoutFields = (status: Status): Uint8Array => Uint8Array.of(0, 1, STATUSES[status], 0, 0, 0, 0)
