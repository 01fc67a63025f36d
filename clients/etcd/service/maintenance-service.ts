/**
 * etcd's Maintenance service, and gRPC's health checks. It returns the replicas' own reports, which are not proved.
 */
import { headerOf, type ServiceStore } from './answers.ts'
import type { ClusterCondition, ServiceCluster } from './cluster-service.ts'
import { EtcdError } from './errors.ts'
import { VERSIONS } from './versions.ts'

export interface HealthCheckRequest {
  readonly service: string
}

const ALARMS = { corrupt: 2 } as const
const SERVING = { yes: 1, no: 2 } as const

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

  async authStatus(): Promise<object> {
    const { revision } = await this.#cluster.condition()
    return { header: headerOf(this.#store, revision), enabled: false }
  }

  /** Returns the health of all services together. */
  async health({ service }: HealthCheckRequest): Promise<object> {
    if (service !== '') throw new EtcdError('not-found', `there is no health of "${service}"`)
    const { stalledBecause } = await this.#cluster.condition()
    return { status: stalledBecause === null ? SERVING.yes : SERVING.no }
  }
}

const alarmsOf = ({ corrupt }: ClusterCondition) =>
  corrupt.map((memberID) => ({ memberID, alarm: ALARMS.corrupt }))
