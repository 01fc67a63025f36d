/** The primary's proposals: OSDI 1999 section 4.2, TOCS 2002 section 5.1.4. Keeps rule 1.10. */
import type { Sequence } from '../base/ids.ts'
import { BATCH_HEADER_BYTES, createBatch } from '../messages/batch.ts'
import { BATCH_BYTES_MAX, BATCH_REQUESTS_MAX } from '../messages/limits.ts'
import { PIPELINE_WINDOW } from './parameters.ts'
import { highWatermark, isPrimary, openSlot, persistThenBroadcast, type Step } from './state.ts'

/**
 * Proposes while the pipeline has room: s <= last executed + window and s <= H. A batch takes what gathered while
 * earlier ones were in flight; it never waits on a clock. // PBFT-1.10
 */
export function proposeBatches(step: Step): void {
  const { state } = step
  if (!isPrimary(state)) return
  const last = Math.min(state.lastExecuted + PIPELINE_WINDOW, highWatermark(state))
  while (state.lastProposed < last && state.waiting.unproposed > 0) {
    const requests = state.waiting.takeForBatch({
      requests: BATCH_REQUESTS_MAX,
      bytes: BATCH_BYTES_MAX - BATCH_HEADER_BYTES,
    })
    const sequence = (state.lastProposed + 1) as Sequence
    const content = {
      kind: 'pre-prepare',
      view: state.view,
      sequence,
      // Executed time never goes back (1.6), so the clock may: a time ahead of the others' clocks would be held back.
      batch: createBatch(state.config.hash, state.now, requests),
    } as const
    state.lastProposed = sequence
    openSlot(state, sequence)
    // The own pre-prepare is accepted when it comes back signed, and by then it is on disk. // PBFT-6
    persistThenBroadcast(step, { record: { kind: 'proposed', content }, sequence, outgoing: content })
  }
}
