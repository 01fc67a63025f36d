/**
 * The knowledge of a replica: the messages received since its start, its log, its executed batches, and all messages
 * that it ever sent.
 */
import { equalBytes } from '../../base/bytes.ts'
import { type Milliseconds, type Sequence, toSequence } from '../../base/ids.ts'
import { faultsMax, quorum, weakQuorum } from '../../base/quorum.ts'
import { logWindowOf } from '../../messages/limits.ts'
import type { CheckpointCertificate } from '../../messages/message.ts'
import { isClaimed } from '../../messages/oral/inferred-messages.ts'
import type { LogRecord } from '../../pbft/effects.ts'
import { REQUEST_TIMEOUT_TICKS } from '../../pbft/parameters.ts'
import type { ReplicaConfig } from '../../pbft/state.ts'
import { placeKey } from '../checkers/votes-seen.ts'
import { Heard, nameOf, type Place } from './heard.ts'
import { isWithin, Log } from './log.ts'

export class Memory {
  readonly config: Pick<
    ReplicaConfig,
    'id' | 'n' | 'checkpointInterval' | 'mode' | 'hasUnorderedReads' | 'hasUnsyncedVotes'
  >
  readonly nullDigest: Uint8Array
  readonly q: number
  readonly w: number
  readonly f: number
  heard: Heard
  log = new Log()
  /** The number of records on disk. */
  synced = 0
  /** True from the loss of synced data until its recovery. */
  isAmnesiac = false
  /** The sequence number of the last batch in the state. */
  executed = 0 as Sequence
  /** The highest checkpoint whose state it began to fetch. */
  fetched = 0 as Sequence
  /** The highest checkpoint whose state may have been stored before its start, reported or not. */
  storable = 0 as Sequence
  /** The highest sequence number in the log at its start. */
  shown = 0 as Sequence
  /** The number of records in the log at its start. */
  startedWith = 0
  /** The replica's own clock, its T in ticks, and the executed time at which the next lease expires. */
  now = 0 as Milliseconds
  timeoutTicks = REQUEST_TIMEOUT_TICKS
  nextExpiry: Milliseconds | null = null
  /** True from a crash to the first step of the next start. */
  isStarting = false
  /** The roots of its own states since its start. */
  readonly roots = new Map<Sequence, Uint8Array>()
  /** The highest checkpoint whose state is stored apart from the log. */
  stored = 0 as Sequence
  /** By revision, the first batch since the start after which the state had that revision. */
  readonly reached = new Map<number, Sequence>()
  /** By kind and (v, s), the digests for which it ever voted. */
  readonly voted = new Map<number, Uint8Array>()

  constructor(config: Memory['config'], nullDigest: Uint8Array) {
    this.config = config
    this.nullDigest = nullDigest
    this.q = quorum(config.n)
    this.w = weakQuorum(config.n)
    this.f = faultsMax(config.n)
    this.heard = new Heard(config.n)
  }

  get isOral(): boolean {
    return this.config.mode === 'oral'
  }

  /** H, by every received certificate. */
  get high(): number {
    return Math.max(this.heard.certified, this.log.low) + logWindowOf(this.config.checkpointInterval)
  }

  isSynced(position: number | undefined): boolean {
    return position !== undefined && position < this.synced
  }

  /**
   * True if its log after a crash has a prepared certificate, a decision or a checkpoint at this place or after it.
   */
  isKept(sequence: Sequence): boolean {
    return (
      this.log.records.some(
        ({ record, position }) => this.isSynced(position) && (placeKept(record) ?? -1) >= sequence,
      ) || sequence <= this.stored
    )
  }

  /** True for a batch that its log holds, synced or not. */
  hasBatch(digest: Uint8Array): boolean {
    return equalBytes(digest, this.nullDigest) || this.log.batches.has(nameOf(digest))
  }

  /** True for a batch that survives every crash. */
  holdsBatch(digest: Uint8Array): boolean {
    return equalBytes(digest, this.nullDigest) || this.isSynced(this.log.batches.get(nameOf(digest)))
  }

  /**
   * True if it may propose and send PREPARE here before that is on disk: a limit of this start is on disk.
   * @rule 6.5
   */
  mayVoteUnsynced(place: Pick<Place, 'view' | 'sequence'>): boolean {
    return this.log.limits.some(
      (limit) =>
        isWithin(limit, place) && limit.position >= this.startedWith && this.isSynced(limit.position),
    )
  }

  /**
   * True if it may have voted here before its start, and forgotten it.
   * @rule 6.5
   */
  mayHaveForgotten(place: Pick<Place, 'view' | 'sequence'>): boolean {
    return this.log.limits.some((limit) => isWithin(limit, place) && limit.position < this.startedWith)
  }

  /** True if it ever proposed this or voted for it. */
  hasVoted({ view, sequence, digest }: Place): boolean {
    const kinds = ['pre-prepare', 'prepare'] as const
    return kinds.some((kind) => {
      const voted = this.voted.get(placeKey({ kind, view, sequence, sender: this.config.id }))
      return voted !== undefined && equalBytes(voted, digest)
    })
  }

  isCertified(
    { sequence, root }: Pick<CheckpointCertificate, 'sequence' | 'root'>,
    needed = this.q,
  ): boolean {
    return sequence === 0 || this.heard.checkpointing(sequence, root).size >= needed
  }

  /** Logs a record. */
  remember(record: LogRecord, position: number): void {
    this.log.append(record, position)
    if (record.kind === 'healed') {
      this.isAmnesiac = false
      this.shown = Math.max(this.shown, this.log.low) as Sequence
    }
    if (record.kind === 'forgotten') this.isAmnesiac = true
  }

  /** Notes a power failure: received messages are gone, and so are all records after the first `surviving` ones. */
  forget(surviving: number): void {
    const { records } = this.log
    const isLost = surviving < this.synced
    this.startedWith = surviving
    this.synced = surviving
    this.heard = new Heard(this.config.n)
    this.log = new Log()
    this.roots.clear()
    this.reached.clear()
    this.isStarting = true
    this.storable = Math.max(this.storable, this.executed, this.fetched) as Sequence
    this.executed = 0 as Sequence
    for (const { record, position } of records) {
      if (position >= surviving) break
      this.remember(record, position)
      this.#hearAgain(record)
    }
    if (isLost) this.isAmnesiac = true
    this.shown = Math.max(0, ...this.log.records.map(({ record }) => placeKept(record) ?? 0)) as Sequence
  }

  /** A record preserves the messages of others that it contains. */
  #hearAgain(record: LogRecord): void {
    if (record.kind === 'recovery') this.heard.hear(record.request)
    else if (record.kind === 'accepted') this.heard.hear(record.prePrepare)
    else if (record.kind === 'new-view') this.heard.hear(record.newView)
    else if (record.kind === 'new-view-made') this.heard.hearNewView(record.content.view)
    else if (record.kind === 'stable') this.heard.hearAll(record.stable.checkpoints)
    else if (record.kind === 'decided' && !isClaimed(record.commits)) this.heard.hearAll(record.commits)
    else if (record.kind === 'prepared') {
      this.heard.hear(record.certificate.prePrepare)
      this.heard.hearAll(record.certificate.prepares)
    }
  }

  /** Notes that its log was replayed, on top of this checkpoint's state if it exists and its pages are intact. */
  start(stored: CheckpointCertificate | undefined, isStateLost = false): void {
    this.isStarting = false
    if (stored === undefined) return
    this.heard.hearAll(stored.checkpoints)
    this.stored = stored.sequence
    this.shown = Math.max(this.shown, stored.sequence) as Sequence
    this.log.low = Math.max(this.log.low, stored.sequence) as Sequence
    if (isStateLost) return
    this.executed = Math.max(this.executed, stored.sequence) as Sequence
    this.roots.set(stored.sequence, stored.root)
  }

  /** Notes that the state is now that of this checkpoint. */
  restore({ sequence, root }: Pick<CheckpointCertificate, 'sequence' | 'root'>): void {
    this.executed = toSequence(sequence)
    this.stored = this.executed
    this.roots.set(this.executed, root)
  }
}

/** The sequence number up to which a record proves execution; null for other records. */
function placeKept(record: LogRecord): Sequence | null {
  switch (record.kind) {
    case 'prepared':
      return record.certificate.prePrepare.sequence
    case 'decided':
      return record.commits[0]?.sequence ?? null
    case 'checkpoint':
      return record.sequence
    case 'stable':
      return record.stable.sequence
    default:
      return null
  }
}
