/**
 * A replica's memory of the views that it left. It claims this memory without proof: TOCS 2002 section 4.5.2. Keeps
 * rules 4.1 and 4.2. P is held in `preparedCertificates`; Qset is kept here.
 */
import { equalBytes } from '../../base/bytes.ts'
import type { ReplicaId } from '../../base/ids.ts'
import { prePrepareClaimsMax } from '../../messages/oral/body.ts'
import type { CheckpointClaim, OralViewChangeContent, OrderClaim } from '../../messages/oral/message.ts'
import { isInWindow } from '../checkpoints/watermarks.ts'
import { persist } from '../durability.ts'
import { hasBatch } from '../ordering/ordering-state.ts'
import type { Slot } from '../ordering/slot.ts'
import type { ReplicaState, Turn } from '../state.ts'

/**
 * Adds a claim to those of one s. It replaces an earlier one for its digest; the latest f + 2 digests are kept.
 * @rule 4.1
 */
export function withPrePrepare(
  claims: readonly OrderClaim[],
  claim: OrderClaim,
  n: number,
): readonly OrderClaim[] {
  const others = claims.filter(({ digest }) => !equalBytes(digest, claim.digest))
  return [...others, claim].slice(-prePrepareClaimsMax(n))
}

/**
 * Adds the batches that were pre-prepared in the current view to Qset, and drops claims at or below h. Called before
 * the view is left. Skips a slot whose batch this replica lacks: it accepted the pre-prepare, but no other replica
 * knows that.
 * @rule 4.1
 */
export function gatherPrePrepares(state: ReplicaState): void {
  const { slots } = state.ordering
  const { lowWatermark } = state.checkpoints
  const { prePrepareClaims } = state.oral
  for (const sequence of prePrepareClaims.keys()) {
    if (sequence <= lowWatermark) prePrepareClaims.delete(sequence)
  }
  for (const slot of slots.values()) {
    const claim = prePreparedIn(state, slot)
    if (claim === null) continue
    notePrePrepared(state, [claim])
  }
}

/** Adds claims to Qset, in the order of their views. */
export function notePrePrepared({ oral, config }: ReplicaState, claims: readonly OrderClaim[]): void {
  for (const claim of claims) {
    const known = oral.prePrepareClaims.get(claim.sequence) ?? []
    oral.prePrepareClaims.set(claim.sequence, withPrePrepare(known, claim, config.n))
  }
}

/**
 * Logs again, before the log is trimmed, what only its older records hold. No record of a sequence number holds a
 * choice of a NEW-VIEW, and none at all holds an acknowledgement.
 * @rule 4.1 4.3 6
 */
export function persistOralAgain(turn: Turn): void {
  const { oral } = turn.state
  const { view } = turn.state.views
  const claims = [...oral.prePrepareClaims.values()].flat()
  if (claims.length > 0) persist(turn, { kind: 'pre-prepared', claims })
  if (oral.acked.view !== view) return
  for (const [of, digest] of oral.acked.digests.entries()) {
    if (digest !== null) persist(turn, { kind: 'acknowledged', view, of: of as ReplicaId, digest })
  }
}

function prePreparedIn(state: ReplicaState, slot: Slot): OrderClaim | null {
  const { accepted, sequence } = slot
  if (accepted === null || sequence <= state.checkpoints.lowWatermark) return null
  if (!hasBatch(state, slot, accepted.digest)) return null
  return { sequence, view: accepted.view, digest: accepted.digest }
}

/**
 * Returns VIEW-CHANGE(v', h, C, P, Qset).
 * @rule 4.2
 */
export function oralViewChangeContent(state: ReplicaState): OralViewChangeContent {
  const { view } = state.views
  const { lowWatermark } = state.checkpoints
  const { preparedCertificates } = state.ordering
  const inOrder = (a: OrderClaim, b: OrderClaim): number => a.sequence - b.sequence
  const preparedClaims = [...preparedCertificates.values()]
    .map(({ prePrepare }): OrderClaim => {
      const { sequence, view, digest } = prePrepare
      return { sequence, view, digest }
    })
    .filter(({ sequence }) => isInWindow(state, sequence))
  return {
    kind: 'oral-view-change',
    view,
    lowWatermark,
    checkpoints: checkpointClaims(state),
    preparedClaims: preparedClaims.sort(inOrder),
    // The sort is stable: the claims of one s stay in the order of their views.
    prePrepareClaims: [...state.oral.prePrepareClaims.values()]
      .flat()
      .filter(({ sequence }) => isInWindow(state, sequence))
      .sort(inOrder),
  }
}

/**
 * Returns C: the stable checkpoint, and this replica's checkpoints above it.
 * @rule 4.2
 */
function checkpointClaims(state: ReplicaState): readonly CheckpointClaim[] {
  const { stable, ownRoots } = state.checkpoints
  const first = stable.sequence === 0 ? [] : [{ sequence: stable.sequence, root: stable.root }]
  const own = [...ownRoots]
    .map(([sequence, root]): CheckpointClaim => ({ sequence, root }))
    .filter(({ sequence }) => isInWindow(state, sequence))
  return [...first, ...own.sort((a, b) => a.sequence - b.sequence)]
}
