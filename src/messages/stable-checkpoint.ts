/**
 * STABLE-CHECKPOINT: sends a certificate to a replica that lacks it (rule 2.8). Any replica can check it. Payload
 * `[sender, s]`, body: the certificate.
 */
import type { ReplicaId, Sequence } from '../base/ids.ts'
import { encodeCertificate } from './certificate.ts'
import type { CheckpointCertificate } from './checkpoint.ts'
import { decodeCheckpointCertificate } from './cited.ts'
import type { Codec, ContentDescriber, Describer } from './codec.ts'
import { describeStable } from './description.ts'
import { type ContentOf, type Received, receivedOf, withFields } from './received.ts'
import { isRejection } from './rejection.ts'

export interface StableCheckpoint extends Received {
  readonly kind: 'stable-checkpoint'
  readonly sender: ReplicaId
  readonly stable: CheckpointCertificate
}

export type StableCheckpointContent = ContentOf<StableCheckpoint>

export const stableCheckpointCodec: Codec<StableCheckpoint> &
  ContentDescriber<StableCheckpointContent> &
  Describer<StableCheckpoint> = {
  encode: ({ stable }, sender) => ({
    payload: [sender, stable.sequence],
    body: encodeCertificate(stable.checkpoints),
  }),
  decode: (frame) =>
    withFields(frame, (fields) => {
      const sender = fields.integer<ReplicaId>()
      const stable = decodeCheckpointCertificate(fields.integer<Sequence>(), frame.body)
      return isRejection(stable)
        ? stable
        : { kind: 'stable-checkpoint', sender, stable, ...receivedOf(frame) }
    }),
  describe: (sink, { stable }) => describeStable(sink, stable),
  describeReceived: (sink, { stable }) => describeStable(sink, stable),
}
