/** The replica's state, TOCS 2002 section 4.2: one mutable value that only `step` changes. */
import { equalBytes } from '../base/bytes.ts'
import type { Hash } from '../base/hash.ts'
import type { ClientId, Milliseconds, ReplicaId, Sequence, Timestamp, View } from '../base/ids.ts'
import { primaryOf, quorum } from '../base/quorum.ts'
import type { RequestName, RequestStanding } from '../base/request-standing.ts'
import { createBatch } from '../messages/batch.ts'
import { logWindowOf } from '../messages/limits.ts'
import type {
  Batch,
  Checkpoint,
  CheckpointCertificate,
  Complaint,
  PrePrepare,
  PreparedCertificate,
  Request,
  Verified,
} from '../messages/message.ts'
import type { Reminder } from '../messages/oral/message.ts'
import type { AnyNewView, AnyViewChange, Effect, LogRecord, Outgoing } from './effects.ts'
import { createOralState, type OralState } from './oral/oral-state.ts'
import { EarlyMessages } from './ordering/early-messages.ts'
import { HeldBatches } from './ordering/held-batches.ts'
import { HeldEvidence } from './ordering/held-evidence.ts'
import { WaitingRequests } from './ordering/request-queue.ts'
import { createSlot, type Slot } from './ordering/slot.ts'
import { REQUEST_TIMEOUT_TICKS } from './parameters.ts'
import { Blacklist } from './views/blacklist.ts'
import { FailureDetector } from './views/failure-detector.ts'
import { type Figures, PrimaryMonitor } from './views/primary-monitor.ts'

export interface ReplicaConfig {
  readonly id: ReplicaId
  /** n = 3f + 1. */
  readonly n: number
  /** K */
  readonly checkpointInterval: number
  readonly hash: Hash
  /** The mode: signed messages can be shown to others. Signed unless this says otherwise. Section 4. */
  readonly mode?: 'signed' | 'oral'
  /** The replicated sessions (rule 1.8): the only thing the protocol asks of the application's state. */
  readonly standing: (request: RequestName) => RequestStanding
  /** True if synced data was lost: it counts as faulty until it is healed (rule 6.4). */
  readonly isAmnesiac?: boolean
  /** The stored state that it starts from, where there is one; then the log is replayed on top of it. */
  readonly stored?: CheckpointCertificate
  /** True if the stored state was lost, though its certificate is there: it has to be fetched. */
  readonly isStateLost?: boolean
}

/** The last STATUS of a peer, and when it was last helped. */
export interface PeerProgress {
  view: View
  isActive: boolean
  complaint: Complaint | null
  lastExecuted: Sequence
  /** When it was last sent a VIEW-CHANGE, a NEW-VIEW or a stable certificate. */
  resentTick: number
  /** When its last STATUS was answered, and when it was last sent one of its own, in ticks. */
  servedTick: number
  toldTick: number
  /** Its last executed number when it was last served decisions; below any number until it is. */
  servedFrom: number
  /** Its FETCHes answered in the period that began at this tick. */
  fetchTick: number
  fetchesServed: number
}

/** A message that waits until a record is on disk. Section 6. */
export interface WithheldMessage {
  /** The number of records that must be on disk. */
  readonly records: number
  readonly outgoing: Outgoing
  /** The receiver; null for all. */
  readonly to: ReplicaId | null
}

export interface RequestTimer {
  /** The oldest waiting request when the timer started; null when it runs for a recovery's checkpoint. */
  readonly waitsFor: { readonly client: ClientId; readonly timestamp: Timestamp } | null
  readonly startedTick: number
  readonly startedAt: Milliseconds
}

export interface ReplicaState {
  readonly config: ReplicaConfig
  /** v: the view that the replica is in, or moves to. */
  view: View
  /** True if it holds a valid NEW-VIEW of `view`; view 0 needs none. Between views it takes no part in ordering. */
  isActive: boolean
  /** Why it does not vote, when it does not. */
  health: 'sound' | 'amnesiac' | 'diverged'
  /** C: the last stable checkpoint that it knows of, whether or not it has come so far itself. */
  stable: CheckpointCertificate
  /** h */
  readonly lowWatermark: Sequence
  /** The own roots of checkpoints at h and above, and what each replica said of those above h. */
  readonly ownRoots: Map<Sequence, Uint8Array>
  /** The highest checkpoint that it said. */
  lastCheckpointSaid: Sequence
  readonly checkpoints: readonly Map<Sequence, Verified<Checkpoint>>[]
  /** P: the prepared certificate of the highest view for each sequence number above h. */
  readonly preparedCertificates: Map<Sequence, PreparedCertificate>
  /** The state of oral mode only. */
  readonly oral: OralState
  /** Each replica's VIEW-CHANGE for the highest view, the own one included. */
  readonly viewChanges: (AnyViewChange | null)[]
  /** The NEW-VIEW that began the current view. */
  newView: AnyNewView | null
  /** maxSeq of that NEW-VIEW: up to here, sequence numbers are accepted from O only (rule 3.4). */
  lastChosen: Sequence
  /** The view for which each replica, as its primary, signed a NEW-VIEW that does not check out. */
  readonly refutedViews: Map<ReplicaId, View>
  /** The view for which this replica made its VIEW-CHANGE. */
  announcedView: View
  /** The view for which this replica, as primary, made its NEW-VIEW. */
  madeNewView: View
  /** When Q VIEW-CHANGEs for the awaited view or above were first held (rule 3.6). */
  viewChangeTick: number | null
  /** T, now and when this view was left for. */
  timeoutTicks: number
  timeoutTicksAtEntry: number
  /** Of this view: how often the oldest waiting request was served, and batches executed while nothing waited. */
  progress: number
  unawaitedBatches: number
  /** The time that ordering takes, in ticks, smoothed; null before the first. */
  latencyTicks: number | null
  /** When something first waited in vain, on the own clock; null when nothing does. */
  stalledSince: Milliseconds | null
  readonly detector: FailureDetector
  readonly monitor: PrimaryMonitor
  readonly blacklist: Blacklist
  /**
   * This replica's complaint about the primary of the current view (rule 5.4), what it saw there, and when; null when
   * nothing.
   */
  complaint: {
    readonly complaint: Complaint
    readonly figures: Figures | null
    readonly tick: number
  } | null
  readonly early: EarlyMessages
  readonly evidence: HeldEvidence
  /** The own clock at the last tick. */
  now: Milliseconds
  ticks: number
  /** The last batch handed to the application, and the last it said it executed. */
  lastHandedOver: Sequence
  lastExecuted: Sequence
  /** The batch that was being executed at the last tick; null when none was. */
  executingAtTick: Sequence | null
  /** The highest sequence number that this replica proposed or accepted. */
  lastProposed: Sequence
  /** The open sequence numbers: above `lastExecuted`. */
  readonly slots: Map<Sequence, Slot>
  /** The batches of `slots` that are not executed. */
  readonly batches: HeldBatches
  /** The batch that a NEW-VIEW chooses where nothing was prepared; never fetched or logged. */
  readonly nullBatch: Batch
  /** Pre-prepares whose time is too far ahead of the own clock (rule 1.2). One per sequence number. */
  readonly heldBack: Map<Sequence, Verified<PrePrepare>>
  readonly waiting: WaitingRequests
  timer: RequestTimer | null
  /** The state that is being fetched (rule 2.5), and since when nothing was executed below h. */
  transfer: CheckpointCertificate | null
  behind: { readonly lastExecuted: Sequence; readonly tick: number } | null
  /** The check at a start whether the disk is an old copy; null when it is over. It does not vote before. */
  recall: {
    readonly nonce: number
    /**
     * The messages that each replica says it has from this one; in signed mode that was judged already, and is empty.
     */
    readonly answered: Map<ReplicaId, readonly Reminder[]>
    readonly startedTick: number
  } | null
  /** Executed recovery operations whose checkpoint is not stable yet: s_r, and u of rule 6.4. */
  readonly recoveries: Map<ReplicaId, { readonly sequence: Sequence; readonly view: View }>
  /** The own recovery operation: asked for again until it is executed at s_r with a certificate of view u. */
  recovery: {
    readonly request: Verified<Request>
    askedTick: number
    executed: { readonly sequence: Sequence; readonly view: View } | null
  } | null
  readonly peers: readonly PeerProgress[]
  lastStatusTick: number
  /** Records given to `persist`, and messages that wait for them, in order. */
  recordsEmitted: number
  /** The number of those records that are certainly on disk. */
  recordsDurable: number
  readonly withheld: WithheldMessage[]
}

/** The first state, which every replica has without a certificate. */
const FIRST_STATE: CheckpointCertificate = {
  sequence: 0 as Sequence,
  root: new Uint8Array(0),
  checkpoints: [],
}

export function createReplicaState(config: ReplicaConfig): ReplicaState {
  const { n, hash, isAmnesiac = false, stored = FIRST_STATE, isStateLost = false, mode } = config
  // A state that W vouched for was fetched and stored; h is what the log says. @rule 4.8
  const isStable = stored.sequence === 0 || stored.checkpoints.length >= quorum(n)
  const reached = isStateLost ? (0 as Sequence) : stored.sequence
  return {
    config,
    view: 0 as View,
    isActive: true,
    health: isAmnesiac ? 'amnesiac' : 'sound',
    stable: isStable ? stored : FIRST_STATE,
    get lowWatermark() {
      return this.stable.sequence
    },
    ownRoots: new Map(reached === 0 ? [] : [[stored.sequence, stored.root]]),
    // Where nobody can show what is stable, each says what it has again. @rule 4.8
    lastCheckpointSaid: mode === 'oral' ? (0 as Sequence) : reached,
    checkpoints: Array.from({ length: n }, () => new Map()),
    preparedCertificates: new Map(),
    oral: createOralState(n),
    viewChanges: new Array(n).fill(null),
    newView: null,
    lastChosen: 0 as Sequence,
    refutedViews: new Map(),
    announcedView: 0 as View,
    madeNewView: 0 as View,
    viewChangeTick: null,
    timeoutTicks: REQUEST_TIMEOUT_TICKS,
    timeoutTicksAtEntry: REQUEST_TIMEOUT_TICKS,
    progress: 0,
    unawaitedBatches: 0,
    latencyTicks: null,
    stalledSince: null,
    detector: new FailureDetector(n),
    monitor: new PrimaryMonitor(),
    blacklist: new Blacklist(n),
    complaint: null,
    early: new EarlyMessages(n),
    evidence: new HeldEvidence(n, mode !== 'oral'),
    now: 0 as Milliseconds,
    ticks: 0,
    lastHandedOver: reached,
    lastExecuted: reached,
    executingAtTick: null,
    lastProposed: stored.sequence,
    slots: new Map(),
    batches: new HeldBatches(),
    nullBatch: createBatch(hash, 0 as Milliseconds, []),
    heldBack: new Map(),
    waiting: new WaitingRequests(),
    timer: null,
    transfer: null,
    behind: null,
    recall: null,
    recoveries: new Map(),
    recovery: null,
    peers: Array.from({ length: n }, () => ({
      view: 0 as View,
      isActive: true,
      complaint: null,
      lastExecuted: 0 as Sequence,
      resentTick: Number.NEGATIVE_INFINITY,
      servedTick: Number.NEGATIVE_INFINITY,
      toldTick: Number.NEGATIVE_INFINITY,
      servedFrom: Number.NEGATIVE_INFINITY,
      fetchTick: Number.NEGATIVE_INFINITY,
      fetchesServed: 0,
    })),
    lastStatusTick: 0,
    recordsEmitted: 0,
    recordsDurable: 0,
    withheld: [],
  }
}

/** The step's state and the effects that it gathers: what every handler gets. */
export interface Turn {
  readonly state: ReplicaState
  readonly effects: Effect[]
}

export const primary = (state: ReplicaState): ReplicaId => primaryOf(state.view, state.config.n)

export const isPrimary = (state: ReplicaState): boolean => primary(state) === state.config.id

/** True if no message can be shown to a third replica. Section 4. */
export const isOral = ({ config }: ReplicaState): boolean => config.mode === 'oral'

/** L */
export const logWindow = ({ config }: ReplicaState): number => logWindowOf(config.checkpointInterval)

/**
 * H = h + L.
 * @rule 2.2
 */
export const highWatermark = (state: ReplicaState): Sequence =>
  (state.lowWatermark + logWindow(state)) as Sequence

/**
 * True if a vote or pre-prepare for `sequence` may be accepted: h < s <= H.
 * @rule 1.2
 */
export const isInWindow = (state: ReplicaState, sequence: Sequence): boolean =>
  sequence > state.lowWatermark && sequence <= highWatermark(state)

/** True if the batch of `sequence` was handed to the application. */
export const isHandedOver = (state: ReplicaState, sequence: Sequence): boolean =>
  sequence <= state.lastHandedOver

/** True if a decision may be held until it is executed: two windows of them bound the room, wherever h is. */
export const isDecisionInReach = (state: ReplicaState, sequence: Sequence): boolean =>
  !isHandedOver(state, sequence) && sequence <= state.lastHandedOver + 2 * logWindow(state)

/**
 * True if it may send PRE-PREPARE, PREPARE, COMMIT, CHECKPOINT, VIEW-CHANGE and NEW-VIEW.
 * @rule 6.4
 */
export const mayVote = (state: ReplicaState): boolean => state.health === 'sound' && state.recall === null

/** The slot of a sequence number, opened when it is new. */
export function openSlot(state: ReplicaState, sequence: Sequence): Slot {
  let slot = state.slots.get(sequence)
  if (slot === undefined) {
    slot = createSlot(sequence, state.config.n, state.ticks)
    state.slots.set(sequence, slot)
  }
  return slot
}

/** The batch with this digest, if it is here: held for its sequence number, or the null batch. */
export function findBatch(state: ReplicaState, sequence: Sequence, digest: Uint8Array): Batch | null {
  return equalBytes(digest, state.nullBatch.digest) ? state.nullBatch : state.batches.find(sequence, digest)
}

/** True if the batch with this digest is in the log: held, executed, or the null batch. */
export function hasBatch(state: ReplicaState, slot: Slot, digest: Uint8Array): boolean {
  if (slot.executed !== null) return equalBytes(slot.executed, digest)
  return findBatch(state, slot.sequence, digest) !== null
}

export function persist({ state, effects }: Turn, record: LogRecord): void {
  state.recordsEmitted++
  effects.push({ kind: 'persist', record })
}

/**
 * Withholds a message until everything given to `persist` so far is on disk. Section 6.
 * @rule 6
 */
export function withhold({ state }: Turn, outgoing: Outgoing, to: ReplicaId | null = null): void {
  state.withheld.push({ records: state.recordsEmitted, outgoing, to })
}

/**
 * Sends what the log promises already, once all that was appended since the start is on disk too.
 * @rule 6
 */
export function broadcastDurably(turn: Turn, outgoing: Outgoing): void {
  const { state, effects } = turn
  if (state.recordsDurable < state.recordsEmitted) withhold(turn, outgoing)
  else effects.push({ kind: 'broadcast', outgoing })
}

/**
 * The same to one replica.
 * @rule 6
 */
export function sendDurably(turn: Turn, to: ReplicaId, outgoing: Outgoing): void {
  const { state, effects } = turn
  if (state.recordsDurable < state.recordsEmitted) withhold(turn, outgoing, to)
  else effects.push({ kind: 'send', to, outgoing })
}

/** Appends a record, and withholds the message that depends on it until it is on disk. Section 6. */
export function persistThenBroadcast(
  turn: Turn,
  durable: { readonly record: LogRecord; readonly outgoing: Outgoing },
): void {
  persist(turn, durable.record)
  withhold(turn, durable.outgoing)
}
