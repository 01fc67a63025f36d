import type { ReplicaId } from '../../base/ids.ts'
import { SERVED_DECISIONS_MAX, STATUS_BUSY_TICKS } from '../parameters.ts'
import type { ReplicaState } from '../state.ts'

/**
 * True if this replica may answer one more question of the peer, such as a FETCH. It answers a limited number in each
 * period.
 * @rule 1.11
 */
export function mayAnswerFetch(
  { catchUp: { peers }, clock: { ticks } }: ReplicaState,
  sender: ReplicaId,
): boolean {
  const peer = peers[sender]
  if (peer === undefined) return false
  if (ticks - peer.fetchTick >= STATUS_BUSY_TICKS) {
    peer.fetchTick = ticks
    peer.fetchesServed = 0
  }
  return peer.fetchesServed++ < SERVED_DECISIONS_MAX
}
