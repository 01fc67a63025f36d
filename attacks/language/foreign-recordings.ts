/**
 * Material that traitors have from another cluster with the same keys: recordings, and what they sign for it
 * themselves.
 */
import { kindIn } from '../../src/messages/frame.ts'
import type { FrameKindName } from '../../src/messages/kinds.ts'
import type { Blackboard } from './adversary-context.ts'

/** The note under which the recordings stand. */
export const FOREIGN_RECORDINGS = 'frames of another cluster'

/** Frames of these kinds that passed there; none where there are no recordings. */
export function recorded(board: Blackboard, ...kinds: readonly FrameKindName[]): readonly Uint8Array[] {
  const frames = (board.notes.get(FOREIGN_RECORDINGS) ?? []) as readonly Uint8Array[]
  return frames.filter((frame) => {
    const kind = kindIn(frame)
    return kind !== null && kinds.includes(kind)
  })
}

/** The id of a cluster that is not this one. */
export const otherCluster = (clusterId: Uint8Array): Uint8Array => clusterId.map((byte) => byte ^ 0xff)
