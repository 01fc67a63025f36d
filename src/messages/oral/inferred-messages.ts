/**
 * Messages that oral mode infers from others, without authentication. They are kept in a replica's log and never sent.
 */
import { assert } from '../../base/assert.ts'
import type { ReplicaId, Sequence, View } from '../../base/ids.ts'
import { decodeCited } from '../cited.ts'
import { encodeFrame } from '../frame.ts'
import { FRAME_KINDS } from '../kinds.ts'
import { packPayload } from '../payload.ts'
import type { PrePrepareHeader } from '../pre-prepare.ts'
import { isRejection } from '../rejection.ts'
import type { Vote } from '../vote.ts'
import type { OralNewView } from './new-view.ts'

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

/**
 * Returns an entry of O as a pre-prepare of the NEW-VIEW's primary.
 * @rule 4.7
 */
export function choiceHeader(said: Said): PrePrepareHeader {
  const header = bare('pre-prepare', said)
  assert(header.kind === 'pre-prepare', 'a pre-prepare was asked for')
  return header
}

/**
 * Returns one replica's claim that a batch was decided, as a COMMIT.
 * @rule 4.8
 */
export function claimedCommit(said: Said): Vote {
  const vote = bare('commit', said)
  assert(vote.kind === 'commit', 'a COMMIT was asked for')
  return vote
}

/** True for a decision that rests on claims of other replicas, not on received COMMITs. */
export const isClaimed = (commits: readonly Vote[]): boolean =>
  commits.some(({ authentication }) => authentication.length === 0)

/** Returns O, the choices of the NEW-VIEW, as pre-prepares of its primary. */
export const choiceHeaders = ({ view, sender, choices }: OralNewView): readonly PrePrepareHeader[] =>
  choices.map((choice) => choiceHeader({ view, sender, ...choice }))
