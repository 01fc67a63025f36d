/**
 * Writing to the log, and withholding messages until their records are on disk: section 6 of the rules, "durable before
 * send".
 */
import { assertNever } from '../base/assert.ts'
import type { ReplicaId } from '../base/ids.ts'
import { factsOf, type Phase } from '../messages/kinds.ts'
import type { LogRecord, Outgoing } from './effects.ts'
import { mayVote } from './recovery/recovery-state.ts'
import type { ReplicaState, Turn } from './state.ts'

/** A message that waits until a record is on disk. Section 6. */
export interface WithheldMessage {
  /** The number of records that must be on disk. */
  readonly records: number
  readonly outgoing: Outgoing
  /** The receiver; null for all replicas. */
  readonly to: ReplicaId | null
}

export interface DurabilityState {
  /** The number of records given to `persist`. */
  recordsEmitted: number
  /** The number of those records that are certainly on disk. */
  recordsDurable: number
  /** Messages that wait for records, in order. */
  readonly withheld: WithheldMessage[]
}

export const createDurabilityState = (): DurabilityState => ({
  recordsEmitted: 0,
  recordsDurable: 0,
  withheld: [],
})

/** Appends a record to the log. */
export function persist({ state, effects }: Turn, record: LogRecord): void {
  state.durability.recordsEmitted++
  effects.push({ kind: 'persist', record })
}

/**
 * Withholds a message until all records given to `persist` so far are on disk. Section 6.
 * @rule 6
 */
export function withhold({ state }: Turn, outgoing: Outgoing, to: ReplicaId | null = null): void {
  state.durability.withheld.push({ records: state.durability.recordsEmitted, outgoing, to })
}

/**
 * Withholds a message to all replicas until the first `records` records are on disk.
 * @rule 6 6.5
 */
export function withholdUntil({ state }: Turn, records: number, outgoing: Outgoing): void {
  state.durability.withheld.push({ records, outgoing, to: null })
}

/**
 * Broadcasts a message whose record the log already holds, once all records appended since the start are on disk.
 * @rule 6
 */
export function broadcastDurably(turn: Turn, outgoing: Outgoing): void {
  const { state, effects } = turn
  if (state.durability.recordsDurable < state.durability.recordsEmitted) withhold(turn, outgoing)
  else effects.push({ kind: 'broadcast', outgoing })
}

/**
 * Sends such a message to one replica.
 * @rule 6
 */
export function sendDurably(turn: Turn, to: ReplicaId, outgoing: Outgoing): void {
  const { state, effects } = turn
  if (state.durability.recordsDurable < state.durability.recordsEmitted) withhold(turn, outgoing, to)
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

/**
 * Handles the report that the first `records` records are on disk: sends the messages that waited for them, unless
 * their view is over.
 * @rule 6
 */
export function onPersisted({ state, effects }: Turn, records: number): void {
  state.durability.recordsDurable = Math.max(state.durability.recordsDurable, records)
  let released = 0
  for (const withheld of state.durability.withheld) {
    if (withheld.records > records) break
    released++
    const { outgoing, to } = withheld
    if (!isOfCurrentView(state, outgoing) || !mayVote(state)) continue
    effects.push(to === null ? { kind: 'broadcast', outgoing } : { kind: 'send', to, outgoing })
  }
  state.durability.withheld.splice(0, released)
}

/**
 * Drops withheld messages of views that were left: after the VIEW-CHANGE they have no effect.
 * @rule 3.1
 */
export function dropWithheldOfOldViews(state: ReplicaState): void {
  const kept = state.durability.withheld.filter(({ outgoing }) => isOfCurrentView(state, outgoing))
  state.durability.withheld.splice(0, state.durability.withheld.length, ...kept)
}

function isOfCurrentView(state: ReplicaState, outgoing: Outgoing): boolean {
  const isRelayed = outgoing.kind === 'relayed'
  const message = isRelayed ? outgoing.message : outgoing
  const { phase } = factsOf(message.kind)
  if (phase === undefined || !('view' in message)) return true
  return message.view === state.views.view && isPhase(phase, state.views.isActive, isRelayed)
}

/** This replica's NEW-VIEW is made before its view begins. The primary's is relayed once the view has begun. */
function isPhase(phase: Phase, isActive: boolean, isRelayed: boolean): boolean {
  switch (phase) {
    case 'inside':
      return isActive
    case 'leaving':
      return !isActive
    case 'entering':
      return isActive === isRelayed
    case 'either':
      return true
    default:
      return assertNever(phase)
  }
}
