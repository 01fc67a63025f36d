/** PRE-PREPARE(v, s, D): the primary of v proposes a batch for s (rule 1.2). Payload `[sender, v, s, D]`, body: the batch. */
import { concatBytes, equalBytes, writeU32 } from '../base/bytes.ts'
import type { ClientId, ReplicaId, Sequence, View } from '../base/ids.ts'
import { type Batch, decodeBatchBody } from './batch.ts'
import type { Codec, ContentDescriber } from './codec.ts'
import { describePlace } from './description.ts'
import type { FieldReader } from './fields.ts'
import { FRAME_LENGTH_BYTES } from './frame.ts'
import { type ContentOf, type Received, receivedOf, withFields } from './received.ts'
import { isRejection, rejection } from './rejection.ts'

/** A PRE-PREPARE without its batch, as certificates and a NEW-VIEW cite it. `bytes` is a frame with no body. */
export interface PrePrepareHeader extends Received {
  readonly kind: 'pre-prepare'
  readonly sender: ReplicaId
  readonly view: View
  readonly sequence: Sequence
  readonly digest: Uint8Array
}

/** PRE-PREPARE(v, s, D) with its batch. */
export interface PrePrepare extends PrePrepareHeader {
  readonly batch: Batch
  /**
   * The clients whose MACs for this replica are wrong; absent if there are none. The batch then waits until others
   * vouch for it.
   * @rule 4.10
   */
  readonly doubtful?: readonly ClientId[]
}

export type PrePrepareContent = ContentOf<PrePrepare, 'digest' | 'doubtful'>

export function decodePrePrepareHeader(fields: FieldReader, received: Received): PrePrepareHeader {
  return {
    kind: 'pre-prepare',
    sender: fields.integer<ReplicaId>(),
    view: fields.integer<View>(),
    sequence: fields.integer<Sequence>(),
    digest: fields.digest(),
    ...received,
  }
}

export const prePrepareCodec: Codec<PrePrepare, PrePrepareContent> & ContentDescriber<PrePrepareContent> = {
  encode: ({ view, sequence, batch }, sender) => ({
    payload: [sender, view, sequence, batch.digest],
    body: batch.bytes,
  }),
  decode(frame, tools) {
    const batch = decodeBatchBody(frame.body, tools)
    if (isRejection(batch)) return batch
    return withFields(frame, (fields) => {
      const header = decodePrePrepareHeader(fields, receivedOf(frame))
      return equalBytes(header.digest, batch.digest) ? { ...header, batch } : rejection('digest-mismatch')
    })
  },
  describe: (sink, { view, sequence, batch }) =>
    describePlace(sink, { view, sequence, digest: batch.digest }),
}

/** Returns the PRE-PREPARE that consists of this header and batch. */
export function wholePrePrepare(header: PrePrepareHeader, batch: Batch): PrePrepare {
  const bytes = concatBytes(header.bytes, batch.bytes)
  writeU32(bytes, 0, bytes.length - FRAME_LENGTH_BYTES)
  return { ...header, batch, bytes }
}
