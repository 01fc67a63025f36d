/** etcd's Election service: the first of a queue leads, and its key's value is what it proclaims. */
import { compareBytes } from '../../../src/base/bytes.ts'
import { oneKey } from '../../../src/store/key-range.ts'
import type { Operation } from '../../../src/store/operations-writer.ts'
import { executeOk, headerOf, keyValueOf, type ServiceStore } from './answers.ts'
import { EtcdError } from './errors.ts'
import { safeNumber } from './range-reading.ts'
import { isCreatedAt, WaitingQueue } from './waiting-queue.ts'

export interface CampaignRequest {
  readonly name: Uint8Array
  readonly lease: bigint
  readonly value: Uint8Array
}

/** The place of a leader, as it names it in later requests. */
export interface LeaderKey {
  readonly name: Uint8Array
  readonly key: Uint8Array
  readonly rev: bigint
  readonly lease: bigint
}

export interface LeaderRequest {
  readonly name: Uint8Array
}

export interface ResignRequest {
  readonly leader?: LeaderKey | null
}

export interface ProclaimRequest extends ResignRequest {
  readonly value: Uint8Array
}

const noLeaderKey = () => new EtcdError('unknown', '"leader" field must be provided')
const notLeader = () => new EtcdError('unknown', 'election: not leader')

export class ElectionService {
  readonly #store: ServiceStore

  constructor(store: ServiceStore) {
    this.#store = store
  }

  /** Answers when the caller leads. One who leaves before gives up its place. */
  async campaign({ name, lease, value }: CampaignRequest, signal: AbortSignal): Promise<object> {
    const queue = new WaitingQueue(this.#store, name)
    const place = await queue.enter(lease, value)
    const leader = { name, key: place.key, rev: BigInt(place.created), lease: place.lease }
    try {
      if (compareBytes(place.value, value) !== 0) await this.proclaim({ leader, value })
      if ((await queue.waitForTurn(place, signal)) === null || signal.aborted) {
        throw new EtcdError('cancelled', 'context canceled')
      }
    } catch (error) {
      await this.resign({ leader })
      throw error
    }
    return { header: headerOf(this.#store, place.revision), leader }
  }

  async proclaim({ leader, value }: ProclaimRequest): Promise<object> {
    if (!leader) throw noLeaderKey()
    const { key, lease } = leader
    const { succeeded, revision } = await this.#ifHeld(leader, { kind: 'put', key, value, lease })
    if (!succeeded) throw notLeader()
    return { header: headerOf(this.#store, revision) }
  }

  async leader({ name }: LeaderRequest): Promise<object> {
    const { item, revision } = await new WaitingQueue(this.#store, name).first()
    if (item === null) throw new EtcdError('unknown', 'election: no leader')
    return { header: headerOf(this.#store, revision), kv: keyValueOf(item) }
  }

  /** Answers with each leader, and each value that one proclaims, until the caller leaves. */
  async *observe(requests: AsyncIterable<LeaderRequest>, signal: AbortSignal): AsyncGenerator<object> {
    for await (const { name } of requests) {
      for await (const { item, revision } of new WaitingQueue(this.#store, name).leaders(signal)) {
        yield { header: headerOf(this.#store, revision), kv: keyValueOf(item) }
      }
      return
    }
  }

  /** Gives up a place; one that is no longer held is none. */
  async resign({ leader }: ResignRequest): Promise<object> {
    if (!leader) throw noLeaderKey()
    const { revision } = await this.#ifHeld(leader, { kind: 'delete-range', ...oneKey(leader.key) })
    return { header: headerOf(this.#store, revision) }
  }

  #ifHeld({ key, rev }: LeaderKey, operation: Operation) {
    if (key.length === 0) throw new EtcdError('invalid-argument', 'etcdserver: key is not provided')
    const compares = [isCreatedAt(key, rev < 0n ? -1 : safeNumber(rev))]
    return executeOk(this.#store, { kind: 'transaction', compares, success: [operation], failure: [] })
  }
}
