/**
 * The end of an operation without a result:
 * `unknown`: it was sent, and may or may not have been executed; `stalled`: it was never sent, so it was not executed; `busy`: too many operations are waiting; `refused`: f + 1 replicas refuse the request; `key-shared`: it was not executed, because another process uses the key; `no-timestamps`: it was never sent, because no request number could be reserved.
 */
export class OperationFailure extends Error {
  override readonly name = 'OperationFailure'
  readonly code: 'unknown' | 'stalled' | 'busy' | 'refused' | 'key-shared' | 'no-timestamps'

  constructor(code: OperationFailure['code'], message: string) {
    super(message)
    this.code = code
  }
}
