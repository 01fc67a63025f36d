/**
 * Requests with MACs, as in the paper: rule 4.10. A client can make a request whose MAC is right for one replica and
 * wrong for another. A replica that finds a wrong MAC keeps the batch until W PREPAREs vouch for it: then a correct
 * replica could verify the request. The wait is limited, because the requests behind the batch end the view.
 *
 * A replica that finds such a request broadcasts a MAC-COMPLAINT about its client. The client must sign once W replicas
 * complain, or once the primary does, since the primary cannot propose a request that it cannot verify. Backups do not
 * wait for the client to sign. A false complaint costs a correct client only the use of MACs: every replica accepts
 * signed requests.
 */
import { equalBytes } from '../../base/bytes.ts'
import type { ClientId, ReplicaId } from '../../base/ids.ts'
import { weakQuorum } from '../../base/quorum.ts'
import { SIGNATURE_BYTES } from '../../messages/limits.ts'
import type { PrePrepare, Request, Verified } from '../../messages/message.ts'
import type { MacComplaint } from '../../messages/oral/message.ts'
import { type Slot, votesOf } from '../ordering/slot.ts'
import { HELD_BACK_MAX } from '../parameters.ts'
import type { ReplicaState, Turn } from '../state.ts'
import { primary } from '../views/view-state.ts'

/**
 * The number of clients for which one replica's complaints are kept; more than a cluster begins with. The oldest are
 * dropped.
 */
const COMPLAINTS_MAX = 2_048

/**
 * True if a pre-prepare cannot be accepted yet. Keeps it, and complains about the clients whose MACs are wrong.
 * @rule 4.10
 */
export function isDoubted(turn: Turn, slot: Slot, prePrepare: Verified<PrePrepare>): boolean {
  const { state } = turn
  const { prePrepares } = state.oral.doubts
  const { doubtful = [], sequence, digest } = prePrepare
  if (doubtful.length === 0) return false
  sendMacComplaints(turn, doubtful)
  const isVouchedFor = slot.decided !== null || vouchersOf(slot, digest) >= weakQuorum(state.config.n)
  if (isVouchedFor) prePrepares.delete(sequence)
  else if (prePrepares.size < HELD_BACK_MAX || prePrepares.has(sequence))
    prePrepares.set(sequence, prePrepare)
  return !isVouchedFor
}

/**
 * Returns the pre-prepare that waits at this slot, once W PREPAREs vouch for it; null before.
 * @rule 4.10
 */
export function vouchedFor({ oral, config }: ReplicaState, slot: Slot): Verified<PrePrepare> | null {
  const waiting = oral.doubts.prePrepares.get(slot.sequence)
  if (waiting === undefined || slot.accepted !== null) return null
  return vouchersOf(slot, waiting.digest) >= weakQuorum(config.n) ? waiting : null
}

const vouchersOf = (slot: Slot, digest: Uint8Array): number =>
  votesOf(slot, 'prepare').filter((vote) => vote !== null && equalBytes(vote.digest, digest)).length

/** Broadcasts a complaint about each of these clients, and repeats it with each further request: one may be lost. */
export function sendMacComplaints({ state, effects }: Turn, clients: readonly ClientId[]): void {
  for (const client of clients) {
    effects.push({ kind: 'broadcast', outgoing: { kind: 'mac-complaint', client } })
    noteComplaint(state, client, state.config.id)
  }
}

/**
 * Handles another replica's complaint that it found a wrong MAC under a request of this client.
 * @rule 4.10
 */
export function onMacComplaint({ state }: Turn, { client, sender }: Verified<MacComplaint>): void {
  noteComplaint(state, client, sender)
}

function noteComplaint(state: ReplicaState, client: ClientId, by: ReplicaId): void {
  const known = state.oral.doubts.complaints[by]
  if (known === undefined) return
  known.add(client)
  const [oldest] = known
  if (known.size > COMPLAINTS_MAX && oldest !== undefined) known.delete(oldest)
  // Drops the client's unsigned requests: it will send them again with a signature.
  if (mustSign(state, client)) state.requests.waiting.drop(client, (request) => !isSigned(request))
}

/** True if no complaint of this replica about this client is known yet. */
export const isNewComplaint = ({ oral }: ReplicaState, { client, sender }: MacComplaint): boolean =>
  oral.doubts.complaints[sender]?.has(client) === false

/**
 * True if a request is refused because its client must sign and did not.
 * @rule 4.10
 */
export const lacksSignature = (state: ReplicaState, request: Request): boolean =>
  !isSigned(request) && mustSign(state, request.client)

function mustSign(state: ReplicaState, client: ClientId): boolean {
  const { complaints } = state.oral.doubts
  const count = complaints.filter((clients) => clients.has(client)).length
  return count >= weakQuorum(state.config.n) || complaints[primary(state)]?.has(client) === true
}

/** The length decides: in no size of cluster are the MACs for all replicas as long as a signature. */
const isSigned = ({ authentication }: Request): boolean => authentication.length === SIGNATURE_BYTES
