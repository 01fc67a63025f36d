/** etcd's errors: each has a gRPC code and a text by which clients recognize it, both verbatim. */

export const CODES = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  'invalid-argument': 3,
  'deadline-exceeded': 4,
  'not-found': 5,
  'permission-denied': 7,
  'resource-exhausted': 8,
  'failed-precondition': 9,
  'out-of-range': 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const
export type CodeName = Exclude<keyof typeof CODES, 'ok'>

/** The error that ends a call without an answer. */
export class EtcdError extends Error {
  override readonly name = 'EtcdError'
  readonly code: number

  constructor(code: CodeName, message: string) {
    super(message)
    this.code = CODES[code]
  }
}

/** The errors of etcd that are used here, without their common prefix. */
const ERRORS = {
  noKey: ['invalid-argument', 'key is not provided'],
  keyNotFound: ['invalid-argument', 'key not found'],
  valueProvided: ['invalid-argument', 'value is provided'],
  leaseProvided: ['invalid-argument', 'lease is provided'],
  tooManyOperations: ['invalid-argument', 'too many operations in txn request'],
  duplicateKey: ['invalid-argument', 'duplicate key given in txn request'],
  badSort: ['invalid-argument', 'invalid sort option'],
  tooLarge: ['invalid-argument', 'request is too large'],
  compacted: ['out-of-range', 'mvcc: required revision has been compacted'],
  future: ['out-of-range', 'mvcc: required revision is a future revision'],
  leaseTtlTooLarge: ['out-of-range', 'too large lease TTL'],
  leaseNotFound: ['not-found', 'requested lease not found'],
  leaseExists: ['failed-precondition', 'lease already exists'],
  notEnoughMembers: ['failed-precondition', 're-configuration failed due to not enough started members'],
  authDisabled: ['failed-precondition', 'authentication is not enabled'],
  permissionDenied: ['permission-denied', 'permission denied'],
  invalidToken: ['unauthenticated', 'invalid auth token'],
  userEmpty: ['invalid-argument', 'user name is empty'],
  authFailed: ['invalid-argument', 'authentication failed, invalid user ID or password'],
  noSpace: ['resource-exhausted', 'mvcc: database space exceeded'],
  tooManyRequests: ['resource-exhausted', 'too many requests'],
  noLeader: ['unavailable', 'no leader'],
  stopped: ['unavailable', 'server stopped'],
  timedOut: ['unavailable', 'request timed out'],
} as const satisfies Record<string, readonly [CodeName, string]>
export type ErrorName = keyof typeof ERRORS

/** Makes one of etcd's errors. */
export function etcdError(name: ErrorName): EtcdError {
  const [code, text] = ERRORS[name]
  return new EtcdError(code, `etcdserver: ${text}`)
}
