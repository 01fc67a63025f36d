/** The state that a replica keeps in oral mode only: TOCS 2002 section 4.5. This file holds data only. */
import { toHex } from '../../base/bytes.ts'
import type { ClientId, ReplicaId, Sequence, View } from '../../base/ids.ts'
import type { Choice } from '../../messages/content.ts'
import type { CheckpointCertificate, PrePrepare, PrePrepareHeader, Verified } from '../../messages/message.ts'
import type { OralNewView, OralViewChange, OrderClaim } from '../../messages/oral/message.ts'

/** Qset: for each s, the latest view of each digest that this replica pre-prepared, in the order of the views. */
export type PrePrepareClaims = Map<Sequence, readonly OrderClaim[]>

/** The digests of VIEW-CHANGEs, by sender. */
export type Digests = (Uint8Array | null)[]

/** The state kept for requests whose MACs are wrong for this replica, if requests have MACs. */
export interface Doubts {
  /**
   * Pre-prepares of the current view that too few replicas vouch for yet, one for each sequence number of the window.
   */
  readonly prePrepares: Map<Sequence, Verified<PrePrepare>>
  /** The clients under whose requests each replica found a wrong MAC, by replica. */
  readonly complaints: readonly Set<ClientId>[]
}

export interface OralState {
  /** Qset, from the views that this replica left. */
  readonly prePrepareClaims: PrePrepareClaims
  /** The first VIEW-CHANGE of each replica for the current view, received from that replica itself. */
  readonly received: (OralViewChange | null)[]
  /** The VIEW-CHANGEs for `view` that this replica acknowledged, by sender. */
  acked: { readonly view: View; readonly digests: Digests }
  /** The acknowledgements of each replica, for the current and later views. */
  readonly acks: readonly Map<View, Digests>[]
  /**
   * The NEW-VIEW of each primary that is not judged yet, because VIEW-CHANGEs or acknowledgements that it needs are
   * missing.
   */
  readonly awaited: (Verified<OralNewView> | null)[]
  /** The cited VIEW-CHANGEs that were fetched, by the hex of their digests. */
  readonly fetched: Map<string, OralViewChange>
  /** The sequence number of the next batch to execute, and the tick since when. */
  next: { readonly sequence: Sequence; readonly tick: number }
  /** The batches that this replica still needs to make its NEW-VIEW (A3). */
  lacking: readonly Choice[]
  /** Choices of the current NEW-VIEW that lie above H. */
  choicesAhead: readonly PrePrepareHeader[]
  readonly doubts: Doubts
  /** The highest checkpoint that W replicas vouch for, whose state is worth fetching. It does not move h. */
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

/** Returns the key of a digest in a map. */
export const digestKey = (digest: Uint8Array): string => toHex(digest)

export const digestOf = (digests: Digests | undefined, of: ReplicaId): Uint8Array | null =>
  digests?.[of] ?? null
