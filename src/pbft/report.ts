/** What a replica says of itself when somebody asks how it is doing. */
import type { Milliseconds, ReplicaId, Sequence } from '../base/ids.ts'
import type { ReplicaReport } from '../messages/message.ts'
import { missingVoters } from './slot.ts'
import { primary, type ReplicaState } from './state.ts'

export function reportOf(
  state: ReplicaState,
  outside: { readonly revision: number; readonly reachable: readonly ReplicaId[] },
): ReplicaReport {
  const isStalled = state.isTimerExpired && state.timer !== null
  return {
    view: state.view,
    lowWatermark: state.lowWatermark,
    lastExecuted: state.lastExecuted,
    revision: outside.revision,
    waiting: state.waiting.size,
    stalledSince: isStalled && state.timer !== null ? state.timer.startedAt : (0 as Milliseconds),
    reachable: outside.reachable,
    missing: isStalled ? missing(state) : [],
  }
}

/** Whose vote or proposal the next sequence number waits for. */
function missing(state: ReplicaState): readonly ReplicaId[] {
  const slot = state.slots.get((state.lastExecuted + 1) as Sequence)
  return slot === undefined ? [primary(state)] : missingVoters(slot, primary(state))
}
