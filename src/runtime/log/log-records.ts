/**
 * The encoding of the protocol's log records:
 *
 *   PRE-PREPARE frame                                     accepted, or proposed by this replica
 *   VIEW-CHANGE or NEW-VIEW frame                         the view that was left for, or entered
 *   REQUEST frame                                         this replica's recovery operation
 *   2 | certificate                                       prepared: a PRE-PREPARE envelope and Q - 1 PREPAREs
 *   3 | certificate length u32 | certificate | batch body or nothing   decided: Q COMMIT envelopes
 *   4 | sequence u64 | batch body                         a batch that was fetched
 *   5 | sequence u64 | root 32                            this replica's checkpoint
 *   6 | sequence u64 | certificate                        a stable checkpoint: Q CHECKPOINT envelopes
 *   7 | view u64                                          healed: the first view to vote in
 *   9 | (replica u8 | sequence u64 | view u64) *            executed recoveries that wait for their checkpoints
 *   10 | evidence                                         evidence: two envelopes of one signer
 *   11 | view u64 | replica u8 | digest 32                acknowledged: whose VIEW-CHANGE, and which
 *   12 | (sequence u64 | view u64 | digest 32) *            what was pre-prepared in views that were left
 *   13 | view u64 | sequence u64                          the limit on unsynced votes in a view
 *   8                                                     forgotten: others proved that the disk is an old copy
 *
 * A frame is shorter than 2^24 bytes, so its first byte is 0 and distinguishes it from the others. It is logged as
 * received, without a copy.
 */
import { assertNever } from '../../base/assert.ts'
import { concatBytes, readU32, readU64, writeU32, writeU64 } from '../../base/bytes.ts'
import type { ReplicaId, Sequence, View } from '../../base/ids.ts'
import { decodeBatchBody } from '../../messages/batch.ts'
import { encodeCertificate } from '../../messages/certificate.ts'
import { decodeCheckpointCertificate, decodePreparedCertificate, decodeVotes } from '../../messages/cited.ts'
import { type DecodeTools, decodeMessage } from '../../messages/decode.ts'
import { decodeEvidence, encodeEvidence } from '../../messages/evidence.ts'
import type { Message } from '../../messages/message.ts'
import { claimBytes, claimsIn } from '../../messages/oral/body.ts'
import { isRejection, type Rejection, rejection } from '../../messages/rejection.ts'
import type { LogRecord, WaitingRecovery } from '../../pbft/effects.ts'
import type { RecoveredRecord } from '../../pbft/recovery/restart.ts'
import type { ReplicaConfig } from '../../pbft/state.ts'
import type { Authenticator } from '../authentication/authentication.ts'
import type { Sealer } from '../authentication/sealer.ts'

const FRAME = 0
const PREPARED = 2
const DECIDED = 3
const BATCH = 4
const CHECKPOINT = 5
const STABLE = 6
const HEALED = 7
const FORGOTTEN = 8
const RECOVERIES = 9
const EVIDENCE = 10
const ACKNOWLEDGED = 11
const PRE_PREPARED = 12
const VOTE_LIMIT = 13
/** The bytes of one waiting recovery. */
const RECOVERY_BYTES = 17

const AWAITED_BY_NOBODY: readonly LogRecord['kind'][] = ['decided', 'stable', 'evidence']
/** The records that only proposals and PREPAREs wait for. */
const AWAITED_BY_FIRST_VOTES: readonly LogRecord['kind'][] = ['proposed', 'accepted', 'batch']

/**
 * True if a record may wait for the next sync: a decision, a certificate, evidence; with unsynced votes also a
 * pre-prepare and its batch.
 * @rule 6.1 6.5
 */
export const isAwaitedByNobody = (
  { kind }: LogRecord,
  { hasUnsyncedVotes = false }: Pick<ReplicaConfig, 'hasUnsyncedVotes'>,
): boolean => AWAITED_BY_NOBODY.includes(kind) || (hasUnsyncedVotes && AWAITED_BY_FIRST_VOTES.includes(kind))

export function encodeLogRecord(record: LogRecord, sealer: Sealer): Uint8Array {
  switch (record.kind) {
    case 'proposed':
      return sealer.message(record.content).bytes
    case 'accepted':
      return record.prePrepare.bytes
    case 'view-change':
    case 'new-view-made':
      return sealer.message(record.content).bytes
    case 'new-view':
      return record.newView.bytes
    case 'view-again':
      return record.message.bytes
    case 'recovery':
      return record.request.bytes
    case 'batch':
      return concatBytes(numbered(BATCH, record.sequence), record.batch.bytes)
    case 'checkpoint':
      return concatBytes(numbered(CHECKPOINT, record.sequence), record.root)
    case 'stable': {
      const { sequence, checkpoints } = record.stable
      return concatBytes(numbered(STABLE, sequence), encodeCertificate(checkpoints))
    }
    case 'recoveries':
      return encodeRecoveries(record.waiting)
    case 'evidence':
      return concatBytes(Uint8Array.of(EVIDENCE), encodeEvidence(record.evidence))
    case 'pre-prepared':
      return concatBytes(Uint8Array.of(PRE_PREPARED), ...record.claims.map(claimBytes))
    case 'acknowledged':
      return concatBytes(numbered(ACKNOWLEDGED, record.view), Uint8Array.of(record.of), record.digest)
    case 'vote-limit': {
      const upTo = new Uint8Array(8)
      writeU64(upTo, 0, record.upTo)
      return concatBytes(numbered(VOTE_LIMIT, record.view), upTo)
    }
    case 'forgotten':
      return Uint8Array.of(FORGOTTEN)
    case 'healed':
      return numbered(HEALED, record.view)
    case 'prepared': {
      const { prePrepare, prepares } = record.certificate
      return concatBytes(Uint8Array.of(PREPARED), encodeCertificate([prePrepare, ...prepares]))
    }
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

function numbered(type: number, value: number): Uint8Array {
  const head = new Uint8Array(9)
  head[0] = type
  writeU64(head, 1, value)
  return head
}

function encodeRecoveries(waiting: readonly WaitingRecovery[]): Uint8Array {
  const bytes = new Uint8Array(1 + RECOVERY_BYTES * waiting.length)
  bytes[0] = RECOVERIES
  for (const [index, [replica, { sequence, view }]] of waiting.entries()) {
    const at = 1 + RECOVERY_BYTES * index
    bytes[at] = replica
    writeU64(bytes, at + 1, sequence)
    writeU64(bytes, at + 9, view)
  }
  return bytes
}

function decodeRecoveries(content: Uint8Array): readonly WaitingRecovery[] {
  return Array.from({ length: Math.floor(content.length / RECOVERY_BYTES) }, (_, index) => {
    const at = RECOVERY_BYTES * index
    const sequence = readU64(content, at + 1) as Sequence
    return [content[at] as ReplicaId, { sequence, view: readU64(content, at + 9) as View }] as const
  })
}

/** Decodes a record. The log's own checks have passed, so a rejection means that another version wrote it. */
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
      return frameRecord(message, authenticator)
    }
    case PREPARED: {
      const certificate = decodePreparedCertificate(content)
      return isRejection(certificate) ? certificate : { kind: 'prepared', certificate }
    }
    case BATCH: {
      const batch = decodeBatchBody(content.subarray(8), tools)
      return isRejection(batch) ? batch : { kind: 'batch', sequence: numberOf(content), batch }
    }
    case CHECKPOINT:
      return { kind: 'checkpoint', sequence: numberOf(content), root: content.subarray(8) }
    case STABLE: {
      const stable = decodeCheckpointCertificate(numberOf(content), content.subarray(8))
      return isRejection(stable) ? stable : { kind: 'stable', stable }
    }
    case RECOVERIES:
      return { kind: 'recoveries', waiting: decodeRecoveries(content) }
    case EVIDENCE: {
      const evidence = decodeEvidence(content)
      return isRejection(evidence) ? evidence : { kind: 'evidence', evidence }
    }
    case PRE_PREPARED: {
      const claims = claimsIn(content)
      return isRejection(claims) ? claims : { kind: 'pre-prepared', claims }
    }
    case ACKNOWLEDGED: {
      const of = content[8] as ReplicaId
      return { kind: 'acknowledged', view: numberOf(content), of, digest: content.subarray(9) }
    }
    case VOTE_LIMIT:
      return { kind: 'vote-limit', view: numberOf(content), upTo: numberOf(content.subarray(8)) }
    case FORGOTTEN:
      return { kind: 'forgotten' }
    case HEALED:
      return { kind: 'healed', view: numberOf(content) }
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

const numberOf = <T extends number>(content: Uint8Array): T => readU64(content, 0) as T

function frameRecord(message: Message, authenticator: Authenticator): RecoveredRecord | Rejection {
  switch (message.kind) {
    case 'pre-prepare':
      return { kind: 'accepted', prePrepare: authenticator.own(message) }
    case 'view-change':
    case 'oral-view-change':
      return { kind: 'view-change', viewChange: authenticator.own(message) }
    case 'new-view':
    case 'oral-new-view':
      return { kind: 'new-view', newView: authenticator.own(message) }
    case 'request':
      return { kind: 'recovery', request: authenticator.own(message) }
    default:
      return rejection('body-malformed', `a frame of kind ${message.kind} in the record`)
  }
}
