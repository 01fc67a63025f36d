import { replicaIds } from '../../base/ids.ts'
import {
  BATCH_BYTES_MAX,
  CHECKPOINT_INTERVAL,
  EVIDENCE_PER_REPLICA_MAX,
  LOG_WINDOW,
} from '../../messages/limits.ts'
import {
  ACKED_VIEWS_MAX,
  CHECKPOINTS_PER_SENDER_MAX,
  EARLY_BYTES_PER_SENDER_MAX,
  EARLY_PER_SENDER_MAX,
  HELD_BACK_MAX,
  LANE_REQUESTS_MAX,
  PIPELINE_WINDOW,
  TIMEOUT_TICKS_MAX,
  UNEXECUTED_BYTES_MAX,
  WAITING_PER_CLIENT_MAX,
} from '../../pbft/parameters.ts'
import type { ReplicaState } from '../../pbft/state.ts'
import type { Checker } from './checker.ts'

/**
 * The maximum number of open sequence numbers: the window, and decided ones at or below h that are not yet executed.
 */
const SLOTS_MAX = 2 * LOG_WINDOW
/**
 * The maximum number of messages that wait for the disk: two votes per slot, proposals, checkpoints, and the messages
 * of a view change.
 */
const WITHHELD_MAX = 2 * LOG_WINDOW + PIPELINE_WINDOW + LOG_WINDOW / CHECKPOINT_INTERVAL + 8
/**
 * The maximum number of own roots: at h, and of each checkpoint up to H and up to the last executed batch beyond it;
 * in oral mode the latest of those.
 */
const ROOTS_MAX = {
  signed: 2 + (2 * LOG_WINDOW) / CHECKPOINT_INTERVAL,
  oral: 1 + LOG_WINDOW / CHECKPOINT_INTERVAL + CHECKPOINTS_PER_SENDER_MAX,
}

/**
 * Memory: every queue and map of the state stays within its named bound. Checked at every tick.
 * @rule 7.14
 */
export function memoryBounds(clients: number): Checker {
  return {
    invariant: 14, // @rule 7.14
    name: 'memory bounds',
    onStep({ event, state }) {
      if (event.kind !== 'ticked') return null
      for (const [name, size, most] of sizesOf(state, clients)) {
        if (size > most) return `${name} holds ${size}, and ${most} is its bound`
      }
      return null
    },
  }
}

type Size = readonly [name: string, size: number, most: number]

function sizesOf(state: ReplicaState, clients: number): readonly Size[] {
  const { n, mode = 'signed' } = state.config
  const early = replicaIds(n).map((id) => state.ordering.early.sizeFor(id))
  // A replica can be a client too, of its recovery operation.
  const askers = clients + n
  return [
    ['slots', state.ordering.slots.size, SLOTS_MAX],
    ['withheld', state.durability.withheld.length, WITHHELD_MAX],
    ['heldBack', state.ordering.heldBack.size, HELD_BACK_MAX],
    ['waiting', state.requests.waiting.size, askers * WAITING_PER_CLIENT_MAX + n * LANE_REQUESTS_MAX],
    ['batches', state.ordering.batches.bytes, UNEXECUTED_BYTES_MAX + BATCH_BYTES_MAX],
    ['preparedCertificates', state.ordering.preparedCertificates.size, LOG_WINDOW],
    ['ownRoots', state.checkpoints.ownRoots.size, ROOTS_MAX[mode]],
    [
      'checkpoints',
      Math.max(...state.checkpoints.received.map(({ size }) => size)),
      CHECKPOINTS_PER_SENDER_MAX,
    ],
    ['early messages', Math.max(...early.map(({ count }) => count)), EARLY_PER_SENDER_MAX],
    ['early bytes', Math.max(...early.map(({ bytes }) => bytes)), EARLY_BYTES_PER_SENDER_MAX],
    ['recoveries', state.recovery.waiting.size, n],
    ['evidence', state.evidence.all.length, n * EVIDENCE_PER_REPLICA_MAX],
    ['pre-prepare claims', state.oral.prePrepareClaims.size, LOG_WINDOW],
    ['acknowledged views', Math.max(...state.oral.acks.map(({ size }) => size)), ACKED_VIEWS_MAX],
    ['fetched VIEW-CHANGEs', state.oral.fetched.size, n * n],
    ['choices ahead', state.oral.choicesAhead.length, LOG_WINDOW],
    ['timeoutTicks', state.patience.timeoutTicks, TIMEOUT_TICKS_MAX],
  ]
}
