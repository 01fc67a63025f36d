/** etcd's Maintenance service, and gRPC's health checks. It says what the replicas report of themselves, unproved. */
import { setTimeout as sleep } from 'node:timers/promises'
import { endOfRevision } from '../../../src/store/changes-operation.ts'
import { EVERY_KEY } from '../../../src/store/key-range.ts'
import { executeAny, headerOf, type ServiceStore } from './answers.ts'
import type { ClusterCondition, ServiceCluster } from './cluster-service.ts'
import { EtcdError } from './errors.ts'
import { safeNumber } from './range-reading.ts'
import { hashState, presentRevision, stateFile } from './state-reading.ts'
import { VERSIONS } from './versions.ts'

export interface HealthCheckRequest {
  readonly service: string
}

export interface HashKvRequest {
  readonly revision: bigint
}

const ALARMS = { corrupt: 2 } as const
const SERVING = { yes: 1, no: 2, unknownService: 3 } as const
const HEALTH_LOOK_MS = 1_000

export class MaintenanceService {
  readonly #store: ServiceStore
  readonly #cluster: ServiceCluster

  constructor(store: ServiceStore, cluster: ServiceCluster) {
    this.#store = store
    this.#cluster = cluster
  }

  /** Returns the status, without the sizes of the database, which replicas do not report. */
  async status(): Promise<object> {
    const condition = await this.#cluster.condition()
    const header = headerOf(this.#store, condition.revision)
    const { leader, lastExecuted, stalledBecause } = condition
    return {
      header,
      version: VERSIONS.etcdserver,
      storageVersion: VERSIONS.etcdcluster,
      leader: leader ?? 0n,
      raftTerm: header.raftTerm,
      raftIndex: BigInt(lastExecuted),
      raftAppliedIndex: BigInt(lastExecuted),
      dbSizeQuota: BigInt(this.#cluster.storeBytesMax),
      errors: [
        ...(leader === null ? ['etcdserver: no leader'] : []),
        ...(stalledBecause === null ? [] : [stalledBecause]),
        ...alarmsOf(condition).map(({ memberID }) => `memberID:${memberID} alarm:CORRUPT`),
      ],
    }
  }

  /** Returns the alarms. An alarm ends with its cause; no request can end it. */
  async alarms(): Promise<object> {
    const condition = await this.#cluster.condition()
    return { header: headerOf(this.#store, condition.revision), alarms: alarmsOf(condition) }
  }

  /** Answers at once: the replicas compact their databases automatically. */
  async defragment(): Promise<object> {
    return {}
  }

  /**
   * Returns a hash of the keys at a revision, or at the present one. All gateways give the same one: it is made of agreed
   * answers, and not of one member's database.
   */
  async hashKv({ revision }: HashKvRequest): Promise<object> {
    const present = await presentRevision(this.#store)
    const at = safeNumber(revision) || present
    return {
      header: headerOf(this.#store, present),
      hash: await hashState(this.#store, at),
      compactRevision: BigInt(await this.#floor()),
      hashRevision: BigInt(at),
    }
  }

  /** Yields the state as a file, whose form `state-reading.ts` gives. */
  async *snapshot(): AsyncGenerator<object> {
    const revision = await presentRevision(this.#store)
    const header = headerOf(this.#store, revision)
    for await (const blob of stateFile(this.#store, revision)) {
      yield { header, blob, version: VERSIONS.etcdcluster }
    }
  }

  /** Returns the revision up to which the history is compacted; 0 if it is not. */
  async #floor(): Promise<number> {
    const query = { kind: 'changes', ...EVERY_KEY, after: endOfRevision(0), limit: 1 } as const
    const result = await executeAny(this.#store, query)
    return result.status === 'compacted' ? result.floor : 0
  }

  async authStatus(): Promise<object> {
    const { revision } = await this.#cluster.condition()
    return { header: headerOf(this.#store, revision), enabled: false }
  }

  /** Says of all services together if they are served. */
  async health({ service }: HealthCheckRequest): Promise<{ readonly status: number }> {
    if (service !== '') throw new EtcdError('not-found', `there is no health of "${service}"`)
    const { stalledBecause } = await this.#cluster.condition()
    return { status: stalledBecause === null ? SERVING.yes : SERVING.no }
  }

  /** Says it again whenever it has changed, until the caller leaves. As gRPC asks, an unknown service does not end it. */
  async *watchHealth(
    requests: AsyncIterable<HealthCheckRequest>,
    signal: AbortSignal,
  ): AsyncGenerator<object> {
    for await (const { service } of requests) {
      let said: number | null = null
      while (!signal.aborted) {
        const status = service === '' ? (await this.health({ service })).status : SERVING.unknownService
        if (status !== said) yield { status }
        said = status
        await sleep(HEALTH_LOOK_MS, null, { signal }).catch(() => {})
      }
      return
    }
  }
}

const alarmsOf = ({ corrupt }: ClusterCondition) =>
  corrupt.map((memberID) => ({ memberID, alarm: ALARMS.corrupt }))
