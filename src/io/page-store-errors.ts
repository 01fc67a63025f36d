/** Why pages cannot be had or written; each message is one sentence that names the file or the page. */
import { OperatorError } from '../base/operator-error.ts'
import { adviceFor } from './file-log-errors.ts'
import { causeOf } from './system-error.ts'

/** Another process has the page store open. */
export class PageStoreInUse extends OperatorError {
  override readonly name = 'PageStoreInUse'
}

/** The system refused to open, to write or to sync the page store. The process must end. */
export class PageStoreFailed extends OperatorError {
  override readonly name = 'PageStoreFailed'

  constructor(what: string, cause: unknown) {
    super(`${what}: ${causeOf(cause)}. ${adviceFor(causeOf(cause))}`, { cause })
  }
}

/** Data that was on disk and is lost, or wrong. The store goes on without it; other replicas have it. */
export interface PageDamage {
  readonly kind: 'page' | 'anchor' | 'database'
  /** The file or directory. */
  readonly file: string
  /** One sentence. */
  readonly message: string
}
