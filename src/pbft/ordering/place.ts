/**
 * The place of a message in the order: its view and sequence number against those here, and the message known there
 * already. A handler acts by it, and the relevance of a message is judged by it before its signature is checked.
 */
import { equalBytes } from '../../base/bytes.ts'
import type { Sequence, View } from '../../base/ids.ts'
import { isInWindow } from '../checkpoints/watermarks.ts'
import type { ReplicaState } from '../state.ts'
import { isAhead } from '../views/view-state.ts'

/** For a view that is not entered yet; for one that is left; outside the window; or in both, and open. */
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

/** The first message of its sender in its place; the same once more; or another one, which is evidence, even late. */
export type Novelty = 'first' | 'same' | 'conflicting'

/** Compares the digest of a message with the known one in its place. */
export function noveltyOf(known: Uint8Array | null | undefined, digest: Uint8Array): Novelty {
  if (known === null || known === undefined) return 'first'
  return equalBytes(known, digest) ? 'same' : 'conflicting'
}
