/**
 * What oral mode knows without having been sent it as such: in the form of the message that would say it, with no
 * authentication. It stands in the own log and is never sent.
 */
import { assert } from '../../base/assert.ts'
import type { ReplicaId, Sequence, View } from '../../base/ids.ts'
import { decodeCited } from '../cited.ts'
import { encodeFrame } from '../frame.ts'
import { FRAME_KINDS } from '../kinds.ts'
import type { PrePrepareHeader, Vote } from '../message.ts'
import { packPayload } from '../payload.ts'
import { isRejection } from '../rejection.ts'

interface Said {
  readonly sender: ReplicaId
  readonly view: View
  readonly sequence: Sequence
  readonly digest: Uint8Array
}

const EMPTY = new Uint8Array(0)

function bare(kind: 'pre-prepare' | 'commit', { sender, view, sequence, digest }: Said) {
  const payload = packPayload([sender, view, sequence, digest])
  const message = decodeCited(
    encodeFrame({ kind: FRAME_KINDS[kind], payload, authentication: EMPTY, body: EMPTY }).bytes,
  )
  assert(!isRejection(message), 'what was encoded here decodes')
  return message
}

/** An entry of O: a NEW-VIEW's choice is its primary's pre-prepare. // PBFT-4.7 */
export function choiceHeader(said: Said): PrePrepareHeader {
  const header = bare('pre-prepare', said)
  assert(header.kind === 'pre-prepare', 'a pre-prepare was asked for')
  return header
}

/** One replica's word that a batch was decided. // PBFT-4.8 */
export function claimedCommit(said: Said): Vote {
  const vote = bare('commit', said)
  assert(vote.kind === 'commit', 'a COMMIT was asked for')
  return vote
}

/** Whether a decision rests on the word of others, not on COMMITs that came in. */
export const isClaimed = (commits: readonly Vote[]): boolean =>
  commits.some(({ authentication }) => authentication.length === 0)
