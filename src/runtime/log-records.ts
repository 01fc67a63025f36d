/**
 * What the protocol's records look like in the log:
 *
 *   PRE-PREPARE frame                                     accepted, or proposed by this replica
 *   2 | certificate                                       prepared: Q - 1 PREPARE envelopes
 *   3 | certificate length u32 | certificate | batch body or nothing   decided: Q COMMIT envelopes
 *
 * A frame is shorter than 2^24 bytes, so its first byte is 0 and tells it from the others; it is logged as it came,
 * without a copy.
 */
import { assertNever } from '../base/assert.ts'
import { concatBytes, readU32, writeU32 } from '../base/bytes.ts'
import { encodeCertificate } from '../messages/certificate.ts'
import { type DecodeTools, decodeBatchBody, decodeMessage, decodeVotes } from '../messages/decode.ts'
import { isRejection, type Rejection, rejection } from '../messages/rejection.ts'
import type { LogRecord } from '../pbft/effects.ts'
import type { RecoveredRecord } from '../pbft/recovery.ts'
import type { Authenticator } from './authentication.ts'
import type { Sealer } from './sealer.ts'

const FRAME = 0
const PREPARED = 2
const DECIDED = 3

export function encodeLogRecord(record: LogRecord, sealer: Sealer): Uint8Array {
  switch (record.kind) {
    case 'proposed':
      return sealer.message(record.content).bytes
    case 'accepted':
      return record.prePrepare.bytes
    case 'prepared':
      return concatBytes(Uint8Array.of(PREPARED), encodeCertificate(record.prepares))
    case 'decided': {
      const certificate = encodeCertificate(record.commits)
      const head = new Uint8Array(5)
      head[0] = DECIDED
      writeU32(head, 1, certificate.length)
      return record.isBatchLogged
        ? concatBytes(head, certificate)
        : concatBytes(head, certificate, record.batch.bytes)
    }
    default:
      return assertNever(record)
  }
}

/** Reads a record back. The log's own checks have passed, so a rejection means that another version wrote it. */
export function decodeLogRecord(
  bytes: Uint8Array,
  tools: DecodeTools,
  authenticator: Authenticator,
): RecoveredRecord | Rejection {
  const content = bytes.subarray(1)
  switch (bytes[0]) {
    case FRAME: {
      const message = decodeMessage(bytes, tools)
      if (isRejection(message)) return message
      if (message.kind !== 'pre-prepare') return rejection('body-malformed', 'no PRE-PREPARE in the record')
      return { kind: 'accepted', prePrepare: authenticator.own(message) }
    }
    case PREPARED: {
      const prepares = decodeVotes(content)
      return isRejection(prepares) ? prepares : { kind: 'prepared', prepares }
    }
    case DECIDED: {
      if (content.length < 4) return rejection('body-malformed')
      const batchAt = 4 + readU32(content, 0)
      const commits = decodeVotes(content.subarray(4, batchAt))
      if (isRejection(commits)) return commits
      if (batchAt === content.length) return { kind: 'decided', commits, batch: null }
      const batch = decodeBatchBody(content.subarray(batchAt), tools)
      return isRejection(batch) ? batch : { kind: 'decided', commits, batch }
    }
    default:
      return rejection('unknown-kind', `log record of type ${String(bytes[0])}`)
  }
}
