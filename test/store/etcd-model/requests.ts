/**
 * Requests and answers of etcd's data model, free of any wire and any store: what the model, a real etcd and this project's
 * store are compared by. Keys and values are bytes, revisions safe integers, lease ids 64-bit integers with a sign.
 * A field that is left out has etcd's zero value; an answer names all of its fields.
 */

/** A key with its value and its numbers, as etcd's `KeyValue`. */
export interface Pair {
  readonly key: Uint8Array
  readonly createRevision: number
  readonly modRevision: number
  readonly version: number
  readonly value: Uint8Array
  /** 0n is none. */
  readonly lease: bigint
}

/** One key, or with `rangeEnd` all keys from `key` to before it; with a `rangeEnd` of one zero byte all from `key` on. */
export interface KeyRange {
  readonly key: Uint8Array
  readonly rangeEnd?: Uint8Array
}

export interface Put {
  readonly kind: 'put'
  readonly key: Uint8Array
  readonly value?: Uint8Array
  readonly lease?: bigint
  readonly prevKv?: boolean
  readonly ignoreValue?: boolean
  readonly ignoreLease?: boolean
}

export type SortTarget = 'key' | 'version' | 'create' | 'mod' | 'value'

export interface Range extends KeyRange {
  readonly kind: 'range'
  /** The newest where it is left out, 0 or negative. */
  readonly revision?: number
  /** No limit where it is left out, 0 or negative. */
  readonly limit?: number
  readonly sortOrder?: 'none' | 'ascend' | 'descend'
  readonly sortTarget?: SortTarget
  readonly keysOnly?: boolean
  readonly countOnly?: boolean
  readonly minModRevision?: number
  readonly maxModRevision?: number
  readonly minCreateRevision?: number
  readonly maxCreateRevision?: number
}

export interface DeleteRange extends KeyRange {
  readonly kind: 'deleteRange'
  readonly prevKv?: boolean
}

export type CompareResult = 'equal' | 'notEqual' | 'greater' | 'less'

/** True if each pair in the range stands in this relation to the operand. */
export type Compare = KeyRange & { readonly result: CompareResult } & (
    | { readonly target: 'value'; readonly value: Uint8Array }
    | { readonly target: 'version' | 'create' | 'mod'; readonly number: number }
    | { readonly target: 'lease'; readonly lease: bigint }
  )

export interface Txn {
  readonly kind: 'txn'
  readonly compare?: readonly Compare[]
  readonly success?: readonly Operation[]
  readonly failure?: readonly Operation[]
}

/** An operation of a transaction with nothing set, which a client can send: etcd answers it with an error. */
export interface Nothing {
  readonly kind: 'nothing'
}

/** The requests that may stand in a transaction. */
export type Operation = Put | Range | DeleteRange | Txn | Nothing

export interface Compact {
  readonly kind: 'compact'
  readonly revision: number
}

export interface LeaseGrant {
  readonly kind: 'leaseGrant'
  /** 0n has the server choose. */
  readonly id: bigint
  readonly ttl: number
}

export interface LeaseRevoke {
  readonly kind: 'leaseRevoke'
  readonly id: bigint
}

export interface LeaseKeepAlive {
  readonly kind: 'leaseKeepAlive'
  readonly id: bigint
}

export interface LeaseTimeToLive {
  readonly kind: 'leaseTimeToLive'
  readonly id: bigint
  readonly keys?: boolean
}

export interface LeaseLeases {
  readonly kind: 'leaseLeases'
}

/** Time passes: no request of etcd's. What it ends is ended when the answer comes. */
export interface Tick {
  readonly kind: 'tick'
  readonly seconds: number
}

export type Request =
  | Put
  | Range
  | DeleteRange
  | Txn
  | Compact
  | LeaseGrant
  | LeaseRevoke
  | LeaseKeepAlive
  | LeaseTimeToLive
  | LeaseLeases
  | Tick

/** `revision` is that of the answer's header; 0 where the header has none. */
interface Header {
  readonly revision: number
}

export interface PutAnswer extends Header {
  readonly kind: 'put'
  readonly prevKv: Pair | null
}

export interface RangeAnswer extends Header {
  readonly kind: 'range'
  readonly kvs: readonly Pair[]
  readonly more: boolean
  readonly count: number
}

export interface DeleteRangeAnswer extends Header {
  readonly kind: 'deleteRange'
  readonly deleted: number
  readonly prevKvs: readonly Pair[]
}

export interface TxnAnswer extends Header {
  readonly kind: 'txn'
  readonly succeeded: boolean
  readonly responses: readonly OperationAnswer[]
}

export type OperationAnswer = PutAnswer | RangeAnswer | DeleteRangeAnswer | TxnAnswer

export interface CompactAnswer extends Header {
  readonly kind: 'compact'
}

export interface LeaseGrantAnswer extends Header {
  readonly kind: 'leaseGrant'
  readonly id: bigint
  readonly ttl: number
}

export interface LeaseRevokeAnswer extends Header {
  readonly kind: 'leaseRevoke'
}

export interface LeaseKeepAliveAnswer extends Header {
  readonly kind: 'leaseKeepAlive'
  readonly id: bigint
  /** 0 for a lease that does not exist. */
  readonly ttl: number
}

export interface LeaseTimeToLiveAnswer extends Header {
  readonly kind: 'leaseTimeToLive'
  readonly id: bigint
  /** The time left of it in whole seconds, rounded down; -1 for a lease that does not exist. */
  readonly ttl: number
  readonly grantedTtl: number
  /** In the order of bytes: etcd gives them in any. */
  readonly keys: readonly Uint8Array[]
}

export interface LeaseLeasesAnswer extends Header {
  readonly kind: 'leaseLeases'
  /** In the order of numbers: etcd gives them in the order in which they end. */
  readonly leases: readonly bigint[]
}

export interface TickAnswer extends Header {
  readonly kind: 'tick'
}

/** An error. Nothing has changed. */
export interface Refusal {
  readonly kind: 'refusal'
  /** gRPC's. */
  readonly code: number
  /** etcd's text without `etcdserver: ` before it. */
  readonly message: string
}

export type Answer =
  | OperationAnswer
  | CompactAnswer
  | LeaseGrantAnswer
  | LeaseRevokeAnswer
  | LeaseKeepAliveAnswer
  | LeaseTimeToLiveAnswer
  | LeaseLeasesAnswer
  | TickAnswer
  | Refusal

/** Anything that answers as etcd does: the model, a real etcd, this project's store. Requests come one after another. */
export interface DataModel {
  apply(request: Request): Answer | Promise<Answer>
}

/** The errors of the data model, by code and text. */
export const REFUSALS = {
  emptyKey: { code: 3, message: 'key is not provided' },
  keyNotFound: { code: 3, message: 'key not found' },
  valueProvided: { code: 3, message: 'value is provided' },
  leaseProvided: { code: 3, message: 'lease is provided' },
  tooManyOperations: { code: 3, message: 'too many operations in txn request' },
  duplicateKey: { code: 3, message: 'duplicate key given in txn request' },
  compacted: { code: 11, message: 'mvcc: required revision has been compacted' },
  futureRevision: { code: 11, message: 'mvcc: required revision is a future revision' },
  leaseTooLong: { code: 11, message: 'too large lease TTL' },
  leaseNotFound: { code: 5, message: 'requested lease not found' },
  leaseExists: { code: 9, message: 'lease already exists' },
} as const

export type RefusalName = keyof typeof REFUSALS
