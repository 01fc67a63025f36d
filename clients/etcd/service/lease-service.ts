/** etcd's Lease service. Leases expire by the executed time, on which all replicas agree. */
import { errorOf, executeAny, executeOk, headerOf, type ServiceStore } from './answers.ts'
import { safeNumber } from './range-reading.ts'

/** A request of any method on one lease. */
export interface LeaseRequest {
  readonly ID: bigint
}

export interface LeaseGrantRequest extends LeaseRequest {
  readonly TTL: bigint
}

export interface LeaseTimeToLiveRequest extends LeaseRequest {
  readonly keys: boolean
}

/** The time to live that stands for a lease that does not exist. */
const NO_LIFE = -1n

export class LeaseService {
  readonly #store: ServiceStore

  constructor(store: ServiceStore) {
    this.#store = store
  }

  async grant({ ID: id, TTL }: LeaseGrantRequest): Promise<object> {
    const granted = await executeOk(this.#store, { kind: 'lease-grant', id, ttl: safeNumber(TTL) })
    return { header: headerOf(this.#store, granted.revision), ID: granted.id, TTL: BigInt(granted.ttl) }
  }

  async revoke({ ID: id }: LeaseRequest): Promise<object> {
    const { revision } = await executeOk(this.#store, { kind: 'lease-revoke', id })
    return { header: headerOf(this.#store, revision) }
  }

  /** Answers the requests in order. A time to live of 0 means that the lease does not exist. */
  async *keepAlive(requests: AsyncIterable<LeaseRequest>): AsyncGenerator<object, void, undefined> {
    for await (const { ID: id } of requests) {
      const result = await executeAny(this.#store, { kind: 'lease-keep-alive', id })
      if (result.status === 'lease-not-found') {
        yield { header: headerOf(this.#store, result.revision), ID: id, TTL: 0n }
      } else if (result.status === 'ok' && result.kind === 'lease-keep-alive') {
        yield { header: headerOf(this.#store, result.revision), ID: id, TTL: BigInt(result.ttl) }
      } else {
        throw errorOf(result)
      }
    }
  }

  async timeToLive({ ID: id, keys }: LeaseTimeToLiveRequest): Promise<object> {
    const attached: Uint8Array[] = []
    for (;;) {
      const after = attached.at(-1) ?? new Uint8Array(0)
      const result = await executeAny(this.#store, { kind: 'lease-time-to-live', id, keys, after })
      if (result.status === 'lease-not-found') {
        return { header: headerOf(this.#store, result.revision), ID: id, TTL: NO_LIFE }
      }
      if (result.status !== 'ok' || result.kind !== 'lease-time-to-live') throw errorOf(result)
      attached.push(...result.keys)
      if (result.more) continue
      return {
        header: headerOf(this.#store, result.revision),
        ID: id,
        TTL: BigInt(Math.floor(result.leftMs / 1000)),
        grantedTTL: BigInt(result.ttl),
        keys: attached,
      }
    }
  }

  async leases(): Promise<object> {
    const { revision, leases } = await executeOk(this.#store, { kind: 'leases' })
    return { header: headerOf(this.#store, revision), leases: leases.map((id) => ({ ID: id })) }
  }
}
