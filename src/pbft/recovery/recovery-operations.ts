/**
 * The recovery operation: what an amnesiac replica has ordered, and what the others remember of it (rule 6.4). The
 * recovery request of TOCS 2002 section 5 is its model; no key is renewed here.
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
 * Asks for this replica's recovery operation to be ordered, until it is executed.
 * @rule 6.4
 */
export function askForRecovery(turn: Turn): void {
  const { state, effects } = turn
  if (state.recovery.health !== 'amnesiac') return
  renewLostRecovery(turn)
  const { own: recovery } = state.recovery
  const { ticks } = state.clock
  // Only once it is level: an operation that is executed in a transferred state is lost on it.
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

/** The runtime made the operation; it is logged, so that a restart goes on with the same nonce. */
export function onRecoveryPrepared(turn: Turn, request: Verified<Request>): void {
  const { state, effects } = turn
  if (state.recovery.health !== 'amnesiac') return
  state.recovery.own = { request, askedTick: state.clock.ticks, executed: null }
  persist(turn, { kind: 'recovery', request })
  effects.push({ kind: 'broadcast', outgoing: { kind: 'relayed', message: request } })
}

/**
 * Recovery operations were executed in a batch that a certificate of some view u decides.
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
 * It was refused for its distance, which passes with what is executed. An idle cluster executes nothing else, so the
 * operation is asked for again at once: a replica that wants the distance to pass pays for it, one batch at a time.
 */
function askAgainSoon(state: ReplicaState, requestDigest: Uint8Array): void {
  const { own: recovery } = state.recovery
  const { ticks } = state.clock
  if (recovery === null || recovery.executed !== null) return
  if (equalBytes(recovery.request.digest, requestDigest)) recovery.askedTick = ticks - RECOVERY_RETRY_TICKS
}

/**
 * The operation was executed in a state that was transferred, and no certificate shows in which view: another nonce is
 * needed.
 * @rule 6.4
 */
export function renewLostRecovery({ state, effects }: Turn): void {
  const { own: recovery } = state.recovery
  if (state.recovery.health !== 'amnesiac' || recovery === null || recovery.executed !== null) return
  if (state.config.standing(recovery.request) !== 'executed') return
  state.recovery.own = null
  effects.push({ kind: 'prepare-recovery' })
}

/** The checkpoint at or above s_r + L: what an amnesiac replica may have voted for is history there. */
function fillTargetOf(state: ReplicaState, executedAt: Sequence): Sequence {
  const { checkpointInterval } = state.config
  return (Math.ceil((executedAt + logWindow(state)) / checkpointInterval) * checkpointInterval) as Sequence
}

/** Up to where null batches fill an idle log; 0 when nobody needs it. */
export function fillTarget(state: ReplicaState): Sequence {
  let target = 0 as Sequence
  for (const { sequence } of state.recovery.waiting.values()) {
    const needed = fillTargetOf(state, sequence)
    if (needed > target) target = needed
  }
  return target
}

/**
 * True if an executed recovery waits for its checkpoint, for which the timer runs too.
 * @rule 1.9
 */
export const needsFill = (state: ReplicaState): boolean => fillTarget(state) > state.checkpoints.lowWatermark
