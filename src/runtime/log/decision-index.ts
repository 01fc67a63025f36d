import { assertNever } from '../../base/assert.ts'
import type { LogRecord } from '../../pbft/effects.ts'
import type { RecoveredRecord } from '../../pbft/recovery/restart.ts'
import type { LogPosition } from '../../ports.ts'
import type { DecisionArchive } from './decision-archive.ts'

/** Adds a record that was appended or replayed to the archive's index. */
export function indexRecord(
  archive: DecisionArchive,
  record: LogRecord | RecoveredRecord,
  position: LogPosition,
): void {
  switch (record.kind) {
    case 'proposed':
      return archive.noteBatch(record.content.sequence, record.content.batch.digest, position)
    case 'accepted':
      return archive.noteBatch(record.prePrepare.sequence, record.prePrepare.digest, position)
    case 'batch':
      return archive.noteBatch(record.sequence, record.batch.digest, position)
    case 'prepared':
      return archive.note(record.certificate.prePrepare.sequence, position)
    case 'decided': {
      const [first] = record.commits
      if (first !== undefined) archive.noteDecision(first.sequence, position)
      return
    }
    case 'checkpoint':
      return archive.note(record.sequence, position)
    case 'stable':
      return archive.note(record.stable.sequence, position)
    case 'view-change':
    case 'new-view-made':
    case 'new-view':
    case 'view-again':
      return archive.noteView(position)
    case 'vote-limit':
    case 'recovery':
    case 'acknowledged':
    case 'pre-prepared':
    case 'evidence':
    case 'recoveries':
    case 'forgotten':
    case 'healed':
      return // the first ones are the newest at every trim; the log is not trimmed while the others matter
    default:
      assertNever(record)
  }
}
