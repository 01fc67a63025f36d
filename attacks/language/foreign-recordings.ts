/** The traitors' material from another cluster with the same keys: recordings, and frames that they sign for it. */
import { kindIn } from '../../src/messages/frame.ts'
import type { FrameKindName } from '../../src/messages/kinds.ts'
import type { Blackboard } from './adversary-context.ts'

/** The note under which the recordings stand. */
export const FOREIGN_RECORDINGS = 'frames of another cluster'

/** The recorded frames of these kinds; empty without recordings. */
export function recorded(board: Blackboard, ...kinds: readonly FrameKindName[]): readonly Uint8Array[] {
  const frames = (board.notes.get(FOREIGN_RECORDINGS) ?? []) as readonly Uint8Array[]
  return frames.filter((frame) => {
    const kind = kindIn(frame)
    return kind !== null && kinds.includes(kind)
  })
}

/** The id of another cluster. */
export const otherCluster = (clusterId: Uint8Array): Uint8Array => clusterId.map((byte) => byte ^ 0xff)
