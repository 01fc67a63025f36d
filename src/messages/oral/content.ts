/** The payloads and bodies of view changes without signatures, both ways. No bytes of a peer make it throw. */
import { assertNever } from '../../base/assert.ts'
import { concatBytes, equalBytes, readU16, writeU16 } from '../../base/bytes.ts'
import type { Hash } from '../../base/hash.ts'
import type { ReplicaId, Sequence, View } from '../../base/ids.ts'
import { withFields } from '../cited.ts'
import { PAYLOAD_BYTES_MAX } from '../limits.ts'
import { type Payload, packPayload } from '../payload.ts'
import { isRejection, type Rejection, rejection } from '../rejection.ts'
import { decodeChosen, decodeClaims, encodeChosen, encodeClaims } from './body.ts'
import {
  ORAL_KINDS,
  type OralContent,
  type OralMessage,
  type OralNewView,
  type OralViewChange,
  type OralViewChangeContent,
  type ViewChangeDelivery,
} from './message.ts'

export type OralKind = OralContent['kind']

/** What a frame of one of these kinds says, apart from who may believe it. */
export interface OralParts {
  readonly payload: Uint8Array
  readonly body: Uint8Array
}

const EMPTY = new Uint8Array(0)
const LENGTH_BYTES = 2

/** The payload and body of a content, as `decodeOral` reads them back. */
export function oralContentParts(
  content: OralContent,
  sender: ReplicaId,
  hash: Hash,
): { readonly payload: Payload; readonly body: Uint8Array } {
  switch (content.kind) {
    case 'oral-view-change': {
      const body = encodeClaims(content)
      return { payload: [sender, content.view, content.lowWatermark, hash(body)], body }
    }
    case 'oral-new-view': {
      const body = encodeChosen(content)
      return { payload: [sender, content.view, hash(body)], body }
    }
    case 'view-change-ack':
    case 'view-change-fetch':
      return { payload: [sender, content.view, content.of, content.digest], body: EMPTY }
    case 'view-change-delivery': {
      const { payload, body } = content.viewChange
      const length = new Uint8Array(LENGTH_BYTES)
      writeU16(length, 0, payload.length)
      return { payload: [sender], body: concatBytes(length, payload, body) }
    }
    default:
      return assertNever(content)
  }
}

/** A VIEW-CHANGE as all its receivers get it. */
export function createOralViewChange(
  content: OralViewChangeContent,
  sender: ReplicaId,
  hash: Hash,
): OralViewChange {
  const parts = oralContentParts(content, sender, hash)
  const payload = packPayload(parts.payload)
  return { ...content, sender, digest: viewChangeDigest(payload, hash), payload, body: parts.body }
}

/** Names a VIEW-CHANGE whatever MACs it carries: its payload holds the hash of its body. // PBFT-4.3 */
const viewChangeDigest = (payload: Uint8Array, hash: Hash): Uint8Array =>
  hash(Uint8Array.of(ORAL_KINDS['oral-view-change']), payload)

export function decodeOral(kind: OralKind, parts: OralParts, hash: Hash): OralMessage | Rejection {
  switch (kind) {
    case 'oral-view-change':
      return decodeOralViewChange(parts, hash)
    case 'oral-new-view':
      return decodeOralNewView(parts, hash)
    case 'view-change-delivery':
      return decodeDelivery(parts, hash)
    case 'view-change-ack':
    case 'view-change-fetch':
      if (parts.body.length > 0) return rejection('body-not-expected')
      return withFields(parts, (fields) => ({
        kind,
        sender: fields.integer<ReplicaId>(),
        view: fields.integer<View>(),
        of: fields.integer<ReplicaId>(),
        digest: fields.digest(),
      }))
    default:
      return assertNever(kind)
  }
}

function decodeOralViewChange({ payload, body }: OralParts, hash: Hash): OralViewChange | Rejection {
  return withFields({ payload }, (fields) => {
    const sender = fields.integer<ReplicaId>()
    const view = fields.integer<View>()
    const lowWatermark = fields.integer<Sequence>()
    if (!equalBytes(fields.digest(), hash(body))) return rejection('digest-mismatch')
    const claims = decodeClaims(body)
    if (isRejection(claims)) return claims
    const digest = viewChangeDigest(payload, hash)
    return { kind: 'oral-view-change', sender, view, lowWatermark, ...claims, digest, payload, body }
  })
}

function decodeOralNewView({ payload, body }: OralParts, hash: Hash): OralNewView | Rejection {
  return withFields({ payload }, (fields) => {
    const sender = fields.integer<ReplicaId>()
    const view = fields.integer<View>()
    if (!equalBytes(fields.digest(), hash(body))) return rejection('digest-mismatch')
    const chosen = decodeChosen(body)
    return isRejection(chosen) ? chosen : { kind: 'oral-new-view', sender, view, ...chosen }
  })
}

function decodeDelivery({ payload, body }: OralParts, hash: Hash): ViewChangeDelivery | Rejection {
  const length = body.length < LENGTH_BYTES ? PAYLOAD_BYTES_MAX + 1 : readU16(body, 0)
  const end = LENGTH_BYTES + length
  if (length > PAYLOAD_BYTES_MAX || end > body.length) return rejection('body-malformed')
  const parts = { payload: body.subarray(LENGTH_BYTES, end), body: body.subarray(end) }
  const viewChange = decodeOralViewChange(parts, hash)
  if (isRejection(viewChange)) return viewChange
  return withFields({ payload }, (fields) => ({
    kind: 'view-change-delivery',
    sender: fields.integer<ReplicaId>(),
    viewChange,
  }))
}
