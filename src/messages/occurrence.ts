/**
 * OCCURRENCE-INQUIRY: a client asks a replica what happened in its protocol; payload `[nonce, recording, next]`.
 * OCCURRENCES answers on its sender's link; payload `[sender, nonce, recording, first, omitted, timer]`, body:
 * occurrences of 30 bytes each:
 *
 *   kind u8 | peer u8 (255 for none) | digest u32 (its first four bytes) | at u64 | view u64 | sequence u64
 */
import { readU32, readU64, writeU32, writeU64 } from '../base/bytes.ts'
import type { Milliseconds, ReplicaId, Sequence, View } from '../base/ids.ts'
import { REPLICAS_MAX } from '../base/quorum.ts'
import type { Codec, Decoder } from './codec.ts'
import { encodeFrame } from './frame.ts'
import { FRAME_KINDS } from './kinds.ts'
import { COUNTER_MAX } from './limits.ts'
import { packPayload } from './payload.ts'
import { type ContentOf, type Received, receivedOf, withFields, withoutBody } from './received.ts'
import { type Rejection, rejection } from './rejection.ts'

/**
 * The kinds of occurrences, in the order of their numbers on the wire. First the phases of a sequence number, and the
 * votes that arrive for it; then suspicion, views, checkpoints, state transfer and recovery; last a conviction.
 */
export const OCCURRENCE_KINDS = [
  'proposed',
  'accepted',
  'prepared',
  'committed',
  'executed',
  'prepare-vote',
  'commit-vote',
  'suspected',
  'trusted',
  'blacklisted',
  'view-left',
  'view-entered',
  'checkpoint',
  'stable',
  'transfer-begun',
  'transferred',
  'recovery-asked',
  'healed',
  'convicted',
] as const
export type OccurrenceKind = (typeof OCCURRENCE_KINDS)[number]

/** One thing that happened in a replica's protocol, as that replica tells it. No other replica vouches for it. */
export interface Occurrence {
  readonly kind: OccurrenceKind
  /** The time on the replica's own clock. */
  readonly at: Milliseconds
  readonly view: View
  /** 0 where it concerns no sequence number. */
  readonly sequence: Sequence
  /** The other replica that it is about: the voter, the suspect, the convict. */
  readonly peer: ReplicaId | null
  /** The first four bytes of the digest that it is about; 0 where it is about none. */
  readonly digest: number
}

export interface OccurrenceInquiry extends Received {
  readonly kind: 'occurrence-inquiry'
  readonly nonce: number
  /** The recording that the asker follows, and the number of the next occurrence that it lacks; both 0 at first. */
  readonly recording: number
  readonly next: number
}

export interface OccurrenceDelivery extends Received {
  readonly kind: 'occurrences'
  readonly sender: ReplicaId
  readonly nonce: number
  /** The time at which the recording began, which names it. */
  readonly recording: number
  /** The number of the first occurrence in the recording. Those before it are gone, or were asked for before. */
  readonly first: number
  /** The occurrences of this recording that were left out under load. */
  readonly omitted: number
  /** The milliseconds left until the replica leaves its view or gives up the next one; null while no timer runs. */
  readonly timerMs: number | null
  readonly occurrences: readonly Occurrence[]
}

export type OccurrencesContent = ContentOf<OccurrenceDelivery>

/** The occurrences in one answer. */
export const OCCURRENCES_PER_ANSWER_MAX = 512
const OCCURRENCE_BYTES = 30
const NO_PEER = 255
const NO_BYTES = new Uint8Array(0)

/** Encodes an OCCURRENCE-INQUIRY as a whole frame. */
export function encodeOccurrenceInquiry({
  nonce,
  recording,
  next,
}: Pick<OccurrenceInquiry, 'nonce' | 'recording' | 'next'>): Uint8Array {
  const kind = FRAME_KINDS['occurrence-inquiry']
  const payload = packPayload([nonce, recording, next])
  return encodeFrame({ kind, payload, authentication: NO_BYTES, body: NO_BYTES }).bytes
}

export const occurrenceInquiryCodec: Decoder<OccurrenceInquiry> = {
  decode: (frame) =>
    withoutBody(frame, (fields, received) => ({
      kind: 'occurrence-inquiry',
      nonce: fields.integer(),
      recording: fields.integer(),
      next: fields.integer(),
      ...received,
    })),
}

export const occurrencesCodec: Codec<OccurrenceDelivery> = {
  encode: ({ nonce, recording, first, omitted, timerMs, occurrences }, sender) => ({
    payload: [sender, nonce, recording, first, omitted, timerMs === null ? 0 : timerMs + 1],
    body: encodeOccurrences(occurrences),
  }),
  decode(frame) {
    const occurrences = decodeOccurrences(frame.body)
    if (!Array.isArray(occurrences)) return occurrences as Rejection
    return withFields(frame, (fields) => ({
      kind: 'occurrences',
      sender: fields.integer<ReplicaId>(),
      nonce: fields.integer(),
      recording: fields.integer(),
      first: fields.integer(),
      omitted: fields.integer(),
      timerMs: timerOf(fields.integer()),
      occurrences,
      ...receivedOf(frame),
    }))
  },
}

/** On the wire 0 stands for no timer, and other numbers are one greater. */
const timerOf = (number: number): number | null => (number === 0 ? null : number - 1)

function encodeOccurrences(occurrences: readonly Occurrence[]): Uint8Array {
  const bytes = new Uint8Array(occurrences.length * OCCURRENCE_BYTES)
  let start = 0
  for (const { kind, peer, digest, at, view, sequence } of occurrences) {
    bytes[start] = OCCURRENCE_KINDS.indexOf(kind)
    bytes[start + 1] = peer ?? NO_PEER
    writeU32(bytes, start + 2, digest)
    writeU64(bytes, start + 6, at)
    writeU64(bytes, start + 14, view)
    writeU64(bytes, start + 22, sequence)
    start += OCCURRENCE_BYTES
  }
  return bytes
}

function decodeOccurrences(body: Uint8Array): readonly Occurrence[] | Rejection {
  const count = body.length / OCCURRENCE_BYTES
  if (!Number.isInteger(count) || count > OCCURRENCES_PER_ANSWER_MAX) return rejection('body-malformed')
  const occurrences: Occurrence[] = []
  for (let start = 0; start < body.length; start += OCCURRENCE_BYTES) {
    const kind = OCCURRENCE_KINDS[body[start] as number]
    const peer = body[start + 1] as number
    const [at, view, sequence] = [6, 14, 22].map((offset) => readU64(body, start + offset))
    const isCounter = [at, view, sequence].every((each) => (each as number) <= COUNTER_MAX)
    const isPeer = peer === NO_PEER || peer < REPLICAS_MAX
    if (kind === undefined || !isCounter || !isPeer) return rejection('body-malformed')
    occurrences.push({
      kind,
      at: at as Milliseconds,
      view: view as View,
      sequence: sequence as Sequence,
      peer: peer === NO_PEER ? null : (peer as ReplicaId),
      digest: readU32(body, start + 2),
    })
  }
  return occurrences
}
