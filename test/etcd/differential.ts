/**
 * Drawn requests to two servers of etcd's interface, and what is compared of their answers. Not compared: the ids of
 * cluster and member, the term, the order of what has none, and how much is left of a lease.
 */

import { readMessage } from '../../clients/etcd/json/message-reader.ts'
import { messageJson } from '../../clients/etcd/json/message-writer.ts'
import { createRandom } from '../../src/base/random.ts'
import { answerOf, messageOf, refusalOf } from '../store/etcd-model/etcd-json.ts'
import { Generator } from '../store/etcd-model/generator.ts'
import type { Request, Txn } from '../store/etcd-model/requests.ts'
import { GrpcClient, methodAt, type Outcome } from './grpc-client.ts'
import { callStream } from './stream-client.ts'

type Member = NonNullable<Txn['success']>[number]
type Asked = Exclude<Request, { kind: 'tick' }>

const PATHS: Readonly<Record<Asked['kind'], string>> = {
  put: 'KV/Put',
  range: 'KV/Range',
  deleteRange: 'KV/DeleteRange',
  txn: 'KV/Txn',
  compact: 'KV/Compact',
  leaseGrant: 'Lease/LeaseGrant',
  leaseRevoke: 'Lease/LeaseRevoke',
  leaseKeepAlive: 'Lease/LeaseKeepAlive',
  leaseTimeToLive: 'Lease/LeaseTimeToLive',
  leaseLeases: 'Lease/LeaseLeases',
}

/**
 * True for a request whose answers may differ: a negative revision in a transaction, which etcd refuses once something
 * was compacted; a compaction at 0, which etcd takes once; a lease whose id the store chooses.
 */
export function isElsewhere(request: Request | Member, isInside = false): boolean {
  switch (request.kind) {
    case 'range':
      return isInside && (request.revision ?? 0) < 0
    case 'compact':
      return request.revision === 0
    case 'leaseGrant':
      return request.id === 0n
    case 'txn': {
      const { success = [], failure = [] } = request
      return [...success, ...failure].some((each) => isElsewhere(each, true))
    }
    default:
      return false
  }
}

/** Draws requests that both are asked. It hears the answers, so that the next ones meet what is there. */
export class DrawnRequests {
  readonly #generator: Generator
  /** The answers by kind, or by the text of a refusal. */
  readonly seen = new Map<string, number>()

  constructor(seed: number) {
    this.#generator = new Generator(createRandom(seed))
  }

  next(): Asked {
    for (;;) {
      const request = this.#generator.next()
      if (request.kind !== 'tick' && !isElsewhere(request)) return request
    }
  }

  hear(request: Asked, isOk: boolean, json: object): void {
    const answer = isOk
      ? answerOf(request, json as Parameters<typeof answerOf>[1])
      : refusalOf(json as Parameters<typeof refusalOf>[0])
    this.#generator.hear(request, answer)
    const name = answer.kind === 'refusal' ? answer.message : answer.kind
    this.seen.set(name, (this.seen.get(name) ?? 0) + 1)
  }
}

export interface Difference {
  readonly index: number
  readonly path: string
  readonly body: string
  readonly first: string
  readonly second: string
}

/** Asks two servers over gRPC. Returns the first difference; null if there is none. */
export async function compareOverGrpc(
  urls: readonly [string, string],
  {
    requests,
    drawn,
    before = async () => {},
  }: {
    readonly requests: number
    readonly drawn: DrawnRequests
    /** Runs before each request. */
    readonly before?: (index: number) => Promise<void>
  },
): Promise<Difference | null> {
  const clients = urls.map((url) => new GrpcClient(url))
  try {
    for (let index = 0; index < requests; index++) {
      await before(index)
      const request = drawn.next()
      const path = `/etcdserverpb.${PATHS[request.kind]}`
      const body = JSON.stringify(messageOf(request).body)
      const message = readMessage(methodAt(path).request, body)
      const outcomes = await Promise.all(
        clients.map((client) =>
          request.kind === 'leaseKeepAlive' ? callStream(client, path, message) : client.call(path, message),
        ),
      )
      const [first = '', second = ''] = outcomes.map((outcome) => comparable(request, path, outcome))
      if (first !== second) return { index, path, body, first, second }
      const [, real] = outcomes
      if (real !== undefined && 'answer' in real) {
        const json = messageJson(methodAt(path).response, real.answer) as object
        // The JSON gateway, whose form is read here, has an answer of a stream in a member.
        drawn.hear(request, true, request.kind === 'leaseKeepAlive' ? { result: json } : json)
      } else if (real !== undefined) {
        drawn.hear(request, false, { code: real.code, message: real.text, error: real.text })
      }
    }
    return null
  } finally {
    for (const client of clients) client.close()
  }
}

function comparable(request: Asked, path: string, outcome: Outcome): string {
  if (!('answer' in outcome)) return JSON.stringify(outcome)
  const json = messageJson(methodAt(path).response, outcome.answer) as {
    TTL?: string
    keys?: string[]
    leases?: { ID: string }[]
  }
  if (request.kind === 'leaseTimeToLive' && json.TTL !== undefined && json.TTL !== '-1') json.TTL = 'running'
  json.keys?.sort()
  json.leases?.sort((a, b) => (a.ID < b.ID ? -1 : 1))
  return JSON.stringify(json).replaceAll(/"(cluster_id|member_id|raft_term)":"\d+"/g, '"$1":"?"')
}
