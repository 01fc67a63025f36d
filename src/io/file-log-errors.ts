/** Why a log cannot be opened or continued; each message is one sentence that names the file and the place. */
import { OperatorError } from '../base/operator-error.ts'
import { asSentence, refusalOf } from './system-error.ts'

/** There is no log where one was expected. A replica never makes one itself (rule 6.4). */
export class LogMissing extends OperatorError {
  override readonly name = 'LogMissing'
}

/** There is a log where one was to be made. */
export class LogExists extends OperatorError {
  override readonly name = 'LogExists'
}

/** Bytes that were on disk are wrong. */
export class LogCorrupt extends OperatorError {
  override readonly name = 'LogCorrupt'
  readonly file: string
  /** Bytes from the beginning of the file. */
  readonly offset: number

  constructor(place: { readonly file: string; readonly offset: number }, what: string) {
    super(`The log is damaged: ${what} in ${place.file} at offset ${place.offset}.`)
    this.file = place.file
    this.offset = place.offset
  }
}

/** The log ends before the record up to which it was synced: the replica has forgotten what it may have said. */
export class LogLostSyncedData extends OperatorError {
  override readonly name = 'LogLostSyncedData'
  readonly file: string
  /** The offset of the end of the log, in bytes from the beginning of the file. */
  readonly offset: number

  constructor(
    place: { readonly file: string; readonly offset: number },
    counters: { readonly missing: number; readonly synced: number },
  ) {
    super(
      `The log has lost synced data: it was synced up to record ${counters.synced} and ends before record ` +
        `${counters.missing} in ${place.file} at offset ${place.offset}.`,
    )
    this.file = place.file
    this.offset = place.offset
  }
}

/**
 * The system refused to open the log, or a write, a sync or a deletion failed while it was in use. What is on disk is
 * then unknown: the process must end.
 */
export class LogFailed extends OperatorError {
  override readonly name = 'LogFailed'

  constructor(what: string, cause: unknown) {
    super(`${what}: ${cause instanceof Error ? cause.message : String(cause)}. ${adviceFor(cause)}`, {
      cause,
    })
  }
}

/**
 * Returns the named error for what the system refused while a log or a store was opened or made; every other error as
 * it is.
 */
export function namedFailure(what: string, error: unknown): unknown {
  const isSystems = error instanceof Error && 'syscall' in error
  return isSystems ? new LogFailed(what, error) : error
}

/** Advice on a disk that failed; one sentence. */
export function adviceFor(cause: unknown): string {
  const remedy = refusalOf(cause)?.remedy ?? 'check this disk'
  return `${asSentence(remedy)} and start the replica again: it continues from what is on disk.`
}
