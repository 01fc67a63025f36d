/**
 * A backup's observations of its primary: how long requests wait that came here too, what is executed, and whom the
 * batches pass over. Keeps rule 5.4; `slow-primary.ts` draws the conclusions.
 */
import type { ClientId, ReplicaId, Sequence } from '../../base/ids.ts'
import { BATCH_BYTES_MAX, BATCH_REQUESTS_MAX, REQUEST_BYTES_MAX } from '../../messages/limits.ts'
import type { Batch, Complaint } from '../../messages/message.ts'
import type { WaitingRequest } from '../ordering/request-queue.ts'
import { PASSED_OVER_MAX, PASSED_OVER_TICKS, PIPELINE_WINDOW, RELAY_AFTER_TICKS } from '../parameters.ts'
import type { ReplicaState } from '../state.ts'
import type { Figures } from './primary-monitor.ts'
import { isPrimary, primary } from './view-state.ts'

/** Waiting requests, the oldest first, that are watched for being passed over. */
const WATCHED_MAX = 64

/**
 * A pre-prepare was accepted: what it holds is ordered, and what it had room for was passed over. What was executed before
 * takes no room and serves nobody. The null batches of a recovery take nothing.
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
      continue // serves nobody
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

/** Whatever waited at its primary would have been taken: any request fits in, where nothing is repeated. */
const hadRoom = (taken: { readonly requests: number; readonly bytes: number }): boolean =>
  taken.requests < BATCH_REQUESTS_MAX && taken.bytes + REQUEST_BYTES_MAX <= BATCH_BYTES_MAX

/** Nothing is missing in front of it that could hold what seems to be passed over. */
function isNext(state: ReplicaState, sequence: number): boolean {
  if (sequence > state.ordering.lastExecuted + 2 * PIPELINE_WINDOW) return false
  for (let before = state.ordering.lastExecuted + 1; before < sequence; before++) {
    const slot = state.ordering.slots.get(before as Sequence)
    if (slot === undefined || slot.accepted === null) return false
  }
  return true
}

/** It was passed on so long ago that it must have arrived. */
const isKnownToPrimary = (state: ReplicaState, { isOrdered, relayedTick }: WaitingRequest): boolean =>
  !isOrdered && relayedTick + RELAY_AFTER_TICKS < state.clock.ticks

function passOver(state: ReplicaState, entry: WaitingRequest): void {
  entry.passedOver++
  const waited = state.clock.ticks - entry.relayedTick
  if (entry.passedOver >= PASSED_OVER_MAX && waited >= PASSED_OVER_TICKS) complain(state, 'unfair', null)
}

/**
 * A batch was executed. `acceptedTick` is when its pre-prepare was accepted here, Infinity where it was not. Nobody gets
 * more delivered by ordering again what was executed before.
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
    // A request that waits behind many others of its own client says nothing about the primary.
    if (entry === null || !entry.isSample || acceptedTick > ticks) continue
    monitor.served({ arrivedTick: entry.arrivedTick, acceptedTick, tick: ticks })
  }
  monitor.executed(newBytes, ticks)
}

/**
 * There is evidence against this replica: it does not lead for a while, and not now.
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
 * Notes that the current view must end, and why: the first reason counts.
 * @rule 5.4
 */
export function complain(state: ReplicaState, complaint: Complaint, figures: Figures | null): void {
  if (state.suspicion.complaint !== null) return
  state.suspicion.complaint = { complaint, figures, tick: state.clock.ticks }
  state.catchUp.lastStatusTick = Number.NEGATIVE_INFINITY // the others hear it at once
}
