/**
 * FETCH and BATCH: a replica asks for the batch with a digest, and another one sends it. Both have the payload
 * `[sender, s, D]`. BATCH's body is the batch, for which the digest vouches. Both are valid on their sender's link
 * only.
 */
import { equalBytes } from '../base/bytes.ts'
import type { ReplicaId, Sequence } from '../base/ids.ts'
import { type Batch, decodeBatchBody } from './batch.ts'
import { type Codec, type ContentDescriber, NO_BODY } from './codec.ts'
import type { FieldReader } from './fields.ts'
import { type ContentOf, type Received, receivedOf, withFields, withoutBody } from './received.ts'
import { isRejection, rejection } from './rejection.ts'

export interface Fetch extends Received {
  readonly kind: 'fetch'
  readonly sender: ReplicaId
  readonly sequence: Sequence
  readonly digest: Uint8Array
}

export interface BatchDelivery extends Received {
  readonly kind: 'batch'
  readonly sender: ReplicaId
  readonly sequence: Sequence
  readonly batch: Batch
}

/** A BATCH without its batch. */
export type BatchHead = Omit<BatchDelivery, 'batch'> & { readonly digest: Uint8Array }

export type FetchContent = ContentOf<Fetch>
export type BatchContent = ContentOf<BatchDelivery>

export function decodeBatchHead(fields: FieldReader, received: Received): BatchHead {
  return {
    kind: 'batch',
    sender: fields.integer<ReplicaId>(),
    sequence: fields.integer<Sequence>(),
    digest: fields.digest(),
    ...received,
  }
}

export const fetchCodec: Codec<Fetch> & ContentDescriber<FetchContent> = {
  encode: ({ sequence, digest }, sender) => ({ payload: [sender, sequence, digest], body: NO_BODY }),
  decode: (frame) =>
    withoutBody(frame, (fields, received) => ({
      kind: 'fetch',
      sender: fields.integer<ReplicaId>(),
      sequence: fields.integer<Sequence>(),
      digest: fields.digest(),
      ...received,
    })),
  describe(sink, { sequence, digest }) {
    sink.number('s', sequence)
    sink.digest(digest)
  },
}

export const batchCodec: Codec<BatchDelivery> & ContentDescriber<BatchContent> = {
  encode: ({ sequence, batch }, sender) => ({ payload: [sender, sequence, batch.digest], body: batch.bytes }),
  decode(frame, tools) {
    const batch = decodeBatchBody(frame.body, tools)
    if (isRejection(batch)) return batch
    return withFields(frame, (fields) => {
      const { digest, ...head } = decodeBatchHead(fields, receivedOf(frame))
      return equalBytes(digest, batch.digest) ? { ...head, batch } : rejection('digest-mismatch')
    })
  },
  describe(sink, { sequence, batch }) {
    sink.number('s', sequence)
    sink.digest(batch.digest)
  },
}
