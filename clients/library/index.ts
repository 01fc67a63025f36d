/** The package `strategos`: a store that stays correct while replicas lie. `connect` begins everything. */
export { OperatorError } from '../../src/base/operator-error.ts'
export type { Access, AccessPrincipal, AccessRight, AccessState, Permission } from './access.ts'
export {
  type ConnectOptions,
  type ConnectTarget,
  connect,
  type DirectoryTarget,
  type FileTarget,
  type GatewayTarget,
} from './connect.ts'
export type { Bytes, Change, Entry } from './entry.ts'
export type { Range } from './key-selection.ts'
export type { Lease, LeaseName, LeaseOptions, LeaseState } from './lease.ts'
export type { ListOptions } from './listing.ts'
export type { Leader, Leadership, Lock, LockOptions } from './lock.ts'
export type {
  CallOptions,
  DeleteRangeOptions,
  KeyDeleted,
  MarkedOptions,
  Put,
  PutOptions,
  ReadOptions,
  Store,
  WriteOptions,
} from './store.ts'
export {
  AlreadyDoneError,
  BadKeyError,
  BadRequestError,
  BusyError,
  ClosedError,
  CompactedError,
  DeniedError,
  FutureRevisionError,
  GatewayError,
  IdempotencyKeyReusedError,
  KeySharedError,
  LeaseExistsError,
  LeaseNotFoundError,
  LockLostError,
  NoAnswerError,
  NoSpaceError,
  NoTimestampsError,
  RefusedError,
  RevisionMovedError,
  StalledError,
  StoreError,
  TooLargeError,
  TooManyLeaseKeysError,
  TooManyLeasesError,
  TooManyWatchesError,
  UnknownOutcomeError,
  UnreachableError,
} from './store-errors.ts'
export type { StoreWatch, WatchedRevision, WatchOptions } from './store-watch.ts'
export {
  type Comparison,
  compare,
  type Deleted,
  type Listed,
  type ListStepOptions,
  type Step,
  step,
  type Transaction,
  type TransactionDone,
  type Written,
} from './transaction.ts'
