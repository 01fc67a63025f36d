/** The duties of every message to its receiver: one encoding, bounded sizes, and a name for whatever is wrong with it. */
import { describe, expect, test } from 'vitest'
import { concatBytes, toHex, writeU32 } from '../../src/base/bytes.ts'
import type { Peer } from '../../src/base/peer.ts'
import { type Content, contentParts } from '../../src/messages/content.ts'
import { decodeMessage } from '../../src/messages/decode.ts'
import { encodeFrame } from '../../src/messages/frame.ts'
import { FRAME_KINDS } from '../../src/messages/kinds.ts'
import type { Message } from '../../src/messages/message.ts'
import { type Payload, packPayload, unpackPayload } from '../../src/messages/payload.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import { createClusterKit, hash } from '../kit/cluster-kit.ts'
import { frameSamples, partsOf, withPayload } from '../kit/frame-samples.ts'
import { FORBIDDEN_VALUES, itemsOf, otherForms, replaced } from '../kit/msgpack-forms.ts'

const kit = createClusterKit(4)
const samples = frameSamples(kit)
const EMPTY = new Uint8Array(0)
/** Kinds without a signature: the link identifies the sender. */
const LINKED = [
  'status',
  'fetch',
  'batch',
  'refusal',
  'report',
  'place',
  'read-answer',
  'page-fetch',
  'page',
  'recall',
  'evidence',
  'occurrences',
  'state-pages',
]
/** Messages that others signed, shown by any replica: the link identifies the one that shows them. */
const SHOWN_ON_A_LINK = ['decision', 'stable-checkpoint', 'recollection', 'exhibit']
/** The questions of a client to a replica. */
const QUESTIONS = [
  'inquiry',
  'place-inquiry',
  'evidence-inquiry',
  'occurrence-inquiry',
  'state-inquiry',
  'read',
]

const messageOf = (bytes: Uint8Array): Message => {
  const message = decodeMessage(bytes, kit.tools)
  if (isRejection(message)) throw new Error(message.reason)
  return message
}
const reasonOf = (bytes: Uint8Array): string | null => {
  const message = decodeMessage(bytes, kit.tools)
  return isRejection(message) ? message.reason : null
}
/** Null where it is authentic. */
const faultOf = (bytes: Uint8Array, from: Peer): string | null => {
  const verified = kit.authenticated(messageOf(bytes), from)
  return isRejection(verified) ? verified.reason : null
}

describe.each(samples)('$kind', (sample) => {
  const { kind, bytes, from } = sample
  const { payload } = partsOf(bytes)

  test('is read back, is authentic, and keeps the bytes it came in', () => {
    const message = messageOf(bytes)
    expect(message.kind).toBe(kind)
    expect(message.bytes).toEqual(bytes)
    expect(faultOf(bytes, from)).toBeNull()
  })

  test('encodes to the same bytes again', () => {
    const message = messageOf(bytes)
    const parts = contentOf(message)
    if (parts !== null) {
      const frame = encodeFrame({
        kind: FRAME_KINDS[kind],
        payload: packPayload(parts.payload),
        authentication: message.authentication,
        body: parts.body,
      })
      expect(toHex(frame.bytes)).toBe(toHex(bytes))
    }
    const items = unpackPayload(payload)
    expect(isRejection(items) ? items.reason : toHex(packPayload(items))).toBe(toHex(payload))
  })

  test('no other encoding of the same meaning is taken', () => {
    const forms = otherForms(payload)
    expect(forms.length).toBeGreaterThan(5)
    for (const form of forms) {
      expect(['payload-not-shortest-form', 'payload-type-forbidden', 'payload-shape']).toContain(
        reasonOf(withPayload(kit, sample, form)),
      )
    }
  })

  test.each(FORBIDDEN_VALUES)('no field may be %s', (_, value, reason) => {
    for (const item of itemsOf(payload).slice(1)) {
      expect(reasonOf(withPayload(kit, sample, replaced(payload, item, value)))).toBe(reason)
    }
  })

  test('no field is missing, none is left over, none has another type', () => {
    const items = unpackPayload(payload)
    if (isRejection(items)) throw new Error(items.reason)
    const shapes: Payload[] = [[], items.slice(0, -1), [...items, 0], [...items, EMPTY], [items]]
    for (const [index, item] of items.entries()) {
      const others = [0, new Uint8Array(33), [], [[0]]].filter((other) => !isSameType(item, other))
      for (const other of others) shapes.push(items.map((each, at) => (at === index ? other : each)))
    }
    for (const shape of shapes) {
      expect(reasonOf(withPayload(kit, sample, packPayload(shape)))).toBe('payload-shape')
    }
  })

  test('a byte too many or too few is never taken', () => {
    expect(reasonOf(concatBytes(bytes, Uint8Array.of(0)))).toBe('frame-has-trailing-bytes')
    for (let length = 0; length < bytes.length; length++) {
      expect(reasonOf(bytes.subarray(0, length))).toBe('frame-truncated')
    }
    const longer = concatBytes(bytes, Uint8Array.of(0))
    writeU32(longer, 0, longer.length - 4)
    if (kind !== 'page' && kind !== 'read') expect(reasonOf(longer)).not.toBeNull() // a page is whatever its parent's hash says
    expect(reasonOf(withPayload(kit, sample, concatBytes(payload, Uint8Array.of(0))))).toBe(
      'payload-malformed',
    )
  })

  test('it is taken on its own link only, where its kind asks for that', () => {
    const isClients = kind === 'request' || QUESTIONS.includes(kind)
    if (!isClients) expect(faultOf(bytes, kit.clientPeer(0))).toBe('kind-not-for-this-link')
    if (QUESTIONS.includes(kind)) expect(faultOf(bytes, kit.replicaPeer(0))).toBe('kind-not-for-this-link')
    if (kind === 'request') expect(faultOf(bytes, kit.clientPeer(1))).toBe('sender-is-not-the-link')
    if (LINKED.includes(kind) || SHOWN_ON_A_LINK.includes(kind)) {
      expect(faultOf(bytes, kit.replicaPeer(0))).toBe('sender-is-not-the-link')
    }
  })

  test('under the same keys in another cluster its signature is worth nothing', () => {
    if (LINKED.includes(kind) || QUESTIONS.includes(kind)) return
    const other = createClusterKit(4, 2)
    const message = decodeMessage(bytes, other.tools)
    const verdict = isRejection(message) ? message : other.authenticated(message, from)
    // Where requests are inside, their digests are others there, and the batch's with them.
    expect(['bad-signature', 'digest-mismatch']).toContain(isRejection(verdict) ? verdict.reason : 'accepted')
  })
})

const isSameType = (a: unknown, b: unknown): boolean =>
  (typeof a === 'number' && typeof b === 'number') ||
  (Array.isArray(a) && Array.isArray(b) && b.every((each) => Array.isArray(each) === a.some(Array.isArray)))

/** The content that a message came from, or null for those that no content describes. */
function contentOf(message: Message): { readonly payload: Payload; readonly body: Uint8Array } | null {
  switch (message.kind) {
    case 'request':
    case 'reply':
    case 'inquiry':
    case 'place-inquiry':
    case 'evidence-inquiry':
    case 'occurrence-inquiry':
    case 'state-inquiry':
    case 'read':
    case 'new-view': // O is signed one by one
      return null
    default: {
      const content: Content = message
      return contentParts(content, message.sender, { hash, signedChoice: () => message })
    }
  }
}
