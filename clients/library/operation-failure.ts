/**
 * The end of an operation without a result:
 * `unknown` it was sent and may have happened or not; `stalled` it was never sent and did not happen; `busy` too much
 * waits already; `refused` f + 1 replicas refuse the request; `key-shared` it did not happen, because another process
 * uses the key; `no-timestamps` it was never sent, because no number could be reserved for it.
 */
export class OperationFailure extends Error {
  override readonly name = 'OperationFailure'
  readonly code: 'unknown' | 'stalled' | 'busy' | 'refused' | 'key-shared' | 'no-timestamps'

  constructor(code: OperationFailure['code'], message: string) {
    super(message)
    this.code = code
  }
}
