/**
 * The headers of large messages: their payloads alone, from which relevance is decided before the body is decoded and
 * hashed.
 */
import { type DecisionHead, decodeDecisionHead } from './decision.ts'
import { type BatchHead, decodeBatchHead } from './fetch.ts'
import type { FieldReader } from './fields.ts'
import { splitFrame } from './frame.ts'
import { type KindWith, kindName } from './kinds.ts'
import { decodeNewViewHeader, type NewViewHeader } from './new-view.ts'
import { decodePrePrepareHeader, type PrePrepareHeader } from './pre-prepare.ts'
import { type Received, receivedOf, withFields } from './received.ts'
import { isRejection, type Rejection } from './rejection.ts'
import { decodeViewChangeHeader, type ViewChangeHeader } from './view-change.ts'

/** A long message before its body is decoded. */
export type LongHead = ViewChangeHeader | NewViewHeader

/** A bulk message before its body is decoded and hashed. */
export type BulkHead = PrePrepareHeader | DecisionHead | BatchHead

const LONG_HEADS = {
  'view-change': decodeViewChangeHeader,
  'new-view': decodeNewViewHeader,
} satisfies Record<KindWith<{ size: 'long' }>, unknown>

const BULK_HEADS = {
  'pre-prepare': decodePrePrepareHeader,
  decision: decodeDecisionHead,
  batch: decodeBatchHead,
} satisfies Record<KindWith<{ size: 'bulk' }>, unknown>

/** Reads the header of a VIEW-CHANGE or NEW-VIEW; null for any other kind. The body is not checked. */
export function decodeLongHead(bytes: Uint8Array): LongHead | Rejection | null {
  return headOf<LongHead>(bytes, LONG_HEADS)
}

/** Reads the header of a message that carries a batch; null for any other kind. The body is not checked. */
export function decodeBulkHead(bytes: Uint8Array): BulkHead | Rejection | null {
  return headOf<BulkHead>(bytes, BULK_HEADS)
}

type HeadDecoders<H> = Readonly<Record<string, (fields: FieldReader, received: Received) => H>>

function headOf<H extends object>(bytes: Uint8Array, decoders: HeadDecoders<H>): H | Rejection | null {
  const frame = splitFrame(bytes)
  if (isRejection(frame)) return frame
  const decode = decoders[kindName(frame.kind)]
  return decode === undefined ? null : withFields(frame, (fields) => decode(fields, receivedOf(frame)))
}
