/** What the payload of a large message says, before its body is decoded and hashed: enough to see whether it can matter. */
import type { ReplicaId, Sequence, View } from '../base/ids.ts'
import { decodePrePrepareHeader, receivedOf, withFields } from './cited.ts'
import { splitFrame } from './frame.ts'
import { kindName } from './kinds.ts'
import type { BatchDelivery, Decision, PrePrepareHeader, Received } from './message.ts'
import { isRejection, type Rejection } from './rejection.ts'

/** What a VIEW-CHANGE or NEW-VIEW says before its body is decoded, which is large. */
export interface LongHead extends Received {
  readonly kind: 'view-change' | 'new-view'
  readonly sender: ReplicaId
  readonly view: View
}

/** The head of a VIEW-CHANGE or NEW-VIEW; null for any other kind. Nothing is known of the body yet. */
export function decodeLongHead(bytes: Uint8Array): LongHead | Rejection | null {
  const frame = splitFrame(bytes)
  if (isRejection(frame)) return frame
  const kind = kindName(frame.kind)
  if (kind !== 'view-change' && kind !== 'new-view') return null
  return withFields(frame, (fields) => {
    const sender = fields.integer<ReplicaId>()
    const view = fields.integer<View>()
    if (kind === 'view-change') fields.integer() // h
    fields.digest() // of the body
    return { kind, sender, view, ...receivedOf(frame) }
  })
}

/** What a message that carries a whole batch says before its body is decoded and hashed. */
export type BulkHead =
  | PrePrepareHeader
  | (Received & Pick<Decision, 'kind' | 'sender' | 'sequence' | 'digest'>)
  | (Received & Pick<BatchDelivery, 'kind' | 'sender' | 'sequence'> & { readonly digest: Uint8Array })

/** The head of a message that carries a batch; null for any other kind. Nothing is known of the body yet. */
export function decodeBulkHead(bytes: Uint8Array): BulkHead | Rejection | null {
  const frame = splitFrame(bytes)
  if (isRejection(frame)) return frame
  const kind = kindName(frame.kind)
  switch (kind) {
    case 'pre-prepare':
      return withFields(frame, (fields) => decodePrePrepareHeader(fields, receivedOf(frame)))
    case 'decision':
      return withFields(frame, (fields) => ({ ...decodePrePrepareHeader(fields, receivedOf(frame)), kind }))
    case 'batch':
      return withFields(frame, (fields) => ({
        kind,
        sender: fields.integer<ReplicaId>(),
        sequence: fields.integer<Sequence>(),
        digest: fields.digest(),
        ...receivedOf(frame),
      }))
    default:
      return null
  }
}
