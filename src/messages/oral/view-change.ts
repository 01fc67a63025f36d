/**
 * VIEW-CHANGE(v', h, C, P, Qset, i) without signatures: claims in place of certificates (TOCS 2002 section 4.5). Payload
 * `[sender, v', h, H(body)]`, body: the claims [body.ts].
 */
import { assert } from '../../base/assert.ts'
import { equalBytes } from '../../base/bytes.ts'
import type { Hash } from '../../base/hash.ts'
import type { ReplicaId, Sequence, View } from '../../base/ids.ts'
import type { Codec, ContentDescriber, Parts } from '../codec.ts'
import { type DescriptionSink, describePlace } from '../description.ts'
import { encodeFrame, type Frame } from '../frame.ts'
import { FRAME_KINDS } from '../kinds.ts'
import { packPayload } from '../payload.ts'
import { type ContentOf, type Received, receivedOf, withFields } from '../received.ts'
import { isRejection, type Rejection, rejection } from '../rejection.ts'
import { decodeClaims, encodeClaims } from './body.ts'

/** An entry of P or of Qset: the claim that D was prepared, or pre-prepared, for s in view v. */
export interface OrderClaim {
  readonly sequence: Sequence
  readonly view: View
  readonly digest: Uint8Array
}

/** An entry of C: the claim that the state after batch s has this root. */
export interface CheckpointClaim {
  readonly sequence: Sequence
  /** Empty at 0. */
  readonly root: Uint8Array
}

export interface OralViewChange extends Received {
  readonly kind: 'oral-view-change'
  readonly sender: ReplicaId
  /** v' */
  readonly view: View
  /** h */
  readonly lowWatermark: Sequence
  /** C, h included, in the order of s. Lists nothing if h is 0. */
  readonly checkpoints: readonly CheckpointClaim[]
  /** P, in the order of s, with at most one entry for each. */
  readonly preparedClaims: readonly OrderClaim[]
  /** Qset, in the order of (s, v). */
  readonly prePrepareClaims: readonly OrderClaim[]
  /** The digest of its kind and payload, which holds the hash of the body. MACs are not included. */
  readonly digest: Uint8Array
  readonly body: Uint8Array
}

export type OralViewChangeContent = ContentOf<OralViewChange, 'digest' | 'body'>

export const oralViewChangeCodec: Codec<OralViewChange, OralViewChangeContent> &
  ContentDescriber<OralViewChangeContent> = {
  encode: (content, sender, { hash }) => encodeOralViewChange(content, sender, hash),
  decode: (frame, { hash }) => decodeOralViewChange(frame, hash),
  describe: describeClaims,
}

/** Describes a VIEW-CHANGE without its sender. */
export function describeClaims(sink: DescriptionSink, content: Omit<OralViewChangeContent, 'kind'>): void {
  sink.number('v', content.view)
  sink.number('h', content.lowWatermark)
  for (const claim of content.preparedClaims) describePlace(sink, claim)
  sink.number('pre-prepared', content.prePrepareClaims.length)
}

/** Creates a VIEW-CHANGE as receivers decode it, without authentication: MACs are not part of its digest. */
export function createOralViewChange(
  content: OralViewChangeContent,
  sender: ReplicaId,
  hash: Hash,
): OralViewChange {
  const { payload, body } = encodeOralViewChange(content, sender, hash)
  const viewChange = decodeOralViewChange(bareViewChange(packPayload(payload), body), hash)
  assert(!isRejection(viewChange), 'a VIEW-CHANGE that was encoded here decodes')
  return viewChange
}

/** Returns the frame of a VIEW-CHANGE without authentication. */
export const bareViewChange = (payload: Uint8Array, body: Uint8Array): Frame =>
  encodeFrame({ kind: FRAME_KINDS['oral-view-change'], payload, authentication: NOTHING, body })

const NOTHING = new Uint8Array(0)

function encodeOralViewChange(content: OralViewChangeContent, sender: ReplicaId, hash: Hash): Parts {
  const body = encodeClaims(content)
  return { payload: [sender, content.view, content.lowWatermark, hash(body)], body }
}

export function decodeOralViewChange(frame: Frame, hash: Hash): OralViewChange | Rejection {
  const { payload, body } = frame
  return withFields(frame, (fields) => {
    const sender = fields.integer<ReplicaId>()
    const view = fields.integer<View>()
    const lowWatermark = fields.integer<Sequence>()
    if (!equalBytes(fields.digest(), hash(body))) return rejection('digest-mismatch')
    const claims = decodeClaims(body)
    if (isRejection(claims)) return claims
    // The payload holds the hash of the body, so this covers all of it. @rule 4.3
    const digest = hash(Uint8Array.of(FRAME_KINDS['oral-view-change']), payload)
    const said = { kind: 'oral-view-change', sender, view, lowWatermark, ...claims } as const
    return { ...said, digest, body, ...receivedOf(frame) }
  })
}
