/**
 * Rest: a replica for which nothing is under way sends STATUS rarely and need not wake up for each tick. A request, a
 * vote, a lease that ends or a peer that is ahead ends its rest at once.
 * @rule 1.11
 */
import { isLeaseDue } from './ordering/clock-batches.ts'
import { hasPrimaryLeft, mustLeaveView } from './ordering/unsynced-votes.ts'
import { REST_AFTER_TICKS, STATUS_IDLE_TICKS, STATUS_REST_TICKS } from './parameters.ts'
import { mayVote } from './recovery/recovery-state.ts'
import type { ReplicaState } from './state.ts'

/** Returns the ticks between two STATUS messages to all. */
export const statusTicks = (state: ReplicaState): number =>
  state.clock.ticks - state.ordering.executedTick >= REST_AFTER_TICKS && isIdle(state)
    ? STATUS_REST_TICKS
    : STATUS_IDLE_TICKS

/**
 * Returns the number of ticks, of this many milliseconds, until the next one that has something to do, unless an event
 * comes before: 1 unless the replica is idle.
 */
export function ticksUntilDue(state: ReplicaState, tickMs: number): number {
  if (!isIdle(state)) return 1
  const { clock, catchUp, leases } = state
  const ticks = catchUp.lastStatusTick + statusTicks(state) - clock.ticks
  const untilLease = leases.nextExpiry === null ? ticks : Math.ceil((leases.nextExpiry - clock.now) / tickMs)
  return Math.max(1, Math.min(ticks, untilLease))
}

/**
 * True if nothing is under way: no request, no slot, no view change, no transfer, no recovery, no lease that is due, no
 * record for the disk.
 */
function isIdle(state: ReplicaState): boolean {
  const { requests, ordering, views, suspicion, recovery, durability } = state
  return (
    views.isActive &&
    requests.waiting.size === 0 &&
    requests.timer === null &&
    ordering.heldBack.size === 0 &&
    ordering.lastHandedOver === ordering.lastExecuted &&
    suspicion.complaint === null &&
    !isLeaseDue(state) &&
    !mustLeaveView(state) &&
    !hasPrimaryLeft(state) &&
    mayVote(state) &&
    recovery.own === null &&
    recovery.waiting.size === 0 &&
    durability.recordsDurable === durability.recordsEmitted &&
    isLevel(state) &&
    !hasOpenSlot(state)
  )
}

/** True if this replica lacks nothing that others have, has sent its checkpoints, and fetches no state. */
function isLevel({ config, catchUp, checkpoints, ordering, transfer }: ReplicaState): boolean {
  if (transfer.target !== null || transfer.behind !== null) return false
  for (const sequence of checkpoints.ownRoots.keys()) if (sequence > checkpoints.lastSent) return false
  return catchUp.peers.every(
    ({ lastExecuted }, id) => id === config.id || lastExecuted <= ordering.lastExecuted,
  )
}

/** True if a message about a batch that is not executed yet has arrived, or was sent. */
function hasOpenSlot({ ordering: { slots, lastExecuted } }: ReplicaState): boolean {
  for (const sequence of slots.keys()) if (sequence > lastExecuted) return true
  return false
}
