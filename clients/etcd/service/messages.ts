/** The messages of etcd's services in memory: 64-bit integers are bigints, enums are numbers. */

/** The header of an answer. */
export interface ResponseHeader {
  readonly clusterId?: bigint
  readonly memberId?: bigint
  readonly revision?: bigint
  readonly raftTerm?: bigint
}

export interface KeyValue {
  readonly key: Uint8Array
  readonly createRevision: bigint
  readonly modRevision: bigint
  readonly version: bigint
  readonly value: Uint8Array
  readonly lease: bigint
}

export interface RangeRequest {
  readonly key: Uint8Array
  readonly rangeEnd: Uint8Array
  readonly limit: bigint
  readonly revision: bigint
  readonly sortOrder: number
  readonly sortTarget: number
  readonly serializable: boolean
  readonly keysOnly: boolean
  readonly countOnly: boolean
  readonly minModRevision: bigint
  readonly maxModRevision: bigint
  readonly minCreateRevision: bigint
  readonly maxCreateRevision: bigint
}

export interface RangeResponse {
  readonly header: ResponseHeader
  readonly kvs: readonly KeyValue[]
  readonly more: boolean
  readonly count: bigint
}

export interface PutRequest {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly lease: bigint
  readonly prevKv: boolean
  readonly ignoreValue: boolean
  readonly ignoreLease: boolean
}

export interface PutResponse {
  readonly header: ResponseHeader
  readonly prevKv?: KeyValue
}

export interface DeleteRangeRequest {
  readonly key: Uint8Array
  readonly rangeEnd: Uint8Array
  readonly prevKv: boolean
}

export interface DeleteRangeResponse {
  readonly header: ResponseHeader
  readonly deleted: bigint
  readonly prevKvs: readonly KeyValue[]
}

export interface CompactionRequest {
  readonly revision: bigint
  readonly physical: boolean
}

export interface CompactionResponse {
  readonly header: ResponseHeader
}

/** A comparison; at most one of the operands is set. */
export interface Compare {
  readonly result: number
  readonly target: number
  readonly key: Uint8Array
  readonly rangeEnd: Uint8Array
  readonly version?: bigint
  readonly createRevision?: bigint
  readonly modRevision?: bigint
  readonly value?: Uint8Array
  readonly lease?: bigint
}

/** An operation of a transaction: one of its fields is set. */
export interface RequestOp {
  readonly requestRange?: RangeRequest | null
  readonly requestPut?: PutRequest | null
  readonly requestDeleteRange?: DeleteRangeRequest | null
  readonly requestTxn?: TxnRequest | null
}

export interface ResponseOp {
  readonly responseRange?: RangeResponse
  readonly responsePut?: PutResponse
  readonly responseDeleteRange?: DeleteRangeResponse
  readonly responseTxn?: TxnResponse
}

export interface TxnRequest {
  readonly compare: readonly Compare[]
  readonly success: readonly RequestOp[]
  readonly failure: readonly RequestOp[]
}

export interface TxnResponse {
  readonly header: ResponseHeader
  readonly succeeded: boolean
  readonly responses: readonly ResponseOp[]
}
