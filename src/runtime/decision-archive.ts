import type { Sequence } from '../base/ids.ts'
import type { DecisionContent } from '../messages/content.ts'
import type { DecodeTools } from '../messages/decode.ts'
import type { Batch, Vote } from '../messages/message.ts'
import { isRejection } from '../messages/rejection.ts'
import type { RecoveredRecord } from '../pbft/recovery.ts'
import type { Log, LogPosition } from '../ports.ts'
import type { Authenticator } from './authentication.ts'
import { decodeLogRecord } from './log-records.ts'

/** Executed decisions kept in memory, in number and in bytes; older ones are read back from the log. */
const RECENT_DECISIONS_MAX = 64
const RECENT_BYTES_MAX = 16 * 1024 * 1024

/**
 * Finds executed decisions again, so that replicas which lag can be served. It keeps two log positions for each
 * sequence number: of the record with the batch, and of the record with the certificate.
 */
export class DecisionArchive {
  readonly #log: Log
  readonly #decode: (record: Uint8Array) => RecoveredRecord | null
  readonly #batchPositions = new Map<Sequence, LogPosition>()
  readonly #certificatePositions = new Map<Sequence, LogPosition>()
  readonly #recent = new Map<Sequence, DecisionContent>()
  #recentBytes = 0

  constructor(log: Log, tools: DecodeTools, authenticator: Authenticator) {
    this.#log = log
    this.#decode = (record) => {
      const recovered = decodeLogRecord(record, tools, authenticator)
      return isRejection(recovered) ? null : recovered
    }
  }

  /** A record with the accepted batch of this sequence number stands here; a later one replaces it. */
  noteBatch(sequence: Sequence, position: LogPosition): void {
    this.#batchPositions.set(sequence, position)
  }

  /** The record with this sequence number's certificate stands here, with its batch or without. */
  noteDecision(sequence: Sequence, position: LogPosition, holdsBatch: boolean): void {
    this.#certificatePositions.set(sequence, position)
    if (holdsBatch) this.#batchPositions.set(sequence, position)
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

  /** Gives the decision of an executed sequence number, or null where the log no longer holds it. */
  find(sequence: Sequence, found: (decision: DecisionContent | null) => void): void {
    const recent = this.#recent.get(sequence)
    if (recent !== undefined) return found(recent)
    const batchPosition = this.#batchPositions.get(sequence)
    const certificatePosition = this.#certificatePositions.get(sequence)
    if (batchPosition === undefined || certificatePosition === undefined) return found(null)
    const records: { certificate?: Uint8Array | null; batch?: Uint8Array | null } = {}
    const finish = (): void => {
      const { certificate, batch } = records
      if (certificate !== undefined && batch !== undefined)
        found(this.#assemble(sequence, certificate, batch))
    }
    this.#log.read(certificatePosition, (record) => {
      records.certificate = record
      finish()
    })
    this.#log.read(batchPosition, (record) => {
      records.batch = record
      finish()
    })
  }

  #assemble(
    sequence: Sequence,
    certificateRecord: Uint8Array | null,
    batchRecord: Uint8Array | null,
  ): DecisionContent | null {
    if (certificateRecord === null || batchRecord === null) return null
    const decided = this.#decode(certificateRecord)
    if (decided?.kind !== 'decided') return null
    const held = this.#decode(batchRecord)
    const batch = held?.kind === 'accepted' ? held.prePrepare.batch : decided.batch
    const [first] = decided.commits
    if (batch === null || first === undefined) return null
    return { kind: 'decision', view: first.view, sequence, batch, commits: decided.commits }
  }
}
