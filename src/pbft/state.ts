/** The replica's state, TOCS 2002 section 4.2: one mutable value that only `step` changes. */
import type { Hash } from '../base/hash.ts'
import type { Milliseconds, ReplicaId, Sequence, View } from '../base/ids.ts'
import { quorum } from '../base/quorum.ts'
import type { RequestName, RequestStanding } from '../base/request-standing.ts'
import { createBatch } from '../messages/batch.ts'
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
import { createPeerProgress, type PeerProgress } from './catch-up/peer-progress.ts'
import type { WithheldMessage } from './durability.ts'
import type { AnyNewView, AnyViewChange, Effect } from './effects.ts'
import type { Mode } from './mode.ts'
import { ORAL } from './oral/oral-mode.ts'
import { createOralState, type OralState } from './oral/oral-state.ts'
import { EarlyMessages } from './ordering/early-messages.ts'
import { HeldBatches } from './ordering/held-batches.ts'
import { HeldEvidence } from './ordering/held-evidence.ts'
import { WaitingRequests } from './ordering/request-queue.ts'
import type { RequestTimer } from './ordering/request-state.ts'
import type { Slot } from './ordering/slot.ts'
import { REQUEST_TIMEOUT_TICKS } from './parameters.ts'
import { SIGNED } from './signed/signed-mode.ts'
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

export interface ReplicaState {
  readonly config: ReplicaConfig
  readonly mode: Mode
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
  /** The state that oral mode keeps; only that mode knows it. */
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
  const { n, hash, isAmnesiac = false, stored = FIRST_STATE, isStateLost = false } = config
  const isOral = config.mode === 'oral'
  // A state that W vouched for was fetched and stored; h is what the log says. @rule 4.8
  const isStable = stored.sequence === 0 || stored.checkpoints.length >= quorum(n)
  const reached = isStateLost ? (0 as Sequence) : stored.sequence
  return {
    config,
    mode: isOral ? ORAL : SIGNED,
    view: 0 as View,
    isActive: true,
    health: isAmnesiac ? 'amnesiac' : 'sound',
    stable: isStable ? stored : FIRST_STATE,
    get lowWatermark() {
      return this.stable.sequence
    },
    ownRoots: new Map(reached === 0 ? [] : [[stored.sequence, stored.root]]),
    // Where nobody can show what is stable, each says what it has again. @rule 4.8
    lastCheckpointSaid: isOral ? (0 as Sequence) : reached,
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
    evidence: new HeldEvidence(n, !isOral),
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
    peers: Array.from({ length: n }, createPeerProgress),
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
