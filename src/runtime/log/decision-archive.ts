import { equalBytes } from '../../base/bytes.ts'
import type { Milliseconds, Sequence } from '../../base/ids.ts'
import { createBatch } from '../../messages/batch.ts'
import type { DecisionContent } from '../../messages/content.ts'
import type { DecodeTools } from '../../messages/decode.ts'
import type { Batch, Vote } from '../../messages/message.ts'
import { isRejection } from '../../messages/rejection.ts'
import type { RecoveredRecord } from '../../pbft/recovery/restart.ts'
import type { Log, LogPosition } from '../../ports.ts'
import type { Authenticator } from '../authentication/authentication.ts'
import { decodeLogRecord } from './log-records.ts'

/** The limits on executed decisions in memory, in number and in bytes. Older ones are read from the log. */
const RECENT_DECISIONS_MAX = 64
const RECENT_BYTES_MAX = 16 * 1024 * 1024
/**
 * The maximum number of batches accepted for one sequence number, each in another view, any of which may be decided.
 */
const BATCHES_PER_SEQUENCE_MAX = 16

interface BatchPosition {
  readonly digest: Uint8Array
  readonly position: LogPosition
}

/**
 * The archive of executed decisions, which are sent to replicas that lag. It holds the log positions of the records
 * with the batches and with the certificate. It also knows how much of the log may be trimmed.
 */
export class DecisionArchive {
  readonly #log: Log
  readonly #decode: (record: Uint8Array) => RecoveredRecord | null
  readonly #nullBatch: Batch
  readonly #batchPositions = new Map<Sequence, readonly BatchPosition[]>()
  readonly #certificatePositions = new Map<Sequence, LogPosition>()
  /** The position of the first record that concerns a sequence number. */
  readonly #firstPositions = new Map<Sequence, LogPosition>()
  #viewPosition: LogPosition | null = null
  readonly #recent = new Map<Sequence, DecisionContent>()
  #recentBytes = 0

  constructor(log: Log, tools: DecodeTools, authenticator: Authenticator) {
    this.#log = log
    this.#nullBatch = createBatch(tools.hash, 0 as Milliseconds, [])
    this.#decode = (record) => {
      const recovered = decodeLogRecord(record, tools, authenticator)
      return isRejection(recovered) ? null : recovered
    }
  }

  /** Notes the position of the record with the current view, which needs no record before this one. */
  noteView(position: LogPosition): void {
    this.#viewPosition = position
  }

  /** Notes the position of a record that concerns this sequence number. */
  note(sequence: Sequence, position: LogPosition): void {
    if (!this.#firstPositions.has(sequence)) this.#firstPositions.set(sequence, position)
  }

  /** Notes the position of a record with this batch. */
  noteBatch(sequence: Sequence, digest: Uint8Array, position: LogPosition): void {
    this.note(sequence, position)
    const known = this.#batchPositions.get(sequence) ?? []
    this.#batchPositions.set(sequence, [...known.slice(1 - BATCHES_PER_SEQUENCE_MAX), { digest, position }])
  }

  /** Notes the position of the record with this sequence number's certificate. */
  noteDecision(sequence: Sequence, position: LogPosition): void {
    this.note(sequence, position)
    this.#certificatePositions.set(sequence, position)
  }

  /** Forgets everything up to this sequence number. Returns the first position that is still needed, or null. */
  trim(upTo: Sequence): LogPosition | null {
    for (const positions of [this.#firstPositions, this.#batchPositions, this.#certificatePositions]) {
      for (const sequence of positions.keys()) if (sequence <= upTo) positions.delete(sequence)
    }
    let first = this.#viewPosition
    for (const position of this.#firstPositions.values()) {
      if (first === null || position < first) first = position
    }
    return first
  }

  remember(sequence: Sequence, batch: Batch, commits: readonly Vote[]): void {
    const [first] = commits
    if (first === undefined) return
    this.#recent.set(sequence, { kind: 'decision', view: first.view, sequence, batch, commits })
    this.#recentBytes += batch.bytes.length
    for (const [oldest, { batch: old }] of this.#recent) {
      if (this.#recent.size <= RECENT_DECISIONS_MAX && this.#recentBytes <= RECENT_BYTES_MAX) break
      this.#recent.delete(oldest)
      this.#recentBytes -= old.bytes.length
    }
  }

  /** Passes the decision of an executed sequence number to `found`; null if the log no longer holds it. */
  find(sequence: Sequence, found: (decision: DecisionContent | null) => void): void {
    const recent = this.#recent.get(sequence)
    if (recent !== undefined) return found(recent)
    const position = this.#certificatePositions.get(sequence)
    if (position === undefined) return found(null)
    this.#log.read(position, (record) => {
      const decided = record === null ? null : this.#decode(record)
      const [first] = decided?.kind === 'decided' ? decided.commits : []
      if (decided?.kind !== 'decided' || first === undefined) return found(null)
      const { commits } = decided
      this.#findBatch(sequence, first.digest, decided.batch, (batch) =>
        found(batch === null ? null : { kind: 'decision', view: first.view, sequence, batch, commits }),
      )
    })
  }

  /** Passes the batch with this digest to `found`, from the log; null if the log does not hold it. */
  findBatch(sequence: Sequence, digest: Uint8Array, found: (batch: Batch | null) => void): void {
    this.#findBatch(sequence, digest, null, found)
  }

  /**
   * Reads the batch of a decision: it is in the record of its certificate or in an earlier one. The null batch is in no
   * record.
   */
  #findBatch(
    sequence: Sequence,
    digest: Uint8Array,
    beside: Batch | null,
    found: (batch: Batch | null) => void,
  ): void {
    if (beside !== null) return found(beside)
    if (equalBytes(digest, this.#nullBatch.digest)) return found(this.#nullBatch)
    const positions = this.#batchPositions.get(sequence) ?? []
    const known = positions.find((each) => equalBytes(each.digest, digest))
    if (known === undefined) return found(null)
    this.#log.read(known.position, (record) => {
      const logged = record === null ? null : this.#decode(record)
      if (logged?.kind === 'accepted') found(logged.prePrepare.batch)
      else found(logged?.kind === 'batch' ? logged.batch : null)
    })
  }
}
