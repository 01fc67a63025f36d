/** The suspicions of a replica about its peers, above all about the primary. Keeps rules 3.11 and 5.4. */
import { type ReplicaId, replicaIds } from '../../base/ids.ts'
import type { Complaint } from '../../messages/message.ts'
import { REST_EXPECTED_TICKS, STATUS_REST_TICKS } from '../parameters.ts'
import type { ReplicaState } from '../state.ts'
import { Blacklist } from './blacklist.ts'
import { FailureDetector } from './failure-detector.ts'
import { type Figures, PrimaryMonitor } from './primary-monitor.ts'

export interface Suspicion {
  readonly detector: FailureDetector
  readonly monitor: PrimaryMonitor
  readonly blacklist: Blacklist
  /**
   * This replica's complaint about the primary of the current view (rule 5.4), the figures that it saw, and the tick of
   * the complaint; null if it has none.
   */
  complaint: {
    readonly complaint: Complaint
    readonly figures: Figures | null
    readonly tick: number
  } | null
}

export const createSuspicion = (n: number): Suspicion => ({
  detector: new FailureDetector(n),
  monitor: new PrimaryMonitor(),
  blacklist: new Blacklist(n),
  complaint: null,
})

/**
 * Notes a message of a peer. The gap before it is learned only if the peer was expected to be awake.
 * @rule 3.11
 */
export function noteHeard(state: ReplicaState, peer: ReplicaId): void {
  state.suspicion.detector.heard(peer, state.clock.ticks, awakeSince(state))
}

/**
 * True if a peer is silent for longer than a live one would be.
 * @rule 3.11
 */
export function isSuspected(state: ReplicaState, peer: ReplicaId): boolean {
  const { detector } = state.suspicion
  const since = awakeSince(state)
  const silence = since === null ? { usualTicks: STATUS_REST_TICKS } : { since }
  return detector.isSuspected(peer, state.clock.ticks, silence)
}

/**
 * Returns the tick since which the others are expected to be awake; null if they may rest. Correct replicas execute a
 * batch at about the same time, and none rests while a request waits or a lease is overdue.
 */
function awakeSince({ clock, ordering, requests, leases }: ReplicaState): number | null {
  const { orderedTick } = ordering
  if (orderedTick > 0 && clock.ticks - orderedTick < REST_EXPECTED_TICKS) return 0
  return requests.timer?.startedTick ?? leases.overdueTick
}

/** Returns the peers that this replica suspects. */
export const suspectedBy = (state: ReplicaState): readonly ReplicaId[] =>
  replicaIds(state.config.n).filter((id) => id !== state.config.id && isSuspected(state, id))
