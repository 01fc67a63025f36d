/**
 * The recovery operation: an amnesiac replica has it ordered, and the others remember it (rule 6.4). It follows the
 * recovery request of TOCS 2002 section 5, but renews no keys.
 */
import { assert } from '../../base/assert.ts'
import { equalBytes } from '../../base/bytes.ts'
import type { Sequence } from '../../base/ids.ts'
import type { Request, Verified } from '../../messages/message.ts'
import { logWindow } from '../checkpoints/watermarks.ts'
import { persist } from '../durability.ts'
import type { ExecutedRecovery } from '../effects.ts'
import type { Slot } from '../ordering/slot.ts'
import { RECOVERY_RETRY_TICKS } from '../parameters.ts'
import type { ReplicaState, Turn } from '../state.ts'

/**
 * Requests the ordering of this replica's recovery operation, until it is executed.
 * @rule 6.4
 */
export function askForRecovery(turn: Turn): void {
  const { state, effects } = turn
  if (state.recovery.health !== 'amnesiac') return
  renewLostRecovery(turn)
  const { own: recovery } = state.recovery
  const { ticks } = state.clock
  // Only after catching up: if the operation is executed in a transferred state, this replica does not see it.
  const isLevel =
    state.transfer.target === null && state.ordering.lastExecuted >= state.checkpoints.lowWatermark
  if (recovery === null) {
    if (isLevel && ticks % RECOVERY_RETRY_TICKS === 0) effects.push({ kind: 'prepare-recovery' })
    return
  }
  if (recovery.executed !== null || ticks - recovery.askedTick < RECOVERY_RETRY_TICKS) return
  recovery.askedTick = ticks
  effects.push({ kind: 'broadcast', outgoing: { kind: 'relayed', message: recovery.request } })
}

/** Handles the operation that the runtime made. Logs it, so that a restart continues with the same nonce. */
export function onRecoveryPrepared(turn: Turn, request: Verified<Request>): void {
  const { state, effects } = turn
  if (state.recovery.health !== 'amnesiac') return
  state.recovery.own = { request, askedTick: state.clock.ticks, executed: null }
  persist(turn, { kind: 'recovery', request })
  effects.push({ kind: 'broadcast', outgoing: { kind: 'relayed', message: request } })
}

/**
 * Notes recovery operations that were executed in a batch with a certificate of some view u.
 * @rule 6.4
 */
export function noteRecoveries(
  state: ReplicaState,
  slot: Slot,
  recoveries: readonly ExecutedRecovery[],
): void {
  const view = slot.decided?.[0]?.view
  assert(view !== undefined, 'an executed batch has a certificate')
  for (const { replica, requestDigest, isAccepted } of recoveries) {
    const executed = { sequence: slot.sequence, view }
    const own = state.recovery.own
    if (!isAccepted) {
      if (replica === state.config.id) askAgainSoon(state, requestDigest)
      continue
    }
    if (replica === state.config.id) {
      if (own !== null && equalBytes(own.request.digest, requestDigest)) own.executed = executed
    } else {
      state.recovery.waiting.set(replica, executed)
    }
  }
}

/**
 * Makes this replica ask again at once after a refusal. Its recovery followed the last one too soon, which further
 * executed batches change. In an idle cluster nothing else is executed, so the requests of this replica supply the
 * batches.
 */
function askAgainSoon(state: ReplicaState, requestDigest: Uint8Array): void {
  const { own: recovery } = state.recovery
  const { ticks } = state.clock
  if (recovery === null || recovery.executed !== null) return
  if (equalBytes(recovery.request.digest, requestDigest)) recovery.askedTick = ticks - RECOVERY_RETRY_TICKS
}

/**
 * Asks for a new nonce if the operation was executed in a transferred state, where no certificate shows its view.
 * @rule 6.4
 */
export function renewLostRecovery({ state, effects }: Turn): void {
  const { own: recovery } = state.recovery
  if (state.recovery.health !== 'amnesiac' || recovery === null || recovery.executed !== null) return
  if (state.config.standing(recovery.request) !== 'executed') return
  state.recovery.own = null
  effects.push({ kind: 'prepare-recovery' })
}

/** Returns the checkpoint at or above s_r + L, which covers everything that an amnesiac replica may have voted for. */
function fillTargetOf(state: ReplicaState, executedAt: Sequence): Sequence {
  const { checkpointInterval } = state.config
  return (Math.ceil((executedAt + logWindow(state)) / checkpointInterval) * checkpointInterval) as Sequence
}

/** Returns the sequence number up to which null batches fill an idle log; 0 if no recovery needs it. */
export function fillTarget(state: ReplicaState): Sequence {
  let target = 0 as Sequence
  for (const { sequence } of state.recovery.waiting.values()) {
    const needed = fillTargetOf(state, sequence)
    if (needed > target) target = needed
  }
  return target
}

/**
 * True if an executed recovery waits for its checkpoint. The timer runs for it too.
 * @rule 1.9
 */
export const needsFill = (state: ReplicaState): boolean => fillTarget(state) > state.checkpoints.lowWatermark
