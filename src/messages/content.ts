/**
 * What a replica or a client wants to say, before it is encoded and authenticated. The protocol produces contents; the
 * runtime gives them their sender, their bytes and their signature.
 */

import { assertNever } from '../base/assert.ts'
import { concatBytes, writeU32 } from '../base/bytes.ts'
import type { Hash } from '../base/hash.ts'
import type { Milliseconds, ReplicaId, Sequence, View } from '../base/ids.ts'
import { encodeCertificate } from './certificate.ts'
import { encodeEvidenceList } from './evidence.ts'
import { FRAME_KINDS } from './kinds.ts'
import type {
  Batch,
  CheckpointCertificate,
  Complaint,
  CutOffReason,
  Evidence,
  PreparedCertificate,
  RefusalReason,
  ReplicaReport,
  ReplicaStanding,
  ViewChange,
  Vote,
} from './message.ts'
import { oralContentParts } from './oral/content.ts'
import type { OralContent, OralNewViewContent, OralViewChangeContent } from './oral/message.ts'
import type { Payload } from './payload.ts'
import { encodeNewViewBody, encodeViewChangeBody } from './view-change.ts'

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
  readonly isActive: boolean
  readonly viewChanges: number
  readonly complaint: Complaint | null
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

export interface CheckpointContent {
  readonly kind: 'checkpoint'
  readonly sequence: Sequence
  readonly root: Uint8Array
}

export interface StableCheckpointContent {
  readonly kind: 'stable-checkpoint'
  readonly stable: CheckpointCertificate
}

export interface ViewChangeContent {
  readonly kind: 'view-change'
  readonly view: View
  readonly stable: CheckpointCertificate
  readonly preparedCertificates: readonly PreparedCertificate[]
}

/** What an O entry chooses for one sequence number. */
export interface Choice {
  readonly sequence: Sequence
  readonly digest: Uint8Array
}

export interface NewViewContent {
  readonly kind: 'new-view'
  readonly view: View
  readonly viewChanges: readonly ViewChange[]
  /** O, still to be signed one by one. */
  readonly choices: readonly Choice[]
}

export interface RecallContent {
  readonly kind: 'recall'
  readonly nonce: number
}

export interface RecollectionContent {
  readonly kind: 'recollection'
  readonly nonce: number
  readonly remembered: readonly { readonly envelope: Uint8Array }[]
}

export interface ExhibitContent {
  readonly kind: 'exhibit'
  /** One or two. */
  readonly messages: readonly { readonly envelope: Uint8Array }[]
}

export interface PageFetchContent {
  readonly kind: 'page-fetch'
  readonly sequence: Sequence
  readonly paths: readonly (readonly number[])[]
}

export interface PageContent {
  readonly kind: 'page'
  readonly sequence: Sequence
  readonly path: readonly number[]
  readonly page: Uint8Array
}

export interface RefusalContent {
  readonly kind: 'refusal'
  readonly timestamp: number
  readonly requestDigest: Uint8Array
  readonly reason: RefusalReason
}

export interface PlaceContent {
  readonly kind: 'place'
  readonly session: Uint8Array
  readonly timestamp: number
  readonly token: number
  readonly isShared: boolean
}

export interface ReportContent {
  readonly kind: 'report'
  readonly nonce: number
  readonly report: ReplicaReport
}

export interface EvidenceContent {
  readonly kind: 'evidence'
  readonly nonce: number
  readonly proofs: readonly Evidence[]
}

/** Contents that a replica sends to replicas. */
export type ReplicaContent =
  | PrePrepareContent
  | VoteContent
  | StatusContent
  | FetchContent
  | BatchContent
  | DecisionContent
  | CheckpointContent
  | StableCheckpointContent
  | ViewChangeContent
  | NewViewContent
  | PageFetchContent
  | PageContent
  | RecallContent
  | RecollectionContent
  | ExhibitContent
  | OralContent

/** Contents that are signed, or carry a MAC for each replica, and so stand in certificates and in the log. */
export type SignedContent =
  | PrePrepareContent
  | VoteContent
  | CheckpointContent
  | ViewChangeContent
  | NewViewContent
  | OralViewChangeContent
  | OralNewViewContent

export type Content = ReplicaContent | RefusalContent | PlaceContent | ReportContent | EvidenceContent

/** Kinds whose authentication is the signature of their sender; the others are valid on the sender's link only. */
export function isSigned(content: Content): content is SignedContent {
  switch (content.kind) {
    case 'pre-prepare':
    case 'prepare':
    case 'commit':
    case 'checkpoint':
    case 'view-change':
    case 'new-view':
    case 'oral-view-change':
    case 'oral-new-view':
      return true
    default:
      return false
  }
}

/** Numbers on the wire are places in this list. */
/** In the order of their numbers on the wire. */
export const COMPLAINTS: readonly Complaint[] = ['slow', 'late', 'unfair', 'two-faced']

export const REPLICA_STANDINGS: readonly ReplicaStanding[] = [
  'voting',
  'transferring',
  'amnesiac',
  'diverged',
  'recalling',
]

/** Numbers on the wire are places in this list. */
export const CUT_OFF_REASONS: readonly CutOffReason[] = ['fails-checks', 'floods']

/** What some contents are encoded with. */
export interface ContentTools {
  readonly hash: Hash
  /** The sender's signed PRE-PREPARE of an O entry, without a body. */
  readonly signedChoice: (view: View, choice: Choice) => { readonly envelope: Uint8Array }
}

export const REFUSAL_REASONS: readonly RefusalReason[] = [
  'unknown-client',
  'stale',
  'timestamp-reused',
  'busy',
  'malformed',
  'results-gone',
  'must-sign',
  'another-session',
]

const EMPTY = new Uint8Array(0)

/** The payload and body of a content, as `decode.ts` reads them back. */
export function contentParts(
  content: Content,
  sender: ReplicaId,
  tools: ContentTools,
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
      const { view, isActive, viewChanges, complaint, lowWatermark, lastExecuted } = content
      const said = complaint === null ? 0 : COMPLAINTS.indexOf(complaint) + 1
      const { accepted, prepared, committed } = content
      const bitmaps = [accepted, prepared, committed]
      return {
        payload: [sender, view, Number(isActive), viewChanges, said, lowWatermark, lastExecuted, ...bitmaps],
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
    case 'checkpoint':
      return { payload: [sender, content.sequence, content.root], body: EMPTY }
    case 'stable-checkpoint': {
      const { sequence, checkpoints } = content.stable
      return { payload: [sender, sequence], body: encodeCertificate(checkpoints) }
    }
    case 'view-change': {
      const { view, stable, preparedCertificates } = content
      const body = encodeViewChangeBody(stable, preparedCertificates)
      return { payload: [sender, view, stable.sequence, tools.hash(body)], body }
    }
    case 'new-view': {
      const { view, viewChanges, choices } = content
      const prePrepares = choices.map((choice) => tools.signedChoice(view, choice))
      const body = encodeNewViewBody(viewChanges, prePrepares)
      return { payload: [sender, view, tools.hash(body)], body }
    }
    case 'recall':
      return { payload: [sender, content.nonce], body: EMPTY }
    case 'recollection':
      return { payload: [sender, content.nonce], body: encodeCertificate(content.remembered) }
    case 'exhibit':
      return { payload: [sender], body: encodeCertificate(content.messages) }
    case 'page-fetch':
      return { payload: [sender, content.sequence, content.paths], body: EMPTY }
    case 'page':
      return { payload: [sender, content.sequence, content.path], body: content.page }
    case 'refusal': {
      const { timestamp, requestDigest, reason } = content
      return { payload: [sender, timestamp, requestDigest, REFUSAL_REASONS.indexOf(reason)], body: EMPTY }
    }
    case 'place': {
      const { session, timestamp, token, isShared } = content
      return { payload: [sender, session, timestamp, token, Number(isShared)], body: EMPTY }
    }
    case 'report':
      return { payload: reportPayload(content, sender), body: EMPTY }
    case 'evidence':
      return { payload: [sender, content.nonce], body: encodeEvidenceList(content.proofs) }
    case 'oral-view-change':
    case 'oral-new-view':
    case 'view-change-ack':
    case 'view-change-fetch':
    case 'view-change-delivery':
    case 'oral-recollection':
    case 'mac-complaint':
      return oralContentParts(content, sender, tools.hash)
    default:
      return assertNever(content)
  }
}

function reportPayload({ nonce, report }: ReportContent, sender: ReplicaId): Payload {
  return [
    sender,
    nonce,
    report.view,
    Number(report.isActive),
    REPLICA_STANDINGS.indexOf(report.standing),
    report.lowWatermark,
    report.lastExecuted,
    report.revision,
    report.waiting,
    report.stalledSince satisfies Milliseconds,
    report.reachable,
    report.missing,
    report.suspected,
    report.guilty,
    report.cutOff.map(({ id, because, times }) => [id, CUT_OFF_REASONS.indexOf(because), times]),
    report.cutOffClients,
    report.blacklisted.map(({ replica, complaint }) => [replica, COMPLAINTS.indexOf(complaint)]),
    report.loopHeldMs,
  ]
}

export const kindNumber = (kind: Content['kind']) => FRAME_KINDS[kind]
