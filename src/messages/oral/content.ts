/** The payloads and bodies of what oral mode adds, both ways. No bytes of a peer make it throw. */
import { assert, assertNever } from '../../base/assert.ts'
import { concatBytes, equalBytes, fromHex, readU16, toHex, writeU16 } from '../../base/bytes.ts'
import type { Hash } from '../../base/hash.ts'
import type { ClientId, ReplicaId, Sequence, View } from '../../base/ids.ts'
import { receivedOf, withFields } from '../cited.ts'
import type { FieldReader } from '../fields.ts'
import { encodeFrame, type Frame } from '../frame.ts'
import { FRAME_KINDS } from '../kinds.ts'
import { PAYLOAD_BYTES_MAX, PUBLIC_KEY_BYTES } from '../limits.ts'
import { type Payload, packPayload } from '../payload.ts'
import { isRejection, type Rejection, rejection } from '../rejection.ts'
import { decodeChosen, decodeClaims, encodeChosen, encodeClaims } from './body.ts'
import type {
  OralContent,
  OralMessage,
  OralNewView,
  OralRecollection,
  OralViewChange,
  OralViewChangeContent,
  Reminder,
  ViewChangeDelivery,
} from './message.ts'

export type OralKind = OralContent['kind']

const EMPTY = new Uint8Array(0)
const LENGTH_BYTES = 2
/** Numbers on the wire are places in this list. */
const REMINDED_KINDS: readonly Reminder['kind'][] = [
  'pre-prepare',
  'prepare',
  'commit',
  'checkpoint',
  'view-change',
]
/** The kind, v and s. */
const REMINDER_FIELDS = 3

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
    case 'mac-complaint':
      return { payload: [sender, fromHex(content.client) ?? EMPTY], body: EMPTY }
    case 'view-change-delivery': {
      const { payload, body } = content.viewChange
      const length = new Uint8Array(LENGTH_BYTES)
      writeU16(length, 0, payload.length)
      return { payload: [sender], body: concatBytes(length, payload, body) }
    }
    case 'oral-recollection': {
      const reminders = content.reminders.map(({ kind, view, sequence }) => [
        REMINDED_KINDS.indexOf(kind),
        view,
        sequence,
      ])
      return { payload: [sender, content.nonce, reminders], body: EMPTY }
    }
    default:
      return assertNever(content)
  }
}

/** A VIEW-CHANGE as its receivers read it, without authentication: MACs are no part of what names it. */
export function createOralViewChange(
  content: OralViewChangeContent,
  sender: ReplicaId,
  hash: Hash,
): OralViewChange {
  const { payload, body } = oralContentParts(content, sender, hash)
  const viewChange = decodeOralViewChange(bareViewChange(packPayload(payload), body), hash)
  assert(!isRejection(viewChange), 'the own VIEW-CHANGE decodes')
  return viewChange
}

const bareViewChange = (payload: Uint8Array, body: Uint8Array): Frame =>
  encodeFrame({ kind: FRAME_KINDS['oral-view-change'], payload, authentication: EMPTY, body })

export function decodeOral(kind: OralKind, frame: Frame, hash: Hash): OralMessage | Rejection {
  switch (kind) {
    case 'oral-view-change':
      return decodeOralViewChange(frame, hash)
    case 'oral-new-view':
      return decodeOralNewView(frame, hash)
    case 'view-change-delivery':
      return decodeDelivery(frame, hash)
    case 'view-change-ack':
    case 'view-change-fetch':
      if (frame.body.length > 0) return rejection('body-not-expected')
      return withFields(frame, (fields) => ({
        kind,
        sender: fields.integer<ReplicaId>(),
        view: fields.integer<View>(),
        of: fields.integer<ReplicaId>(),
        digest: fields.digest(),
        ...receivedOf(frame),
      }))
    case 'mac-complaint':
      if (frame.body.length > 0) return rejection('body-not-expected')
      return withFields(frame, (fields) => ({
        kind,
        sender: fields.integer<ReplicaId>(),
        client: toHex(fields.bytes({ least: PUBLIC_KEY_BYTES, most: PUBLIC_KEY_BYTES })) as ClientId,
        ...receivedOf(frame),
      }))
    case 'oral-recollection':
      if (frame.body.length > 0) return rejection('body-not-expected')
      return withFields(frame, (fields) => decodeRecollection(fields, frame))
    default:
      return assertNever(kind)
  }
}

function decodeOralViewChange(frame: Frame, hash: Hash): OralViewChange | Rejection {
  const { payload, body } = frame
  return withFields(frame, (fields) => {
    const sender = fields.integer<ReplicaId>()
    const view = fields.integer<View>()
    const lowWatermark = fields.integer<Sequence>()
    if (!equalBytes(fields.digest(), hash(body))) return rejection('digest-mismatch')
    const claims = decodeClaims(body)
    if (isRejection(claims)) return claims
    // The payload holds the hash of the body, so this covers all of it. // PBFT-4.3
    const digest = hash(Uint8Array.of(FRAME_KINDS['oral-view-change']), payload)
    const said = { kind: 'oral-view-change', sender, view, lowWatermark, ...claims } as const
    return { ...said, digest, body, ...receivedOf(frame) }
  })
}

function decodeOralNewView(frame: Frame, hash: Hash): OralNewView | Rejection {
  return withFields(frame, (fields) => {
    const sender = fields.integer<ReplicaId>()
    const view = fields.integer<View>()
    if (!equalBytes(fields.digest(), hash(frame.body))) return rejection('digest-mismatch')
    const chosen = decodeChosen(frame.body)
    if (isRejection(chosen)) return chosen
    return { kind: 'oral-new-view', sender, view, ...chosen, ...receivedOf(frame) }
  })
}

function decodeDelivery(frame: Frame, hash: Hash): ViewChangeDelivery | Rejection {
  const { body } = frame
  const length = body.length < LENGTH_BYTES ? PAYLOAD_BYTES_MAX + 1 : readU16(body, 0)
  const end = LENGTH_BYTES + length
  if (length > PAYLOAD_BYTES_MAX || end > body.length) return rejection('body-malformed')
  const delivered = bareViewChange(body.subarray(LENGTH_BYTES, end), body.subarray(end))
  const viewChange = decodeOralViewChange(delivered, hash)
  if (isRejection(viewChange)) return viewChange
  return withFields(frame, (fields) => ({
    kind: 'view-change-delivery',
    sender: fields.integer<ReplicaId>(),
    viewChange,
    ...receivedOf(frame),
  }))
}

function decodeRecollection(fields: FieldReader, frame: Frame): OralRecollection | Rejection {
  const sender = fields.integer<ReplicaId>()
  const nonce = fields.integer()
  const lists = fields.integerLists({ lists: REMINDED_KINDS.length, each: REMINDER_FIELDS })
  const reminders: Reminder[] = []
  for (const [number, view, sequence] of lists) {
    const kind = REMINDED_KINDS[number ?? REMINDED_KINDS.length]
    if (kind === undefined || view === undefined || sequence === undefined) return rejection('payload-shape')
    reminders.push({ kind, view: view as View, sequence: sequence as Sequence })
  }
  return { kind: 'oral-recollection', sender, nonce, reminders, ...receivedOf(frame) }
}
