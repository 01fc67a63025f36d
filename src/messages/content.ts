/**
 * What a replica or a client wants to say, before it is encoded and authenticated. The protocol produces contents; the
 * runtime gives them their sender, their bytes and their signature.
 */

import { assertNever } from '../base/assert.ts'
import { concatBytes, writeU32 } from '../base/bytes.ts'
import type { Milliseconds, ReplicaId, Sequence, View } from '../base/ids.ts'
import { encodeCertificate } from './certificate.ts'
import { FRAME_KINDS } from './kinds.ts'
import type { Batch, RefusalReason, ReplicaReport, Vote } from './message.ts'
import type { Payload } from './payload.ts'

export interface PrePrepareContent {
  readonly kind: 'pre-prepare'
  readonly view: View
  readonly sequence: Sequence
  readonly batch: Batch
}

export interface VoteContent {
  readonly kind: 'prepare' | 'commit'
  readonly view: View
  readonly sequence: Sequence
  readonly digest: Uint8Array
}

export interface StatusContent {
  readonly kind: 'status'
  readonly view: View
  readonly lowWatermark: Sequence
  readonly lastExecuted: Sequence
  readonly accepted: Uint8Array
  readonly prepared: Uint8Array
  readonly committed: Uint8Array
}

export interface FetchContent {
  readonly kind: 'fetch'
  readonly sequence: Sequence
  readonly digest: Uint8Array
}

export interface BatchContent {
  readonly kind: 'batch'
  readonly sequence: Sequence
  readonly batch: Batch
}

export interface DecisionContent {
  readonly kind: 'decision'
  readonly view: View
  readonly sequence: Sequence
  readonly batch: Batch
  readonly commits: readonly Vote[]
}

export interface RefusalContent {
  readonly kind: 'refusal'
  readonly timestamp: number
  readonly requestDigest: Uint8Array
  readonly reason: RefusalReason
}

export interface ReportContent {
  readonly kind: 'report'
  readonly nonce: number
  readonly report: ReplicaReport
}

/** Contents that a replica sends to replicas. */
export type ReplicaContent =
  | PrePrepareContent
  | VoteContent
  | StatusContent
  | FetchContent
  | BatchContent
  | DecisionContent

export type Content = ReplicaContent | RefusalContent | ReportContent

/** Kinds whose authentication is the signature of their sender; the others are valid on the sender's link only. */
export function isSigned(kind: Content['kind']): boolean {
  return kind === 'pre-prepare' || kind === 'prepare' || kind === 'commit'
}

export const REFUSAL_REASONS: readonly RefusalReason[] = [
  'unknown-client',
  'stale',
  'timestamp-reused',
  'busy',
  'malformed',
  'results-gone',
]

const EMPTY = new Uint8Array(0)

/** The payload and body of a content, as `decode.ts` reads them back. */
export function contentParts(
  content: Content,
  sender: ReplicaId,
): { readonly payload: Payload; readonly body: Uint8Array } {
  switch (content.kind) {
    case 'pre-prepare': {
      const { view, sequence, batch } = content
      return { payload: [sender, view, sequence, batch.digest], body: batch.bytes }
    }
    case 'prepare':
    case 'commit':
      return { payload: [sender, content.view, content.sequence, content.digest], body: EMPTY }
    case 'status': {
      const { view, lowWatermark, lastExecuted, accepted, prepared, committed } = content
      return {
        payload: [sender, view, lowWatermark, lastExecuted, accepted, prepared, committed],
        body: EMPTY,
      }
    }
    case 'fetch':
      return { payload: [sender, content.sequence, content.digest], body: EMPTY }
    case 'batch':
      return { payload: [sender, content.sequence, content.batch.digest], body: content.batch.bytes }
    case 'decision': {
      const { view, sequence, batch, commits } = content
      const length = new Uint8Array(4)
      writeU32(length, 0, batch.bytes.length)
      return {
        payload: [sender, view, sequence, batch.digest],
        body: concatBytes(length, batch.bytes, encodeCertificate(commits)),
      }
    }
    case 'refusal': {
      const { timestamp, requestDigest, reason } = content
      return { payload: [sender, timestamp, requestDigest, REFUSAL_REASONS.indexOf(reason)], body: EMPTY }
    }
    case 'report':
      return { payload: reportPayload(content, sender), body: EMPTY }
    default:
      return assertNever(content)
  }
}

function reportPayload({ nonce, report }: ReportContent, sender: ReplicaId): Payload {
  return [
    sender,
    nonce,
    report.view,
    report.lowWatermark,
    report.lastExecuted,
    report.revision,
    report.waiting,
    report.stalledSince satisfies Milliseconds,
    report.reachable,
    report.missing,
  ]
}

export const kindNumber = (kind: Content['kind']) => FRAME_KINDS[kind]
