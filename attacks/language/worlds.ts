/** Two histories that traitors keep apart: all traitors show each half of the correct replicas its own history. */
import type { Change } from './mutations.ts'
import { otherBatch } from './mutations.ts'

const noteOf = (view: number, sequence: number): string => `other world ${view} ${sequence}`

/** As primary, proposes another batch to the other half, and notes it for the other traitors. */
export const otherWorld: Change = (content, place) => {
  const changed = otherBatch(content, place)
  if (changed.kind === 'pre-prepare') {
    const { view, sequence, batch } = changed
    place.board.notes.set(noteOf(view, sequence), batch.digest)
  }
  return changed
}

/** Votes for the batch that was shown to the other half. */
export const voteInOtherWorld: Change = (content, { board }) => {
  if (content.kind !== 'prepare' && content.kind !== 'commit') return content
  const digest = board.notes.get(noteOf(content.view, content.sequence))
  return digest instanceof Uint8Array ? { ...content, digest } : content
}
