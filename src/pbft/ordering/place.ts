/**
 * The place of a message in the order: its view and sequence number relative to those of this replica, and the message
 * already known for them. Handlers decide by it, and so does the relevance check that precedes signature verification.
 */
import { equalBytes } from '../../base/bytes.ts'
import type { Sequence, View } from '../../base/ids.ts'
import { isInWindow } from '../checkpoints/watermarks.ts'
import type { ReplicaState } from '../state.ts'
import { isAhead } from '../views/view-state.ts'

/** Of a later view; of an earlier view; of this view but outside the window; or of this view and in the window. */
export type Place = 'early' | 'past' | 'outside' | 'open'

/**
 * The place of a PRE-PREPARE, PREPARE or COMMIT.
 * @rule 1.2 1.5
 */
export function placeOf(
  state: ReplicaState,
  { view, sequence }: { readonly view: View; readonly sequence: Sequence },
): Place {
  if (isAhead(state, view)) return 'early'
  if (view !== state.views.view) return 'past'
  return isInWindow(state, sequence) ? 'open' : 'outside'
}

/** The sender's first message in its place; the same message again; or a conflicting one, which is always evidence. */
export type Novelty = 'first' | 'same' | 'conflicting'

/** Compares the digest of a message with the known one in its place. */
export function noveltyOf(known: Uint8Array | null | undefined, digest: Uint8Array): Novelty {
  if (known === null || known === undefined) return 'first'
  return equalBytes(known, digest) ? 'same' : 'conflicting'
}
