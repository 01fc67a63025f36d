/**
 * DECISION: a batch and the Q COMMIT envelopes that decide it; any replica can check it (rule 1.4). In oral mode it has
 * no COMMITs and is a claim of its sender, and W equal claims decide (rule 4.8). Payload `[sender, v, s, D]`, body:
 *
 *   batch length u32 | batch | certificate
 */
import { concatBytes, equalBytes, readU32, writeU32 } from '../base/bytes.ts'
import type { ReplicaId, Sequence, View } from '../base/ids.ts'
import { type Batch, decodeBatchBody } from './batch.ts'
import { encodeCertificate } from './certificate.ts'
import { decodeVotes } from './cited.ts'
import type { Codec, ContentDescriber } from './codec.ts'
import { describePlace } from './description.ts'
import type { FieldReader } from './fields.ts'
import { type ContentOf, type Received, receivedOf, withFields } from './received.ts'
import { isRejection, rejection } from './rejection.ts'
import type { Vote } from './vote.ts'

export interface Decision extends Received {
  readonly kind: 'decision'
  readonly sender: ReplicaId
  readonly view: View
  readonly sequence: Sequence
  readonly digest: Uint8Array
  readonly batch: Batch
  readonly commits: readonly Vote[]
}

/** A DECISION without its batch and its certificate. */
export type DecisionHead = Omit<Decision, 'batch' | 'commits'>

export type DecisionContent = ContentOf<Decision, 'digest'>

export function decodeDecisionHead(fields: FieldReader, received: Received): DecisionHead {
  return {
    kind: 'decision',
    sender: fields.integer<ReplicaId>(),
    view: fields.integer<View>(),
    sequence: fields.integer<Sequence>(),
    digest: fields.digest(),
    ...received,
  }
}

const BATCH_AT = 4

export const decisionCodec: Codec<Decision, DecisionContent> & ContentDescriber<DecisionContent> = {
  encode({ view, sequence, batch, commits }, sender) {
    const length = new Uint8Array(BATCH_AT)
    writeU32(length, 0, batch.bytes.length)
    return {
      payload: [sender, view, sequence, batch.digest],
      body: concatBytes(length, batch.bytes, encodeCertificate(commits)),
    }
  },
  decode(frame, tools) {
    const { body } = frame
    if (body.length < BATCH_AT) return rejection('body-malformed')
    const certificateAt = BATCH_AT + readU32(body, 0)
    if (certificateAt > body.length) return rejection('body-malformed')
    const batch = decodeBatchBody(body.subarray(BATCH_AT, certificateAt), tools)
    if (isRejection(batch)) return batch
    const commits = decodeVotes(body.subarray(certificateAt))
    if (isRejection(commits)) return commits
    return withFields(frame, (fields) => {
      const head = decodeDecisionHead(fields, receivedOf(frame))
      return equalBytes(head.digest, batch.digest)
        ? { ...head, batch, commits }
        : rejection('digest-mismatch')
    })
  },
  describe: (sink, { view, sequence, batch }) =>
    describePlace(sink, { view, sequence, digest: batch.digest }),
}
