/** Why pages cannot be had or written; each message is one sentence that names the file or the page. */
import { OperatorError } from '../base/operator-error.ts'
import { adviceFor } from './file-log-errors.ts'

/** Another process has the page store open. */
export class PageStoreInUse extends OperatorError {
  override readonly name = 'PageStoreInUse'
}

/** A write or a sync failed while the page store was in use. The process must end. */
export class PageStoreFailed extends Error {
  override readonly name = 'PageStoreFailed'

  constructor(what: string, cause: unknown) {
    super(`${what}: ${causeOf(cause)}. ${adviceFor(causeOf(cause))}`, { cause })
  }
}

/** What was on disk and is no more, or is wrong. The store goes on without it; other replicas have it. */
export interface PageDamage {
  readonly kind: 'page' | 'anchor' | 'database'
  /** The file or directory. */
  readonly file: string
  /** One sentence. */
  readonly message: string
}

/** The innermost message of an error: the database wraps what the system said. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? causeOf(error.cause) : error.message
}
