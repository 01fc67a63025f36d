/**
 * STATE-INQUIRY: a client asks a replica for pages of the state after batch s, by their paths; payload `[nonce, s,
 * paths[[]]]`. With s = 0 it asks for the last stable checkpoint. STATE-PAGES answers; payload `[sender, nonce, s]`,
 * and its body: the certificate, if s was not named, and the pages in the order of the paths. A page is empty if the
 * replica does not have it, or sends it later.
 *
 *   certificate length u16 | certificate | (length u32 | page) *
 *
 * Both are valid on their sender's link only. The client checks the certificate's signatures and each page against its
 * parent, so it may ask any replica (rule 2.5).
 */
import { concatBytes, readU16, readU32, writeU16, writeU32 } from '../base/bytes.ts'
import type { ReplicaId, Sequence } from '../base/ids.ts'
import { type Codec, type Decoder, NO_BODY } from './codec.ts'
import { encodeFrame } from './frame.ts'
import { FRAME_KINDS } from './kinds.ts'
import { PAGE_DEPTH_MAX, PAGES_PER_FETCH_MAX } from './limits.ts'
import { packPayload } from './payload.ts'
import { type ContentOf, type Received, receivedOf, withFields, withoutBody } from './received.ts'
import { rejection } from './rejection.ts'

export interface StateInquiry extends Received {
  readonly kind: 'state-inquiry'
  readonly nonce: number
  /** The checkpoint; 0 for the last stable one. */
  readonly sequence: Sequence
  readonly paths: readonly (readonly number[])[]
}

export interface StatePages extends Received {
  readonly kind: 'state-pages'
  readonly sender: ReplicaId
  readonly nonce: number
  /** The checkpoint of the pages; 0 if none is stable yet. */
  readonly sequence: Sequence
  /** The certificate; empty if the checkpoint was named in the question. */
  readonly certificate: Uint8Array
  readonly pages: readonly Uint8Array[]
}

export type StatePagesContent = ContentOf<StatePages>

const PATHS = { lists: PAGES_PER_FETCH_MAX, each: PAGE_DEPTH_MAX }

/** Encodes a STATE-INQUIRY as a whole frame. */
export function encodeStateInquiry({
  nonce,
  sequence,
  paths,
}: Pick<StateInquiry, 'nonce' | 'sequence' | 'paths'>): Uint8Array {
  const payload = packPayload([nonce, sequence, paths])
  const kind = FRAME_KINDS['state-inquiry']
  return encodeFrame({ kind, payload, authentication: NO_BODY, body: NO_BODY }).bytes
}

export const stateInquiryCodec: Decoder<StateInquiry> = {
  decode: (frame) =>
    withoutBody(frame, (fields, received) => ({
      kind: 'state-inquiry',
      nonce: fields.integer(),
      sequence: fields.integer<Sequence>(),
      paths: fields.integerLists(PATHS),
      ...received,
    })),
}

export const statePagesCodec: Codec<StatePages> = {
  encode: ({ nonce, sequence, certificate, pages }, sender) => ({
    payload: [sender, nonce, sequence],
    body: encodeBody(certificate, pages),
  }),
  decode(frame) {
    const body = decodeBody(frame.body)
    if (body === null) return rejection('body-malformed')
    return withFields(frame, (fields) => ({
      kind: 'state-pages',
      sender: fields.integer<ReplicaId>(),
      nonce: fields.integer(),
      sequence: fields.integer<Sequence>(),
      ...body,
      ...receivedOf(frame),
    }))
  },
}

function encodeBody(certificate: Uint8Array, pages: readonly Uint8Array[]): Uint8Array {
  const certificateLength = new Uint8Array(2)
  writeU16(certificateLength, 0, certificate.length)
  const framed = pages.flatMap((page) => {
    const length = new Uint8Array(4)
    writeU32(length, 0, page.length)
    return [length, page]
  })
  return concatBytes(certificateLength, certificate, ...framed)
}

function decodeBody(body: Uint8Array): Pick<StatePages, 'certificate' | 'pages'> | null {
  if (body.length < 2) return null
  let at = 2 + readU16(body, 0)
  const certificate = body.subarray(2, at)
  const pages: Uint8Array[] = []
  while (at < body.length) {
    if (at + 4 > body.length || pages.length === PAGES_PER_FETCH_MAX) return null
    const end = at + 4 + readU32(body, at)
    if (end > body.length) return null
    pages.push(body.subarray(at + 4, end))
    at = end
  }
  return at === body.length ? { certificate, pages } : null
}
