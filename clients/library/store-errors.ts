/** The errors of the library: a class for each kind, with a code that does not change. */

/** An error of the store. `code` is the kind: for programs, and for sentences in a log. */
export abstract class StoreError extends Error {
  abstract readonly code: string
  override readonly name: string

  constructor(message: string) {
    super(message)
    this.name = new.target.name
  }
}

/** A write was sent, and nobody knows if it happened. It is not sent again, unless it has an idempotency key. */
export class UnknownOutcomeError extends StoreError {
  readonly code = 'unknown'
}

/** Too few replicas answered a read alike, in all tries. */
export class NoAnswerError extends StoreError {
  readonly code = 'no-answer'
}

/** The operation was never sent, because earlier ones are still without an answer. It did not happen. */
export class StalledError extends StoreError {
  readonly code = 'stalled'
}

/** Too much waits already. The operation did not happen. */
export class BusyError extends StoreError {
  readonly code = 'busy'
}

/** The gateway cannot be reached, so the operation did not happen. */
export class UnreachableError extends StoreError {
  readonly code = 'unreachable'
}

/** The replicas refuse the requests of this client. */
export class RefusedError extends StoreError {
  readonly code = 'refused'
}

/** Another process uses the same client key. */
export class KeySharedError extends StoreError {
  readonly code = 'key-shared'
}

/** No request numbers can be reserved on the disk of the client or of the gateway. */
export class NoTimestampsError extends StoreError {
  readonly code = 'no-timestamps'
}

/** This client may not do that. */
export class DeniedError extends StoreError {
  readonly code = 'denied'
}

/** The key is at another revision than the write asked for. Nothing was written. */
export class RevisionMovedError extends StoreError {
  readonly code = 'revision-moved'
  /** The modification revision of the key; 0 if it does not exist. */
  readonly modRevision: number
  readonly revision: number

  constructor(message: string, { modRevision = 0, revision = 0 }: ErrorFacts) {
    super(message)
    this.modRevision = modRevision
    this.revision = revision
  }
}

/** The history that was asked for is no longer kept. */
export class CompactedError extends StoreError {
  readonly code = 'compacted'
  /** The oldest revision that can still be read. */
  readonly floor: number
  readonly revision: number

  constructor(message: string, { floor = 0, revision = 0 }: ErrorFacts) {
    super(message)
    this.floor = floor
    this.revision = revision
  }
}

/** The store has not reached the revision that was asked for. */
export class FutureRevisionError extends StoreError {
  readonly code = 'future-revision'
  readonly revision: number

  constructor(message: string, { revision = 0 }: ErrorFacts) {
    super(message)
    this.revision = revision
  }
}

/** The lease does not exist; it may have ended. */
export class LeaseNotFoundError extends StoreError {
  readonly code = 'lease-not-found'
}

/** A lease has this id already. */
export class LeaseExistsError extends StoreError {
  readonly code = 'lease-exists'
}

/** There are as many leases as there may be. */
export class TooManyLeasesError extends StoreError {
  readonly code = 'too-many-leases'
}

/** The lease has as many keys as it may have. */
export class TooManyLeaseKeysError extends StoreError {
  readonly code = 'too-many-lease-keys'
}

/** There are as many watches as there may be. */
export class TooManyWatchesError extends StoreError {
  readonly code = 'too-many-watches'
}

/** The lease of a lock or of a leader has ended, or may have. */
export class LockLostError extends StoreError {
  readonly code = 'lock-lost'
}

/** Another write was executed under this idempotency key. */
export class IdempotencyKeyReusedError extends StoreError {
  readonly code = 'idempotency-key-reused'
}

/** The write was executed before under its idempotency key, and its result was too large to be kept. */
export class AlreadyDoneError extends StoreError {
  readonly code = 'already-done'
}

/** The store has reached its size limit. Deletes still work. */
export class NoSpaceError extends StoreError {
  readonly code = 'no-space'
}

/** A value, a transaction or an answer is larger than it may be. */
export class TooLargeError extends StoreError {
  readonly code = 'too-large'
}

/** A key has 1 to 4,096 bytes. */
export class BadKeyError extends StoreError {
  readonly code = 'bad-key'
}

/** The request has no meaning, for example a transaction that writes a key twice. */
export class BadRequestError extends StoreError {
  readonly code = 'bad-request'
}

/** The gateway failed, or what answers is no gateway of strategos. */
export class GatewayError extends StoreError {
  readonly code = 'internal'
}

/** The connection was closed. */
export class ClosedError extends StoreError {
  readonly code = 'closed'
}

/** Facts beside the sentence of an error. */
export interface ErrorFacts {
  readonly revision?: number | undefined
  readonly modRevision?: number | undefined
  readonly floor?: number | undefined
}

const CLASSES: Readonly<Record<string, new (message: string, facts: ErrorFacts) => StoreError>> = {
  unknown: UnknownOutcomeError,
  stalled: StalledError,
  busy: BusyError,
  unreachable: UnreachableError,
  refused: RefusedError,
  'key-shared': KeySharedError,
  'no-timestamps': NoTimestampsError,
  denied: DeniedError,
  'revision-moved': RevisionMovedError,
  compacted: CompactedError,
  'future-revision': FutureRevisionError,
  'lease-not-found': LeaseNotFoundError,
  'lease-exists': LeaseExistsError,
  'too-many-leases': TooManyLeasesError,
  'too-many-lease-keys': TooManyLeaseKeysError,
  'too-many-watches': TooManyWatchesError,
  'idempotency-key-reused': IdempotencyKeyReusedError,
  'already-done': AlreadyDoneError,
  'no-space': NoSpaceError,
  'too-large': TooLargeError,
  'bad-key': BadKeyError,
  'bad-request': BadRequestError,
  unsupported: BadRequestError,
}

/** Returns the error of a code; a `GatewayError` for a code that is not known. */
export function errorOf(code: string, message: string, facts: ErrorFacts = {}): StoreError {
  const known = CLASSES[code]
  return known === undefined ? new GatewayError(`${code}: ${message}`) : new known(message, facts)
}
