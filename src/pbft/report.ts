/** What a replica says of itself when somebody asks how it is doing. */
import type { Milliseconds, ReplicaId, Sequence } from '../base/ids.ts'
import { replicaIds } from '../base/ids.ts'
import type { ReplicaReport, ReplicaStanding } from '../messages/message.ts'
import { missingVoters } from './slot.ts'
import { primary, type ReplicaState } from './state.ts'

export function reportOf(
  state: ReplicaState,
  outside: { readonly revision: number; readonly reachable: readonly ReplicaId[] },
): ReplicaReport {
  const { view, isActive, lowWatermark, lastExecuted, stalledSince } = state
  return {
    view,
    isActive,
    standing: standingOf(state),
    lowWatermark,
    lastExecuted,
    revision: outside.revision,
    waiting: state.waiting.size,
    stalledSince: stalledSince ?? (0 as Milliseconds),
    reachable: outside.reachable,
    missing: stalledSince === null ? [] : missing(state),
    suspected: suspected(state),
  }
}

export function standingOf({ health, transfer }: ReplicaState): ReplicaStanding {
  if (health !== 'sound') return health
  return transfer === null ? 'voting' : 'transferring'
}

/** Whose vote the next sequence number waits for, or between views, whose VIEW-CHANGE or NEW-VIEW. */
function missing(state: ReplicaState): readonly ReplicaId[] {
  if (!state.isActive) {
    const lacking = replicaIds(state.config.n).filter((id) => (state.viewChanges[id]?.view ?? 0) < state.view)
    return lacking.length > 0 ? lacking : [primary(state)]
  }
  const slot = state.slots.get((state.lastExecuted + 1) as Sequence)
  return slot === undefined ? [primary(state)] : missingVoters(slot, primary(state))
}

function suspected({ config, detector, ticks }: ReplicaState): readonly ReplicaId[] {
  return replicaIds(config.n).filter((id) => id !== config.id && detector.isSuspected(id, ticks))
}
