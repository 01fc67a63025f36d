/**
 * The contents of VIEW-CHANGEs without signatures, in short form; and a second implementation of rules 4.4 and 4.5,
 * from their text alone.
 */
import { toHex } from '../../src/base/bytes.ts'
import type { ReplicaId, Sequence, View } from '../../src/base/ids.ts'
import { quorum, weakQuorum } from '../../src/base/quorum.ts'
import type { Choice, Content } from '../../src/messages/content.ts'
import type { Batch, Decision, Verified } from '../../src/messages/message.ts'
import type {
  CheckpointClaim,
  OralNewView,
  OralRecollection,
  OralViewChange,
  OrderClaim,
  Reminder,
  ViewChangeAck,
  ViewChangeDelivery,
  ViewChangeFetch,
} from '../../src/messages/oral/message.ts'
import type { ChoiceForm, ViewChangeClaims } from '../../src/pbft/oral/new-view-choice.ts'
import { type ClusterKit, hash, seedOf } from './cluster-kit.ts'

/** Digests of three batches, and of the null batch. */
export const [NULL, A, B, C] = [10, 11, 12, 13].map((seed) => hash(seedOf(seed))) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
]

/** L; K is half of it. */
export const WINDOW = 8

export const formFor = (n: number): ChoiceForm => ({ n, logWindow: WINDOW, nullDigest: NULL })

export const claim = (sequence: number, digest: Uint8Array, view = 0): OrderClaim => ({
  sequence: sequence as Sequence,
  view: view as View,
  digest,
})

export const held = (sequence: number, root: Uint8Array): CheckpointClaim => ({
  sequence: sequence as Sequence,
  root,
})

export interface ClaimsOptions {
  readonly h?: number
  /** C */
  readonly checkpoints?: readonly CheckpointClaim[]
  /** P */
  readonly p?: readonly OrderClaim[]
  /** Qset; by default the batches of P. */
  readonly q?: readonly OrderClaim[]
}

export const claimsOf = (sender: number, options: ClaimsOptions = {}): ViewChangeClaims => {
  const { h = 0, checkpoints = [], p = [], q = p } = options
  return {
    sender: sender as ReplicaId,
    lowWatermark: h as Sequence,
    checkpoints,
    preparedClaims: p,
    prePrepareClaims: q,
  }
}

/** Numbers them all from 0 on. */
export const claimsOfAll = (said: readonly ClaimsOptions[]): ViewChangeClaims[] =>
  said.map((options, sender) => claimsOf(sender, options))

const isSame = (a: Uint8Array, b: Uint8Array): boolean => toHex(a) === toHex(b)

/** True if there is a group of this many VIEW-CHANGEs of distinct senders in which each member passes. */
function hasGroup(
  claims: readonly ViewChangeClaims[],
  size: number,
  passes: (one: ViewChangeClaims) => boolean,
): boolean {
  if (size === 0) return true
  return claims.some((one, at) => {
    const rest = claims.slice(at + 1).filter(({ sender }) => sender !== one.sender)
    return passes(one) && hasGroup(rest, size - 1, passes)
  })
}

/** Rule 4.4 from its text: (s, root) as one string, or null. */
export function checkpointByText(claims: readonly ViewChangeClaims[], n: number): string | null {
  const first = held(0, new Uint8Array(0))
  const listed = claims.flatMap(({ checkpoints }) => checkpoints)
  const all = [...listed, first].filter(
    ({ sequence, root }) =>
      hasGroup(claims, quorum(n), ({ lowWatermark }) => lowWatermark <= sequence) &&
      hasGroup(claims, weakQuorum(n), ({ checkpoints, lowWatermark }) => {
        const said = lowWatermark === 0 ? [...checkpoints, first] : checkpoints
        return said.some((one) => one.sequence === sequence && isSame(one.root, root))
      }),
  )
  const [highest] = all.sort((a, b) => b.sequence - a.sequence || (toHex(a.root) < toHex(b.root) ? -1 : 1))
  return highest === undefined ? null : `${highest.sequence} ${toHex(highest.root)}`
}

/** A1, A2 and B of rule 4.5 from its text. */
export function isAllowedByText(
  claims: readonly ViewChangeClaims[],
  n: number,
  choice: { readonly sequence: number; readonly digest: Uint8Array },
): { readonly byA: boolean; readonly byB: boolean } {
  const { sequence, digest } = choice
  const entries = (list: readonly OrderClaim[]) => list.filter((each) => each.sequence === sequence)
  const byA = claims.some(({ preparedClaims }) =>
    entries(preparedClaims)
      .filter((each) => isSame(each.digest, digest))
      .some(
        ({ view }) =>
          hasGroup(
            claims,
            quorum(n),
            (one) =>
              one.lowWatermark < sequence &&
              entries(one.preparedClaims).every(
                (each) => each.view < view || (each.view === view && isSame(each.digest, digest)),
              ),
          ) &&
          hasGroup(claims, weakQuorum(n), (one) =>
            entries(one.prePrepareClaims).some((each) => each.view >= view && isSame(each.digest, digest)),
          ),
      ),
  )
  const isSilent = hasGroup(
    claims,
    quorum(n),
    (one) => one.lowWatermark < sequence && entries(one.preparedClaims).length === 0,
  )
  return { byA, byB: isSame(digest, NULL) && isSilent }
}

const said = (kit: ClusterKit, sender: number, content: Content) =>
  kit.accept(kit.frameOf(sender, content), kit.replicaPeer(sender))

/** VIEW-CHANGE of `sender` for `view` with any claims; only its encoding is well-formed. */
export const viewChangeOf = (
  kit: ClusterKit,
  sender: number,
  view: number,
  options: ClaimsOptions = {},
): Verified<OralViewChange> => {
  const { sender: _sender, ...claims } = claimsOf(sender, options)
  const content = { kind: 'oral-view-change', view: view as View, ...claims } as const
  return said(kit, sender, content) as Verified<OralViewChange>
}

export const viewChangesOf = (
  kit: ClusterKit,
  senders: readonly number[],
  view: number,
  options: ClaimsOptions = {},
) => senders.map((sender) => viewChangeOf(kit, sender, view, options))

/** VIEW-CHANGE-ACK: `sender` acknowledges this VIEW-CHANGE of the replica that it names. */
export const ackOf = (
  kit: ClusterKit,
  sender: number,
  { view, sender: of, digest }: Pick<OralViewChange, 'view' | 'sender' | 'digest'>,
) => said(kit, sender, { kind: 'view-change-ack', view, of, digest }) as Verified<ViewChangeAck>

export const fetchOf = (
  kit: ClusterKit,
  sender: number,
  { view, sender: of, digest }: Pick<OralViewChange, 'view' | 'sender' | 'digest'>,
) => said(kit, sender, { kind: 'view-change-fetch', view, of, digest }) as Verified<ViewChangeFetch>

export const deliveryOf = (kit: ClusterKit, sender: number, viewChange: OralViewChange) =>
  said(kit, sender, { kind: 'view-change-delivery', viewChange }) as Verified<ViewChangeDelivery>

/** NEW-VIEW of `view`'s primary, or of `sender`, with this V, this checkpoint and the digests after it. */
export const oralNewViewOf = (
  kit: ClusterKit,
  view: number,
  parts: {
    readonly viewChanges: readonly Pick<OralViewChange, 'sender' | 'digest'>[]
    readonly checkpoint?: CheckpointClaim
    readonly digests?: readonly Uint8Array[]
    readonly sender?: number
  },
) => {
  const { viewChanges, digests = [], checkpoint = held(0, new Uint8Array(0)), sender = view % kit.n } = parts
  const choices = digests.map(
    (digest, at): Choice => ({ sequence: (checkpoint.sequence + 1 + at) as Sequence, digest }),
  )
  const cited = viewChanges.map((one) => ({ sender: one.sender, digest: one.digest }))
  const content = { kind: 'oral-new-view', view: view as View, cited, checkpoint, choices } as const
  return said(kit, sender, content) as Verified<OralNewView>
}

/** DECISION: `sender` reports that this batch was decided. */
export const decisionOf = (
  kit: ClusterKit,
  sender: number,
  { sequence, batch, view = 0 }: { readonly sequence: number; readonly batch: Batch; readonly view?: number },
) => {
  const place = { view: view as View, sequence: sequence as Sequence }
  return said(kit, sender, { kind: 'decision', ...place, batch, commits: [] }) as Verified<Decision>
}

export const recollectionOf = (kit: ClusterKit, sender: number, reminders: readonly Reminder[], nonce = 1) =>
  said(kit, sender, { kind: 'oral-recollection', nonce, reminders }) as Verified<OralRecollection>
