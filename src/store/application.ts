/**
 * The replicated application: executes decided batches (PBFT-1.6) and remembers what it executed (PBFT-1.8). Pure and
 * deterministic: two of them that were given the same batches hold the same state and gave the same results.
 */
import { assert } from '../base/assert.ts'
import type { Hash } from '../base/hash.ts'
import type { ClientId, Milliseconds, Sequence, Timestamp } from '../base/ids.ts'
import type { Standing } from '../base/standing.ts'
import { writeByteText } from './byte-text.ts'
import { executeOperations } from './execution.ts'
import { KeyValueStore } from './key-value-store.ts'
import { ResultsWriter } from './results-writer.ts'
import { type RetentionLimits, Sessions } from './sessions.ts'
import { StateDigest } from './state-digest.ts'

/**
 * Bytes of the results of one batch: small reads of large values would otherwise make gigabytes of one batch on every
 * replica at once. What does not fit answers `result-budget`, and its client asks again.
 */
export const BATCH_RESULTS_BYTES_MAX = 16 * 1024 * 1024

/** What execution reads of a request. */
export interface ExecutableRequest {
  readonly client: ClientId
  readonly publicKey: Uint8Array
  readonly timestamp: Timestamp
  /** The request digest, 32 bytes. */
  readonly digest: Uint8Array
  readonly operations: Uint8Array
}

/** What execution reads of a batch. Time 0 without requests is the null batch. */
export interface ExecutableBatch {
  readonly time: Milliseconds
  readonly requests: readonly ExecutableRequest[]
}

/** What executing one request gave. */
export interface RequestOutcome {
  readonly client: ClientId
  readonly publicKey: Uint8Array
  readonly timestamp: Timestamp
  readonly requestDigest: Uint8Array
  /** Of a `new` request, its results; of an `executed` one, the kept ones; null when there is nothing to answer. */
  readonly results: Uint8Array | null
  /** What the sessions said of the request before it was executed. */
  readonly standing: Standing
}

export interface StoreOptions {
  readonly hash: Hash
  /** The clients that may be served. */
  readonly clients: Iterable<ClientId>
  /** Bytes of all keys and values; beyond it puts answer `no-space`. */
  readonly storeBytesMax: number
  /** Smaller bounds on kept results than the named ones. Equal on all replicas, or they part. */
  readonly retention?: RetentionLimits
}

export interface Store {
  /** Executes the batch of the next sequence number: each (client, timestamp) once, whatever the batch repeats. */
  execute(sequence: Sequence, batch: ExecutableBatch): readonly RequestOutcome[]
  standing(client: ClientId, timestamp: Timestamp, requestDigest: Uint8Array): Standing
  /** The kept results of an executed request, or null when they are no longer kept. Not to be changed. */
  results(client: ClientId, timestamp: Timestamp): Uint8Array | null
  readonly revision: number
  /** Executed time: the highest time of an executed batch. */
  readonly executedTime: Milliseconds
  /** The sequence number executed last; 0 before the first. */
  readonly lastSequence: Sequence
  /** Bytes of kept results. */
  readonly retainedBytes: number
  /** SHA-256 over the whole replicated state; reads all of it. */
  fingerprint(): Uint8Array
}

export function createStore({ hash, clients, storeBytesMax, retention }: StoreOptions): Store {
  const store = new KeyValueStore({ storeBytesMax })
  const sessions = new Sessions(clients, retention)
  const writer = new ResultsWriter()
  let executedTime = 0 as Milliseconds
  let lastSequence = 0 as Sequence

  let budgetBytes = BATCH_RESULTS_BYTES_MAX

  const executeRequest = (request: ExecutableRequest): RequestOutcome => {
    const { client, publicKey, timestamp, digest, operations } = request
    const standing = sessions.standing(client, timestamp, digest)
    let results: Uint8Array | null = null
    if (standing === 'executed') results = sessions.results(client, timestamp)
    if (standing === 'new') {
      results = executeOperations(store, writer, operations, budgetBytes)
      budgetBytes = Math.max(0, budgetBytes - results.length)
      sessions.record(client, timestamp, digest, results)
    }
    return { client, publicKey, timestamp, requestDigest: digest, results, standing }
  }

  return {
    execute(sequence, batch) {
      assert(sequence === lastSequence + 1, `executed ${sequence} after ${lastSequence}`)
      lastSequence = sequence
      budgetBytes = BATCH_RESULTS_BYTES_MAX
      if (batch.time > executedTime) executedTime = batch.time
      return batch.requests.map(executeRequest)
    },
    standing: (client, timestamp, requestDigest) => sessions.standing(client, timestamp, requestDigest),
    results: (client, timestamp) => sessions.results(client, timestamp),
    get revision() {
      return store.revision
    },
    get executedTime() {
      return executedTime
    },
    get lastSequence() {
      return lastSequence
    },
    get retainedBytes() {
      return sessions.retainedBytes
    },
    fingerprint() {
      const digest = new StateDigest(hash, 'strategos state')
      digest.integer(lastSequence)
      digest.integer(executedTime)
      sessions.addTo(digest)
      addKeys(digest, store)
      return digest.finish()
    },
  }
}

function addKeys(digest: StateDigest, store: KeyValueStore): void {
  digest.integer(store.revision)
  digest.integer(store.size)
  for (const key of store.range('', '')) {
    const slot = store.find(key)
    const keyBytes = new Uint8Array(key.length)
    writeByteText(keyBytes, 0, key)
    const value = new Uint8Array(store.valueLength(slot))
    store.copyValue(slot, value, 0)
    digest.bytes(keyBytes)
    digest.integer(store.createRevision(slot))
    digest.integer(store.modRevision(slot))
    digest.integer(store.version(slot))
    digest.bytes(value)
  }
}
