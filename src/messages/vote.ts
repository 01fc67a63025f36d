/** PREPARE(v, s, D, i) and COMMIT(v, s, D, i): replica i's votes for a proposal (rules 1.3, 1.4). Payload `[sender, v, s, D]`. */
import type { ReplicaId, Sequence, View } from '../base/ids.ts'
import type { Codec, ContentDescriber } from './codec.ts'
import { NO_BODY } from './codec.ts'
import { describePlace } from './description.ts'
import type { FieldReader } from './fields.ts'
import { type ContentOf, type Received, withoutBody } from './received.ts'

export interface Vote extends Received {
  readonly kind: 'prepare' | 'commit'
  readonly sender: ReplicaId
  readonly view: View
  readonly sequence: Sequence
  readonly digest: Uint8Array
}

export type VoteContent = ContentOf<Vote>

export function decodeVote(kind: Vote['kind'], fields: FieldReader, received: Received): Vote {
  return {
    kind,
    sender: fields.integer<ReplicaId>(),
    view: fields.integer<View>(),
    sequence: fields.integer<Sequence>(),
    digest: fields.digest(),
    ...received,
  }
}

const voteCodec = (kind: Vote['kind']): Codec<Vote> & ContentDescriber<VoteContent> => ({
  encode: ({ view, sequence, digest }, sender) => ({
    payload: [sender, view, sequence, digest],
    body: NO_BODY,
  }),
  decode: (frame) => withoutBody(frame, (fields, received) => decodeVote(kind, fields, received)),
  describe: describePlace,
})

export const prepareCodec = voteCodec('prepare')
export const commitCodec = voteCodec('commit')
