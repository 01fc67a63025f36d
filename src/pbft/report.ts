/** A replica's report on itself, for clients that ask. */
import type { Milliseconds, ReplicaId, Sequence } from '../base/ids.ts'
import { replicaIds } from '../base/ids.ts'
import type { EvidenceContent, ReportContent } from '../messages/content.ts'
import type {
  CutOff,
  EvidenceInquiry,
  Inquiry,
  ReplicaCondition,
  ReplicaReport,
} from '../messages/message.ts'
import { missingVoters } from './ordering/slot.ts'
import type { ReplicaState } from './state.ts'
import { timeoutFloor } from './views/patience.ts'
import { suspectedBy } from './views/suspicion.ts'
import { primary } from './views/view-state.ts'

/** The facts of a report that the state does not hold. */
export interface ReportedOutside {
  readonly revision: number
  /** The replicas to which this replica has a link. */
  readonly reachable: readonly ReplicaId[]
  /** The replicas that are cut off now, and the number of clients that are. */
  readonly cutOff: { readonly replicas: readonly CutOff[]; readonly clients: number }
  /** The longest time that the event loop received nothing because of its own work, in milliseconds. */
  readonly eventLoopDelayMs: number
}

/** Returns the answer to a client that asks for this replica's report or its evidence. */
export function answerTo(
  { kind, nonce }: Inquiry | EvidenceInquiry,
  state: ReplicaState,
  outside: ReportedOutside,
): ReportContent | EvidenceContent {
  if (kind === 'inquiry') return { kind: 'report', nonce, report: reportOf(state, outside) }
  return { kind: 'evidence', nonce, proofs: state.evidence.all }
}

export function reportOf(state: ReplicaState, outside: ReportedOutside): ReplicaReport {
  const { view, isActive } = state.views
  const { lowWatermark } = state.checkpoints
  const { lastExecuted } = state.ordering
  const stalledSince = waitsSince(state)
  return {
    view,
    isActive,
    condition: conditionOf(state),
    lowWatermark,
    lastExecuted,
    revision: outside.revision,
    waiting: state.requests.waiting.size,
    stalledSince: stalledSince ?? (0 as Milliseconds),
    reachable: replicaIds(state.config.n).filter(
      (id) => id === state.config.id || outside.reachable.includes(id),
    ),
    missing: stalledSince === null ? [] : missing(state),
    suspected: suspectedBy(state),
    guilty: state.evidence.guilty,
    cutOff: outside.cutOff.replicas,
    cutOffClients: outside.cutOff.clients,
    blacklisted: state.suspicion.blacklist.all,
    eventLoopDelayMs: outside.eventLoopDelayMs,
  }
}

/**
 * Returns the time at which the oldest overdue request began to wait; null if none is overdue. Uses the floor of the
 * timeout, since T itself may be much longer after views that served no request.
 */
function waitsSince(state: ReplicaState): Milliseconds | null {
  const { timer, stalledSince } = state.requests
  const { ticks } = state.clock
  if (stalledSince !== null || timer === null || timer.waitsFor === null) return stalledSince
  return ticks - timer.startedTick >= timeoutFloor(state.patience) ? timer.startedAt : null
}

export function conditionOf({
  recovery: { health, recall },
  transfer: { target: transfer },
}: ReplicaState): ReplicaCondition {
  if (health !== 'sound') return health
  if (recall !== null) return 'recalling'
  return transfer === null ? 'voting' : 'transferring'
}

/**
 * Returns the replicas whose votes the next sequence number lacks. Between views, those whose VIEW-CHANGE or NEW-VIEW
 * is missing.
 */
function missing(state: ReplicaState): readonly ReplicaId[] {
  if (!state.views.isActive) {
    const lacking = replicaIds(state.config.n).filter(
      (id) => (state.views.viewChanges[id]?.view ?? 0) < state.views.view,
    )
    return lacking.length > 0 ? lacking : [primary(state)]
  }
  const slot = state.ordering.slots.get((state.ordering.lastExecuted + 1) as Sequence)
  return slot === undefined ? [primary(state)] : missingVoters(slot, primary(state))
}
