/** The header of every answer, and the errors of failed operations. */
import type { Operation } from '../../../src/store/operations-writer.ts'
import type { RangeItem } from '../../../src/store/range-results.ts'
import type { Result } from '../../../src/store/results.ts'
import { OperationFailure } from '../../library/store-client.ts'
import type { Watch, WatchQuery } from '../../library/watch.ts'
import { EtcdError, etcdError } from './errors.ts'
import type { KeyValue, ResponseHeader } from './messages.ts'

/** The store that the services need. */
export interface ServiceStore {
  execute(operation: Operation): Promise<Result>
  /** Begins a watch; throws a `WatchFailure`. */
  watch(query: WatchQuery): Watch
  readonly clusterId: bigint
  readonly memberId: bigint
  /** The view of the replicas; etcd's term is the view plus one. */
  readonly view: number
}

export function headerOf({ clusterId, memberId, view }: ServiceStore, revision: number): ResponseHeader {
  return { clusterId, memberId, revision: BigInt(revision), raftTerm: BigInt(view + 1) }
}

/** The result of an operation, by its kind. */
type ResultOf<K extends string> = Extract<Result, { readonly status: 'ok'; readonly kind: K }>

/** Executes an operation. Throws the error of etcd for every result but success. */
export async function executeOk<O extends Operation>(
  store: ServiceStore,
  operation: O,
): Promise<ResultOf<O['kind']>> {
  const result = await executeAny(store, operation)
  if (result.status !== 'ok' || result.kind !== operation.kind) throw errorOf(result)
  return result as ResultOf<O['kind']>
}

/** Executes an operation and returns any result. Throws the error of etcd if it has none. */
export async function executeAny(store: ServiceStore, operation: Operation): Promise<Result> {
  try {
    return await store.execute(operation)
  } catch (error) {
    throw error instanceof OperationFailure ? errorOfFailure(error) : error
  }
}

/**
 * The error for an operation without a result. A client must not repeat a write whose outcome is unknown. etcd's
 * clients decide by code and text; with this text, etcd's own client repeats reads but not writes.
 */
function errorOfFailure({ code, message }: OperationFailure): EtcdError {
  switch (code) {
    case 'unknown':
    case 'stalled':
      return etcdError('timedOut')
    case 'busy':
      return etcdError('tooManyRequests')
    case 'refused':
    case 'key-shared':
    case 'no-timestamps':
      return new EtcdError('unavailable', `etcdserver: ${message}`)
  }
}

/** The error for a failed result. */
export function errorOf(result: Result): EtcdError {
  switch (result.status) {
    case 'compacted':
      return etcdError('compacted')
    case 'future':
      return etcdError('future')
    case 'too-many-operations':
      return etcdError('tooManyOperations')
    case 'duplicate-key':
      return etcdError('duplicateKey')
    case 'not-found':
      return etcdError('keyNotFound')
    case 'value-provided':
      return etcdError('valueProvided')
    case 'lease-provided':
      return etcdError('leaseProvided')
    case 'lease-not-found':
      return etcdError('leaseNotFound')
    case 'lease-exists':
      return etcdError('leaseExists')
    case 'lease-too-long':
      return etcdError('leaseTtlTooLarge')
    case 'too-many-leases':
    case 'too-many-lease-keys':
      return new EtcdError('resource-exhausted', `etcdserver: ${result.status.replaceAll('-', ' ')}`)
    case 'no-space':
      return etcdError('noSpace')
    case 'denied':
      return etcdError('permissionDenied')
    case 'bad-key':
    case 'too-large':
      return etcdError('tooLarge')
    case 'work-budget':
      return new EtcdError(
        'resource-exhausted',
        'etcdserver: the range has more keys than one request may examine; narrow it',
      )
    case 'result-budget':
      return new EtcdError(
        'resource-exhausted',
        'etcdserver: the answer is larger than 2 MiB; ask for fewer keys with a limit',
      )
    default:
      return new EtcdError('unknown', `etcdserver: the store answered "${result.status}"`)
  }
}

/** A key and its entry. */
export function keyValueOf({ key, value, lease, ...revisions }: RangeItem): KeyValue {
  return {
    key,
    value,
    createRevision: BigInt(revisions.createRevision),
    modRevision: BigInt(revisions.modRevision),
    version: BigInt(revisions.version),
    lease: new DataView(lease.buffer, lease.byteOffset).getBigInt64(0),
  }
}
