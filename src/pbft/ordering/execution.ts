/** Execution and replies: OSDI 1999 section 4.2, TOCS 2002 section 4.3. Keeps rules 1.6 and 1.7. */
import { assert } from '../../base/assert.ts'
import type { Milliseconds, Sequence } from '../../base/ids.ts'
import type { Batch } from '../../messages/message.ts'
import type { ExecutedRecovery } from '../effects.ts'
import { noteRecoveries } from '../recovery/recovery-operations.ts'
import { lacksState } from '../recovery/recovery-state.ts'
import type { ReplicaState, Turn } from '../state.ts'
import { noteDelivered } from '../views/primary-observation.ts'
import { noteExpiry } from './clock-batches.ts'
import { proposeBatches } from './propose.ts'
import { dropServed, startTimer } from './requests.ts'
import type { Slot } from './slot.ts'
import { noteShown, replyOnceShowable } from './unordered-reads.ts'

/**
 * Hands decided batches to the application, strictly in the order of their sequence numbers. A batch is handed over
 * when the previous one is executed, which may take many turns of the event loop. Until then it counts as open.
 * @rule 1.6
 */
export function executeDecided({ state, effects }: Turn): void {
  if (lacksState(state)) return // its state is not what the others execute on
  if (state.ordering.lastHandedOver > state.ordering.lastExecuted) return
  const sequence = (state.ordering.lastHandedOver + 1) as Sequence
  const slot = state.ordering.slots.get(sequence)
  if (slot === undefined || slot.decided === null || slot.decidedBatch === null) return
  state.ordering.lastHandedOver = sequence
  effects.push({ kind: 'execute', sequence, batch: slot.decidedBatch, commits: slot.decided })
}

/**
 * True if the application was busy with one batch since the last tick. Called once per tick. Such a tick does not
 * count towards any timeout: no message could have helped this replica, and the primary must not be suspected because
 * a client's request is expensive.
 * @rule 1.9
 */
export function isBusyExecuting(state: ReplicaState): boolean {
  const { lastHandedOver, lastExecuted, executingAtTick } = state.ordering
  const executing = lastHandedOver > lastExecuted ? lastHandedOver : null
  state.ordering.executingAtTick = executing
  return executing !== null && executing === executingAtTick
}

/**
 * Freezes the state for a checkpoint if one is due: a checkpoint is the state between two batches.
 * @rule 2.1
 */
export function freezeIfDue({ state, effects }: Turn, sequence: Sequence): void {
  if (sequence % state.config.checkpointInterval === 0) effects.push({ kind: 'snapshot', sequence })
}

/** The application's report on a batch that it executed. */
export interface Executed {
  readonly sequence: Sequence
  readonly recoveries?: readonly ExecutedRecovery[]
  readonly newBytes: number
  readonly nextExpiry?: Milliseconds | null
}

/**
 * Handles the application's report: answers the clients of the batch and proposes further batches.
 * @rule 1.7
 */
export function onExecuted(turn: Turn, executed: Executed): void {
  const { state } = turn
  const { sequence, newBytes } = executed
  const acceptedTick = state.ordering.slots.get(sequence)?.acceptedTick ?? Number.POSITIVE_INFINITY
  const batch = noteExecuted(state, executed)
  freezeIfDue(turn, sequence)
  noteDelivered(state, { batch, acceptedTick, newBytes })
  dropServed(
    state,
    batch.requests,
    acceptedTick <= state.clock.ticks ? state.clock.ticks - acceptedTick : null,
  )
  startTimer(state)
  if (batch.requests.length > 0) replyOnceShowable(turn, { kind: 'reply', view: state.views.view, sequence })
  executeDecided(turn)
  proposeBatches(turn)
}

/** A replica that only learns what was decided long ago does not expect the others to be at work. */
function noteExecutedTick({ ordering, clock: { ticks } }: ReplicaState, { accepted }: Slot): void {
  ordering.executedTick = ticks
  if (accepted !== null) ordering.orderedTick = ticks
}

/** Notes the progress of execution, releases the bytes of the batch, and returns it. */
export function noteExecuted(
  state: ReplicaState,
  { sequence, recoveries = [], nextExpiry = null }: Omit<Executed, 'newBytes'>,
): Batch {
  assert(
    sequence === state.ordering.lastExecuted + 1,
    `executed ${sequence} after ${state.ordering.lastExecuted}`,
  )
  const slot = state.ordering.slots.get(sequence)
  const batch = slot?.decidedBatch ?? null
  assert(slot !== undefined && batch !== null, `executed ${sequence}, which was not decided here`)
  state.ordering.lastExecuted = sequence
  noteExecutedTick(state, slot)
  if (state.ordering.lastProposed < sequence) state.ordering.lastProposed = sequence
  slot.executed = batch.digest
  noteShown(state, slot)
  slot.decidedBatch = null
  state.ordering.batches.drop(sequence)
  state.ordering.heldBack.delete(sequence)
  if (sequence <= state.checkpoints.lowWatermark) state.ordering.slots.delete(sequence)
  noteRecoveries(state, slot, recoveries)
  noteExpiry(state, nextExpiry)
  return batch
}
