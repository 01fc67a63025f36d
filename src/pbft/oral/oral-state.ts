/** The state that a replica keeps in oral mode only: TOCS 2002 section 4.5. Data only. */
import { toHex } from '../../base/bytes.ts'
import type { ClientId, ReplicaId, Sequence, View } from '../../base/ids.ts'
import type { Choice } from '../../messages/content.ts'
import type { CheckpointCertificate, PrePrepare, PrePrepareHeader, Verified } from '../../messages/message.ts'
import type { OralNewView, OralViewChange, OrderClaim } from '../../messages/oral/message.ts'

/** Qset: for each s, the latest view of each digest that was pre-prepared here, the latest last. */
export type PrePrepareClaims = Map<Sequence, readonly OrderClaim[]>

/** By the sender of the VIEW-CHANGE. */
export type Digests = (Uint8Array | null)[]

/** The state kept for requests whose MACs are wrong here, when requests have MACs. */
export interface Doubts {
  /** Pre-prepares of the current view for which nobody vouches yet; one for each sequence number of the window. */
  readonly prePrepares: Map<Sequence, Verified<PrePrepare>>
  /** By replica, the clients under whose requests it found a wrong MAC. */
  readonly complaints: readonly Set<ClientId>[]
}

export interface OralState {
  /** Qset, of the views that were left. */
  readonly prePrepareClaims: PrePrepareClaims
  /** Each replica's first VIEW-CHANGE for the current view, as it came from that replica itself. */
  readonly received: (OralViewChange | null)[]
  /** The VIEW-CHANGEs for `view` that this replica acknowledged, by sender. */
  acked: { readonly view: View; readonly digests: Digests }
  /** The acknowledgements of each replica, for views that are not over. */
  readonly acks: readonly Map<View, Digests>[]
  /** Each primary's NEW-VIEW that is still to be judged: VIEW-CHANGEs of it, or acknowledgements, are lacking. */
  readonly awaited: (Verified<OralNewView> | null)[]
  /** The cited VIEW-CHANGEs that were fetched, by the hex of their digests. */
  readonly fetched: Map<string, OralViewChange>
  /** Which batch is the next to execute, and since when. */
  next: { readonly sequence: Sequence; readonly tick: number }
  /** Batches that the NEW-VIEW which this replica is to make waits for (A3). */
  lacking: readonly Choice[]
  /** Choices of the current NEW-VIEW that lie above H. */
  choicesAhead: readonly PrePrepareHeader[]
  readonly doubts: Doubts
  /** The highest checkpoint that W replicas vouch for: a state worth fetching. h does not move for it. */
  vouched: CheckpointCertificate | null
}

export function createOralState(n: number): OralState {
  return {
    prePrepareClaims: new Map(),
    received: new Array(n).fill(null),
    acked: { view: 0 as View, digests: new Array(n).fill(null) },
    acks: Array.from({ length: n }, () => new Map()),
    awaited: new Array(n).fill(null),
    fetched: new Map(),
    next: { sequence: 0 as Sequence, tick: 0 },
    lacking: [],
    choicesAhead: [],
    doubts: { prePrepares: new Map(), complaints: Array.from({ length: n }, () => new Set()) },
    vouched: null,
  }
}

/** The key that stands for a digest in a map. */
export const digestKey = (digest: Uint8Array): string => toHex(digest)

export const digestOf = (digests: Digests | undefined, of: ReplicaId): Uint8Array | null =>
  digests?.[of] ?? null
