/** The primary's proposals: OSDI 1999 section 4.2, TOCS 2002 section 5.1.4. Keeps rule 1.10. */
import type { Sequence } from '../../base/ids.ts'
import { BATCH_HEADER_BYTES, createBatch } from '../../messages/batch.ts'
import { BATCH_BYTES_MAX, BATCH_REQUESTS_MAX } from '../../messages/limits.ts'
import type { Batch } from '../../messages/message.ts'
import { highWatermark } from '../checkpoints/watermarks.ts'
import { persist } from '../durability.ts'
import { PIPELINE_WINDOW } from '../parameters.ts'
import { fillTarget } from '../recovery/recovery-operations.ts'
import { mayVote } from '../recovery/recovery-state.ts'
import type { ReplicaState, Turn } from '../state.ts'
import { isPrimary } from '../views/view-state.ts'
import { isLeaseDue } from './clock-batches.ts'
import { openSlot } from './ordering-state.ts'
import { mustAbstain, sendFirstVote } from './unsynced-votes.ts'

/**
 * Proposes while the pipeline has room: h < s <= H and s <= last executed + window. A batch takes the requests
 * that arrived while earlier batches were in flight; it never waits for a timer.
 * @rule 1.2 1.10
 */
export function proposeBatches(turn: Turn): void {
  const { state } = turn
  if (!isPrimary(state) || !state.views.isActive || !mayVote(state)) return
  const last = Math.min(state.ordering.lastExecuted + PIPELINE_WINDOW, highWatermark(state))
  // The others may have made a checkpoint stable that lies above what this replica proposed and executed.
  const first = Math.max(state.ordering.lastProposed, state.checkpoints.lowWatermark) + 1
  if (mustAbstain(state, state.views.view, first as Sequence)) return
  for (let sequence = first as Sequence; sequence <= last; sequence++) {
    const batch = nextBatch(state, sequence)
    if (batch === null) return
    const content = { kind: 'pre-prepare', view: state.views.view, sequence, batch } as const
    state.ordering.lastProposed = sequence
    openSlot(state, sequence).isProposed = true
    // The primary accepts its own pre-prepare when it comes back signed. @rule 6
    persist(turn, { kind: 'proposed', content })
    sendFirstVote(turn, content)
  }
}

/**
 * Proposes a clock batch if this replica is the primary and a lease is due. Called at each tick.
 * @rule 1.9
 */
export function proposeDueTime(turn: Turn): void {
  if (isLeaseDue(turn.state)) proposeBatches(turn)
}

/**
 * Returns the next batch, made of waiting requests. If none wait, returns the null batch up to the checkpoint that a
 * recovery needs, or a clock batch if a lease is due and no other batch is under way; else null.
 * @rule 2.8 1.9
 */
function nextBatch(state: ReplicaState, sequence: Sequence): Batch | null {
  if (state.requests.waiting.unproposed === 0) {
    if (isLeaseDue(state) && sequence === state.ordering.lastExecuted + 1) return clockBatch(state)
    return sequence <= fillTarget(state) ? state.nullBatch : null
  }
  const requests = state.requests.waiting.takeForBatch({
    requests: BATCH_REQUESTS_MAX,
    bytes: BATCH_BYTES_MAX - BATCH_HEADER_BYTES,
  })
  // The clock may go back, since executed time never does (1.6). A time ahead of the backups' clocks is held back.
  return createBatch(state.config.hash, state.clock.now, requests)
}

const clockBatch = (state: ReplicaState): Batch => createBatch(state.config.hash, state.clock.now, [])
