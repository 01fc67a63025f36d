/**
 * Requests with MACs, the paper's setting: rule 4.10. A client can make a request that one replica takes for its own and
 * another cannot. So a batch that holds one waits here until W PREPAREs vouch for it: then a correct replica could check
 * it. Nothing waits without end: the requests behind it end the view.
 *
 * A replica that finds such a request sends a MAC-COMPLAINT about its client to all. The client must sign once W
 * complain, or once the primary does, which could not propose what it cannot check; backups do not wait for it to. A lie
 * costs a client that did nothing wrong its MACs and no more: what is signed is taken by everybody.
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

/** Clients of whom one replica's complaints are kept, more than a cluster begins with; its oldest are forgotten. */
const COMPLAINTS_MAX = 2_048

/**
 * True if a pre-prepare cannot be accepted yet: it is kept then, and its clients are complained of.
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
 * The pre-prepare that waits at this slot, once W PREPAREs vouch for it; null before.
 * @rule 4.10
 */
export function vouchedFor({ oral, config }: ReplicaState, slot: Slot): Verified<PrePrepare> | null {
  const waiting = oral.doubts.prePrepares.get(slot.sequence)
  if (waiting === undefined || slot.accepted !== null) return null
  return vouchersOf(slot, waiting.digest) >= weakQuorum(config.n) ? waiting : null
}

const vouchersOf = (slot: Slot, digest: Uint8Array): number =>
  votesOf(slot, 'prepare').filter((vote) => vote !== null && equalBytes(vote.digest, digest)).length

/**
 * Sends a complaint about each client, whose request was relayed or batched; again when it comes again: one may be lost.
 */
export function sendMacComplaints({ state, effects }: Turn, clients: readonly ClientId[]): void {
  for (const client of clients) {
    effects.push({ kind: 'broadcast', outgoing: { kind: 'mac-complaint', client } })
    noteComplaint(state, client, state.config.id)
  }
}

/**
 * Another replica found a wrong MAC under a request of this client.
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
  // What waits of it is neither proposed nor waited for: it comes again with a signature.
  if (mustSign(state, client)) state.requests.waiting.drop(client, (request) => !isSigned(request))
}

/** True if a complaint says something new. */
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

/** The MACs for all replicas have another length in clusters of every size. */
const isSigned = ({ authentication }: Request): boolean => authentication.length === SIGNATURE_BYTES
