/**
 * A backup's observations of its primary: how long requests wait that this backup also has, what is executed, and which
 * requests the batches skip. Keeps rule 5.4; `slow-primary.ts` draws the conclusions.
 */
import type { ClientId, ReplicaId, Sequence } from '../../base/ids.ts'
import { BATCH_BYTES_MAX, BATCH_REQUESTS_MAX, REQUEST_BYTES_MAX } from '../../messages/limits.ts'
import type { Batch, Complaint } from '../../messages/message.ts'
import type { WaitingRequest } from '../ordering/request-queue.ts'
import { PASSED_OVER_MAX, PASSED_OVER_TICKS, PIPELINE_WINDOW, RELAY_AFTER_TICKS } from '../parameters.ts'
import type { ReplicaState } from '../state.ts'
import type { Figures } from './primary-monitor.ts'
import { isPrimary, primary } from './view-state.ts'

/** The number of oldest waiting requests that are watched for being passed over. */
const WATCHED_MAX = 64

/**
 * Notes an accepted pre-prepare: marks its requests as ordered, and counts the waiting requests that it had room for
 * and passed over. A request that was executed before takes no room and serves no client. The null batches of a
 * recovery have no room.
 * @rule 5.4
 */
export function noteOrdered(state: ReplicaState, sequence: number, batch: Batch): void {
  if (state.requests.waiting.size === 0 || isPrimary(state)) return
  const clients = new Set<ClientId>()
  let repeated = 0
  let repeatedBytes = 0
  for (const request of batch.requests) {
    const { client, timestamp, operations } = request
    if (state.config.standing(request) === 'executed') {
      repeated++
      repeatedBytes += operations.length
      continue // serves no client
    }
    clients.add(client)
    const entry = state.requests.waiting.entry(client, timestamp)
    if (entry !== null) entry.isOrdered = true
  }
  const { requests, bytes } = batch
  const taken = { requests: requests.length - repeated, bytes: bytes.length - repeatedBytes }
  if (requests.length === 0 || !hadRoom(taken) || !isNext(state, sequence)) return
  for (const entry of state.requests.waiting.oldestEntries(WATCHED_MAX)) {
    if (clients.has(entry.request.client)) entry.passedOver = 0
    else if (isKnownToPrimary(state, entry)) passOver(state, entry)
  }
}

/** True if the batch had room for any further request, repeated requests not counted. */
const hadRoom = (taken: { readonly requests: number; readonly bytes: number }): boolean =>
  taken.requests < BATCH_REQUESTS_MAX && taken.bytes + REQUEST_BYTES_MAX <= BATCH_BYTES_MAX

/** True if no earlier batch is missing that could contain the request that seems passed over. */
function isNext(state: ReplicaState, sequence: number): boolean {
  if (sequence > state.ordering.lastExecuted + 2 * PIPELINE_WINDOW) return false
  for (let before = state.ordering.lastExecuted + 1; before < sequence; before++) {
    const slot = state.ordering.slots.get(before as Sequence)
    if (slot === undefined || slot.accepted === null) return false
  }
  return true
}

/** True if the request was relayed so long ago that it must have reached the primary. */
const isKnownToPrimary = (state: ReplicaState, { isOrdered, relayedTick }: WaitingRequest): boolean =>
  !isOrdered && relayedTick + RELAY_AFTER_TICKS < state.clock.ticks

function passOver(state: ReplicaState, entry: WaitingRequest): void {
  entry.passedOver++
  const waited = state.clock.ticks - entry.relayedTick
  if (entry.passedOver >= PASSED_OVER_MAX && waited >= PASSED_OVER_TICKS) complain(state, 'unfair', null)
}

/**
 * Notes an executed batch. `acceptedTick` is the tick at which this replica accepted its pre-prepare; Infinity if it
 * did not. Ordering an executed request again does not count as delivered.
 * @rule 5.4
 */
export function noteDelivered(
  state: ReplicaState,
  delivered: { readonly batch: Batch; readonly acceptedTick: number; readonly newBytes: number },
): void {
  const { monitor } = state.suspicion
  const { ticks } = state.clock
  const { batch, acceptedTick, newBytes } = delivered
  if (!state.views.isActive) return
  for (const { client, timestamp } of batch.requests) {
    const entry = state.requests.waiting.size === 0 ? null : state.requests.waiting.entry(client, timestamp)
    // A request that waits for many others of its own client shows nothing about the primary.
    if (entry === null || !entry.isSample || acceptedTick > ticks) continue
    monitor.served({ arrivedTick: entry.arrivedTick, acceptedTick, tick: ticks })
  }
  monitor.executed(newBytes, ticks)
}

/**
 * Blacklists a replica against which there is evidence; if it is the current primary, complains about it.
 * @rule 1.5 5.4
 */
export function blameEquivocator(state: ReplicaState, guilty: ReplicaId): void {
  if (guilty === state.config.id) return
  if (guilty === primary(state)) complain(state, 'equivocating', null)
  else
    state.suspicion.blacklist.add({
      replica: guilty,
      complaint: 'equivocating',
      figures: null,
      tick: state.clock.ticks,
    })
}

/**
 * Notes that the current view must end, and why. Only the first reason counts.
 * @rule 5.4
 */
export function complain(state: ReplicaState, complaint: Complaint, figures: Figures | null): void {
  if (state.suspicion.complaint !== null) return
  state.suspicion.complaint = { complaint, figures, tick: state.clock.ticks }
  state.catchUp.lastStatusTick = Number.NEGATIVE_INFINITY // sends STATUS with the complaint at once
}
