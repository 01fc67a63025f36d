/** CHECKPOINT(s, root, i): replica i's state after batch s has this root (rule 2.1). Payload `[sender, s, root]`. */
import type { ReplicaId, Sequence } from '../base/ids.ts'
import { type Codec, type ContentDescriber, NO_BODY } from './codec.ts'
import type { FieldReader } from './fields.ts'
import { type ContentOf, type Received, withoutBody } from './received.ts'

export interface Checkpoint extends Received {
  readonly kind: 'checkpoint'
  readonly sender: ReplicaId
  readonly sequence: Sequence
  readonly root: Uint8Array
}

export type CheckpointContent = ContentOf<Checkpoint>

/** C: Q CHECKPOINTs of distinct replicas for one (s, root). The initial state, at 0, needs none. */
export interface CheckpointCertificate {
  readonly sequence: Sequence
  /** Empty at 0. */
  readonly root: Uint8Array
  readonly checkpoints: readonly Checkpoint[]
}

export function decodeCheckpoint(fields: FieldReader, received: Received): Checkpoint {
  return {
    kind: 'checkpoint',
    sender: fields.integer<ReplicaId>(),
    sequence: fields.integer<Sequence>(),
    root: fields.digest(),
    ...received,
  }
}

export const checkpointCodec: Codec<Checkpoint> & ContentDescriber<CheckpointContent> = {
  encode: ({ sequence, root }, sender) => ({ payload: [sender, sequence, root], body: NO_BODY }),
  decode: (frame) => withoutBody(frame, decodeCheckpoint),
  describe(sink, { sequence, root }) {
    sink.number('s', sequence)
    sink.digest(root)
  },
}
