/**
 * The bodies of VIEW-CHANGE and NEW-VIEW. Their payloads hold the body's digest, so one signature covers all of it.
 *
 *   VIEW-CHANGE body = certificate of h | count u16 | certificate *     an entry of P: its PRE-PREPARE, then Q - 1 PREPAREs
 *   NEW-VIEW body    = count u8 | VIEW-CHANGE frame * | count u16 | (envelope length u16 | PRE-PREPARE envelope) *
 *
 * A certificate is what certificate.ts says: `count u8 | (envelope length u16 | envelope) *`.
 */
import { concatBytes, readU16, readU32, writeU16 } from '../base/bytes.ts'
import { REPLICAS_MAX } from '../base/quorum.ts'
import { encodeCertificate } from './certificate.ts'
import { FRAME_LENGTH_BYTES, frameOfEnvelope } from './frame.ts'
import { LOG_WINDOW } from './limits.ts'
import type {
  Checkpoint,
  CheckpointCertificate,
  NewViewContents,
  PrePrepareHeader,
  PreparedCertificate,
  ViewChange,
  Vote,
} from './message.ts'
import { isRejection, type Rejection, rejection } from './rejection.ts'

/** Gives the message of a frame, whatever its kind, or a rejection. */
type DecodeFrame = (
  frame: Uint8Array,
) => Checkpoint | PrePrepareHeader | Vote | ViewChange | { readonly kind: 'other' } | Rejection

export function encodeViewChangeBody(
  stable: CheckpointCertificate,
  preparedCertificates: readonly PreparedCertificate[],
): Uint8Array {
  return concatBytes(
    encodeCertificate(stable.checkpoints),
    countOf(preparedCertificates),
    ...preparedCertificates.map(({ prePrepare, prepares }) => encodeCertificate([prePrepare, ...prepares])),
  )
}

/** C and P as they stand in a VIEW-CHANGE for low watermark `sequence`; neither is judged here. */
export function decodeViewChangeBody(
  body: Uint8Array,
  sequence: CheckpointCertificate['sequence'],
  decodeFrame: DecodeFrame,
): Pick<ViewChange, 'stable' | 'preparedCertificates'> | Rejection {
  const reader = new BodyReader(body, decodeFrame)
  const checkpoints = reader.certificate()
  if (!checkpoints.every(isCheckpoint)) return rejection('certificate-mixed')
  const count = reader.u16(LOG_WINDOW)
  const preparedCertificates: PreparedCertificate[] = []
  for (let index = 0; index < count && reader.fault === null; index++) {
    const [prePrepare, ...prepares] = reader.certificate()
    if (prePrepare?.kind !== 'pre-prepare' || !prepares.every(isPrepare)) {
      reader.fault ??= rejection('certificate-mixed')
    } else {
      preparedCertificates.push({ prePrepare, prepares })
    }
  }
  const root = checkpoints[0]?.root ?? new Uint8Array(0)
  return reader.end() ?? { stable: { sequence, root, checkpoints }, preparedCertificates }
}

const isCheckpoint = (message: { readonly kind: string }): message is Checkpoint =>
  message.kind === 'checkpoint'

const isPrepare = (message: { readonly kind: string }): message is Vote => message.kind === 'prepare'

export function encodeNewViewBody(
  viewChanges: readonly ViewChange[],
  prePrepares: readonly { readonly envelope: Uint8Array }[],
): Uint8Array {
  const envelopes = prePrepares.map(({ envelope }) => {
    const length = new Uint8Array(2)
    writeU16(length, 0, envelope.length)
    return concatBytes(length, envelope)
  })
  return concatBytes(
    Uint8Array.of(viewChanges.length),
    ...viewChanges.map(({ bytes }) => bytes),
    countOf(prePrepares),
    ...envelopes,
  )
}

/** V and O as they stand in a NEW-VIEW; neither is judged here. */
export function decodeNewViewBody(body: Uint8Array, decodeFrame: DecodeFrame): NewViewContents | Rejection {
  const reader = new BodyReader(body, decodeFrame)
  const viewChanges: ViewChange[] = []
  const changes = reader.u8(REPLICAS_MAX)
  for (let index = 0; index < changes && reader.fault === null; index++) {
    const message = reader.frame()
    if (message?.kind === 'view-change') viewChanges.push(message)
    else reader.fault ??= rejection('certificate-mixed')
  }
  const prePrepares: PrePrepareHeader[] = []
  const count = reader.u16(2 * LOG_WINDOW)
  for (let index = 0; index < count && reader.fault === null; index++) {
    const message = reader.envelope()
    if (message?.kind === 'pre-prepare') prePrepares.push(message)
    else reader.fault ??= rejection('certificate-mixed')
  }
  return reader.end() ?? { viewChanges, prePrepares }
}

function countOf(items: readonly unknown[]): Uint8Array {
  const count = new Uint8Array(2)
  writeU16(count, 0, items.length)
  return count
}

type Decoded = Exclude<ReturnType<DecodeFrame>, Rejection>

/** Reads a body in order; after the first fault it gives fillers. */
class BodyReader {
  fault: Rejection | null = null
  readonly #body: Uint8Array
  readonly #decodeFrame: DecodeFrame
  #at = 0

  constructor(body: Uint8Array, decodeFrame: DecodeFrame) {
    this.#body = body
    this.#decodeFrame = decodeFrame
  }

  u8(most: number): number {
    return this.#number(1, most)
  }

  u16(most: number): number {
    return this.#number(2, most)
  }

  certificate(): readonly Decoded[] {
    const count = this.u8(REPLICAS_MAX)
    const messages: Decoded[] = []
    for (let index = 0; index < count && this.fault === null; index++) {
      const message = this.envelope()
      if (message !== null) messages.push(message)
    }
    return messages
  }

  envelope(): Decoded | null {
    const length = this.u16(0xffff)
    return this.#decode(length, (bytes) => frameOfEnvelope(bytes))
  }

  /** A whole frame with its length field. */
  frame(): Decoded | null {
    if (this.#at + FRAME_LENGTH_BYTES > this.#body.length) this.fault ??= rejection('body-malformed')
    if (this.fault !== null) return null
    return this.#decode(FRAME_LENGTH_BYTES + readU32(this.#body, this.#at), (bytes) => bytes)
  }

  /** The first fault, if there is one; bytes left over are one. */
  end(): Rejection | null {
    if (this.#at !== this.#body.length) this.fault ??= rejection('frame-has-trailing-bytes')
    return this.fault
  }

  #number(size: 1 | 2, most: number): number {
    if (this.#at + size > this.#body.length) this.fault ??= rejection('body-malformed')
    if (this.fault !== null) return 0
    const value = size === 1 ? (this.#body[this.#at] as number) : readU16(this.#body, this.#at)
    this.#at += size
    if (value > most) this.fault = rejection('body-malformed')
    return value
  }

  #decode(length: number, frameOf: (bytes: Uint8Array) => Uint8Array): Decoded | null {
    const end = this.#at + length
    if (end > this.#body.length) this.fault ??= rejection('body-malformed')
    if (this.fault !== null) return null
    const message = this.#decodeFrame(frameOf(this.#body.subarray(this.#at, end)))
    this.#at = end
    if (!isRejection(message)) return message
    this.fault = message
    return null
  }
}
