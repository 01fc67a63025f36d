/** The replica's state, TOCS 2002 section 4.2: one mutable value that only `step` changes. */
import type { Hash } from '../base/hash.ts'
import type { ClientId, Milliseconds, ReplicaId, Sequence, Timestamp, View } from '../base/ids.ts'
import { primaryOf } from '../base/quorum.ts'
import type { Standing } from '../base/standing.ts'
import { LOG_WINDOW } from '../messages/limits.ts'
import type { PrePrepare, Verified } from '../messages/message.ts'
import type { Effect, LogRecord, Outgoing } from './effects.ts'
import { createSlot, type Slot } from './slot.ts'
import { WaitingRequests } from './waiting.ts'

export interface ReplicaConfig {
  readonly id: ReplicaId
  /** n = 3f + 1. */
  readonly n: number
  readonly hash: Hash
  /** The replicated sessions (rule 1.8): the only thing the protocol asks of the application's state. */
  readonly standing: (client: ClientId, timestamp: Timestamp, requestDigest: Uint8Array) => Standing
}

/** What a peer last said of itself, and when it was last helped. */
export interface PeerProgress {
  lastExecuted: Sequence
  /** When its last STATUS was answered, and when it was last sent one of its own, in ticks. */
  servedTick: number
  toldTick: number
  /** Its FETCHes answered in the period that began at this tick. */
  fetchTick: number
  fetchesServed: number
}

/** A message that waits until a record is on disk. Section 6. */
export interface WithheldMessage {
  /** How many records must be on disk. */
  readonly records: number
  readonly sequence: Sequence
  readonly outgoing: Outgoing
}

export interface RequestTimer {
  /** The oldest waiting request when the timer started. */
  readonly client: ClientId
  readonly timestamp: Timestamp
  readonly startedTick: number
  readonly startedAt: Milliseconds
}

export interface ReplicaState {
  readonly config: ReplicaConfig
  /** v */
  view: View
  /** h: the last stable checkpoint. It stays 0 until checkpoints exist; see `highWatermark`. */
  readonly lowWatermark: Sequence
  /** The own clock at the last tick. */
  now: Milliseconds
  ticks: number
  /** The last batch handed to the application, and the last it said it executed. */
  lastHandedOver: Sequence
  lastExecuted: Sequence
  /** The highest sequence number that this replica proposed or accepted. */
  lastProposed: Sequence
  /** The open sequence numbers: above `lastExecuted`. */
  readonly slots: Map<Sequence, Slot>
  /** Bytes of the batches in `slots`, accepted and decided ones. */
  unexecutedBytes: number
  /** Pre-prepares whose time is too far ahead of the own clock (rule 1.2). One per sequence number. */
  readonly heldBack: Map<Sequence, Verified<PrePrepare>>
  readonly waiting: WaitingRequests
  timer: RequestTimer | null
  /** Whether the timer ran out: the primary of this view is suspected (rule 1.9). */
  isTimerExpired: boolean
  readonly peers: readonly PeerProgress[]
  lastStatusTick: number
  /** Records given to `persist`, and messages that wait for them, in order. */
  recordsEmitted: number
  readonly withheld: WithheldMessage[]
}

export function createReplicaState(config: ReplicaConfig): ReplicaState {
  return {
    config,
    view: 0 as View,
    lowWatermark: 0 as Sequence,
    now: 0 as Milliseconds,
    ticks: 0,
    lastHandedOver: 0 as Sequence,
    lastExecuted: 0 as Sequence,
    lastProposed: 0 as Sequence,
    slots: new Map(),
    unexecutedBytes: 0,
    heldBack: new Map(),
    waiting: new WaitingRequests(),
    timer: null,
    isTimerExpired: false,
    peers: Array.from({ length: config.n }, () => ({
      lastExecuted: 0 as Sequence,
      servedTick: Number.NEGATIVE_INFINITY,
      toldTick: Number.NEGATIVE_INFINITY,
      fetchTick: Number.NEGATIVE_INFINITY,
      fetchesServed: 0,
    })),
    lastStatusTick: 0,
    recordsEmitted: 0,
    withheld: [],
  }
}

/** The step's state and the effects that it gathers: what every handler gets. */
export interface Step {
  readonly state: ReplicaState
  readonly effects: Effect[]
}

export const primary = (state: ReplicaState): ReplicaId => primaryOf(state.view, state.config.n)

export const isPrimary = (state: ReplicaState): boolean => primary(state) === state.config.id

/**
 * H. Without checkpoints nothing bounds the log itself, so the window hangs on what was executed: it bounds memory and
 * never blocks, because what lies below it comes back as decisions.
 */
export const highWatermark = (state: ReplicaState): Sequence =>
  (Math.max(state.lowWatermark, state.lastExecuted) + LOG_WINDOW) as Sequence

/** Whether a vote or pre-prepare for `sequence` may still matter here. */
export const isInWindow = (state: ReplicaState, sequence: Sequence): boolean =>
  sequence > state.lastHandedOver && sequence <= highWatermark(state)

/** The slot of a sequence number inside the window, opened when it is new. */
export function openSlot(state: ReplicaState, sequence: Sequence): Slot {
  let slot = state.slots.get(sequence)
  if (slot === undefined) {
    slot = createSlot(sequence, state.config.n, state.ticks)
    state.slots.set(sequence, slot)
  }
  return slot
}

export function persist({ state, effects }: Step, record: LogRecord): void {
  state.recordsEmitted++
  effects.push({ kind: 'persist', record })
}

/** Appends a record and withholds the message that depends on it until it is on disk. Section 6. */
export function persistThenBroadcast(
  step: Step,
  durable: { readonly record: LogRecord; readonly sequence: Sequence; readonly outgoing: Outgoing },
): void {
  persist(step, durable.record)
  step.state.withheld.push({
    records: step.state.recordsEmitted,
    sequence: durable.sequence,
    outgoing: durable.outgoing,
  })
}
