/** The messages of etcd's services as the program has them: 64-bit integers are bigints, enums are numbers. */

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
