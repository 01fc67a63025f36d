/** Execution and replies: OSDI 1999 section 4.2, TOCS 2002 section 4.3. Keeps rules 1.6 and 1.7. */
import { assert } from '../base/assert.ts'
import type { Sequence } from '../base/ids.ts'
import { proposeBatches } from './propose.ts'
import { dropServed } from './requests.ts'
import { heldBytes } from './slot.ts'
import type { Step } from './state.ts'

/** Hands decided batches over strictly in the order of their sequence numbers. // PBFT-1.6 */
export function executeDecided({ state, effects }: Step): void {
  for (;;) {
    const sequence = (state.lastHandedOver + 1) as Sequence
    const slot = state.slots.get(sequence)
    if (slot === undefined || slot.decided === null || slot.decidedBatch === null) return
    state.lastHandedOver = sequence
    effects.push({ kind: 'execute', sequence, batch: slot.decidedBatch, commits: slot.decided })
  }
}

/** The application executed a batch: answer its clients, forget its slot, propose on. // PBFT-1.7 */
export function onExecuted(step: Step, sequence: Sequence): void {
  const { state, effects } = step
  assert(sequence === state.lastExecuted + 1, `executed ${sequence} after ${state.lastExecuted}`)
  const slot = state.slots.get(sequence)
  const batch = slot?.decidedBatch ?? null
  assert(slot !== undefined && batch !== null, `executed ${sequence}, which was not decided here`)
  state.lastExecuted = sequence
  if (state.lastProposed < sequence) state.lastProposed = sequence
  state.unexecutedBytes -= heldBytes(slot)
  state.slots.delete(sequence)
  state.heldBack.delete(sequence)
  dropServed(state, new Set(batch.requests.map(({ client }) => client)))
  if (batch.requests.length > 0) effects.push({ kind: 'reply', view: state.view, sequence })
  proposeBatches(step)
}
