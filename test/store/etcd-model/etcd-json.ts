/** A running etcd as a `DataModel`, through its JSON gateway: `POST /v3/...`, bytes in base64, 64-bit integers as strings. */
import { setTimeout as sleep } from 'node:timers/promises'
import { compareBytes } from '../../../src/base/bytes.ts'
import type {
  Answer,
  Compare,
  DataModel,
  KeyRange,
  Operation,
  OperationAnswer,
  Pair,
  Put,
  Range,
  Refusal,
  Request,
  Txn,
} from './requests.ts'

/** Fields with a zero value are left out. */
interface Json {
  readonly [field: string]: unknown
}

const POLL_MS = 100
const PREFIX = /^etcdserver: /

export class EtcdJson implements DataModel {
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  async apply(request: Request): Promise<Answer> {
    if (request.kind === 'tick') return this.#tick(request.seconds)
    const { path, body } = messageOf(request)
    const response = await fetch(`${this.#url}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) })
    const json = (await response.json()) as Json
    return response.ok ? answerOf(request, json) : refusalOf(json)
  }

  /** Real time passes: an etcd has no other. It ends leases somewhat late, which is waited for. */
  async #tick(seconds: number): Promise<Answer> {
    await sleep(seconds * 1_000)
    while (await this.#hasOverdueLease()) await sleep(POLL_MS)
    const answer = await this.apply({ kind: 'range', key: Uint8Array.of(0), countOnly: true })
    if (answer.kind === 'refusal') return answer
    return { kind: 'tick', revision: answer.revision }
  }

  async #hasOverdueLease(): Promise<boolean> {
    const listed = await this.apply({ kind: 'leaseLeases' })
    if (listed.kind !== 'leaseLeases') throw new Error('etcd does not list its leases')
    for (const id of listed.leases) {
      const left = await this.apply({ kind: 'leaseTimeToLive', id })
      if (left.kind === 'leaseTimeToLive' && left.ttl <= 0 && left.grantedTtl > 0) return true
    }
    return false
  }
}

// Requests.

const base64 = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('base64')

export function messageOf(request: Exclude<Request, { kind: 'tick' }>): { path: string; body: Json } {
  switch (request.kind) {
    case 'put':
      return { path: 'kv/put', body: putJson(request) }
    case 'range':
      return { path: 'kv/range', body: rangeJson(request) }
    case 'deleteRange':
      return { path: 'kv/deleterange', body: { ...keyRangeJson(request), prev_kv: request.prevKv } }
    case 'txn':
      return { path: 'kv/txn', body: txnJson(request) }
    case 'compact':
      return { path: 'kv/compaction', body: { revision: request.revision } }
    case 'leaseGrant':
      return { path: 'lease/grant', body: { ID: String(request.id), TTL: request.ttl } }
    case 'leaseRevoke':
      return { path: 'lease/revoke', body: { ID: String(request.id) } }
    case 'leaseKeepAlive':
      return { path: 'lease/keepalive', body: { ID: String(request.id) } }
    case 'leaseTimeToLive':
      return { path: 'lease/timetolive', body: { ID: String(request.id), keys: request.keys } }
    case 'leaseLeases':
      return { path: 'lease/leases', body: {} }
  }
}

const keyRangeJson = ({ key, rangeEnd }: KeyRange): Json => ({
  key: base64(key),
  range_end: base64(rangeEnd),
})

const putJson = (put: Put): Json => ({
  key: base64(put.key),
  value: base64(put.value),
  lease: String(put.lease ?? 0n),
  prev_kv: put.prevKv,
  ignore_value: put.ignoreValue,
  ignore_lease: put.ignoreLease,
})

const rangeJson = (range: Range): Json => ({
  ...keyRangeJson(range),
  revision: range.revision,
  limit: range.limit,
  sort_order: range.sortOrder?.toUpperCase(),
  sort_target: range.sortTarget?.toUpperCase(),
  keys_only: range.keysOnly,
  count_only: range.countOnly,
  min_mod_revision: range.minModRevision,
  max_mod_revision: range.maxModRevision,
  min_create_revision: range.minCreateRevision,
  max_create_revision: range.maxCreateRevision,
})

const txnJson = ({ compare = [], success = [], failure = [] }: Txn): Json => ({
  compare: compare.map(compareJson),
  success: success.map(operationJson),
  failure: failure.map(operationJson),
})

const COMPARE_RESULTS = { equal: 'EQUAL', notEqual: 'NOT_EQUAL', greater: 'GREATER', less: 'LESS' } as const
const OPERANDS = { version: 'version', create: 'create_revision', mod: 'mod_revision' } as const

function compareJson(compare: Compare): Json {
  const common = {
    ...keyRangeJson(compare),
    target: compare.target.toUpperCase(),
    result: COMPARE_RESULTS[compare.result],
  }
  if (compare.target === 'value') return { ...common, value: base64(compare.value) }
  if (compare.target === 'lease') return { ...common, lease: String(compare.lease) }
  return { ...common, [OPERANDS[compare.target]]: compare.number }
}

function operationJson(operation: Operation): Json {
  if (operation.kind === 'nothing') return {}
  if (operation.kind === 'put') return { request_put: putJson(operation) }
  if (operation.kind === 'range') return { request_range: rangeJson(operation) }
  if (operation.kind === 'txn') return { request_txn: txnJson(operation) }
  return { request_delete_range: { ...keyRangeJson(operation), prev_kv: operation.prevKv } }
}

// Answers.

const numberOf = (value: unknown): number => Number(value ?? 0)
const bigintOf = (value: unknown): bigint => BigInt((value as string | undefined) ?? 0)
const bytesOf = (value: unknown): Uint8Array =>
  Uint8Array.from(Buffer.from((value as string | undefined) ?? '', 'base64'))
const listOf = (value: unknown): readonly Json[] => (value as readonly Json[] | undefined) ?? []
const revisionOf = (json: Json): number => numberOf((json['header'] as Json | undefined)?.['revision'])

export function refusalOf(json: Json): Refusal {
  const message = String(json['message'])
  if (!PREFIX.test(message)) throw new Error(`etcd says what is no answer to a request: ${message}`)
  return { kind: 'refusal', code: numberOf(json['code']), message: message.replace(PREFIX, '') }
}

export function answerOf(request: Exclude<Request, { kind: 'tick' }>, json: Json): Answer {
  const revision = revisionOf(json)
  switch (request.kind) {
    case 'put':
    case 'range':
    case 'deleteRange':
    case 'txn':
      return operationAnswerOf(request.kind, json)
    case 'compact':
    case 'leaseRevoke':
      return { kind: request.kind, revision }
    case 'leaseGrant':
      return { kind: request.kind, revision, id: bigintOf(json['ID']), ttl: numberOf(json['TTL']) }
    case 'leaseKeepAlive': {
      // A stream of one answer.
      const result = json['result'] as Json
      const header = { kind: request.kind, revision: revisionOf(result) }
      return { ...header, id: bigintOf(result['ID']), ttl: numberOf(result['TTL']) }
    }
    case 'leaseTimeToLive': {
      const keys = ((json['keys'] as readonly string[] | undefined) ?? []).map(bytesOf).sort(compareBytes)
      const [ttl, grantedTtl] = [numberOf(json['TTL']), numberOf(json['grantedTTL'])]
      return { kind: request.kind, revision, id: bigintOf(json['ID']), ttl, grantedTtl, keys }
    }
    case 'leaseLeases': {
      const leases = listOf(json['leases']).map((lease) => bigintOf(lease['ID']))
      return { kind: request.kind, revision, leases: leases.sort((a, b) => (a < b ? -1 : 1)) }
    }
  }
}

function operationAnswerOf(kind: OperationAnswer['kind'], json: Json): OperationAnswer {
  const revision = revisionOf(json)
  if (kind === 'put') {
    const previous = json['prev_kv'] as Json | undefined
    return { kind, revision, prevKv: previous === undefined ? null : pairOf(previous) }
  }
  if (kind === 'range') {
    const kvs = listOf(json['kvs']).map(pairOf)
    return { kind, revision, kvs, more: json['more'] === true, count: numberOf(json['count']) }
  }
  if (kind === 'deleteRange') {
    const prevKvs = listOf(json['prev_kvs']).map(pairOf)
    return { kind, revision, deleted: numberOf(json['deleted']), prevKvs }
  }
  const responses = listOf(json['responses']).map(responseOf)
  return { kind, revision, succeeded: json['succeeded'] === true, responses }
}

const RESPONSES = {
  response_put: 'put',
  response_range: 'range',
  response_delete_range: 'deleteRange',
  response_txn: 'txn',
} as const

function responseOf(json: Json): OperationAnswer {
  for (const [field, kind] of Object.entries(RESPONSES)) {
    if (json[field] !== undefined) return operationAnswerOf(kind, json[field] as Json)
  }
  throw new Error(`etcd answers an operation with ${JSON.stringify(json)}.`)
}

const pairOf = (json: Json): Pair => ({
  key: bytesOf(json['key']),
  createRevision: numberOf(json['create_revision']),
  modRevision: numberOf(json['mod_revision']),
  version: numberOf(json['version']),
  value: bytesOf(json['value']),
  lease: bigintOf(json['lease']),
})
