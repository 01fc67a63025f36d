/** etcd's Cluster service: the replicas as members. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServiceStore } from './answers.ts'

/** A replica as a member of etcd's cluster. */
export interface ClusterMember {
  readonly id: bigint
  readonly name: string
  readonly peerUrl: string
}

/** The state of the cluster, as reported by its replicas. */
export interface ClusterCondition {
  /** The primary; null while there is none. */
  readonly leader: bigint | null
  /** The last sequence number that f + 1 replicas have executed. */
  readonly lastExecuted: number
  readonly revision: number
  /** The members whose state differs from the others, or that are proved faulty. */
  readonly corrupt: readonly bigint[]
  /** The reason why no requests are served, as a sentence; null while they are. */
  readonly stalledBecause: string | null
}

/** The cluster that the services need. */
export interface ServiceCluster {
  readonly members: readonly ClusterMember[]
  /** The URL under which clients reach the services; the same for every member. */
  readonly clientUrl: string
  /** The maximum size of the store in bytes; 0 for no limit. */
  readonly storeBytesMax: number
  condition(): Promise<ClusterCondition>
}

/** Milliseconds for which an answer holds, and between looks for callers who want their streams ended with the leader. */
const LEADER_MS = 1_000
const LEADER_LOOK_MS = 3_000

export class ClusterService {
  readonly #store: ServiceStore
  readonly #cluster: ServiceCluster
  #leader: Promise<boolean> | null = null
  #askedAt = 0

  constructor(store: ServiceStore, cluster: ServiceCluster) {
    this.#store = store
    this.#cluster = cluster
  }

  /** Says if there is an active primary. It asks the replicas at most once a second. */
  async hasLeader(): Promise<boolean> {
    const now = performance.now()
    if (this.#leader === null || now - this.#askedAt > LEADER_MS) {
      this.#askedAt = now
      this.#leader = this.#cluster.condition().then(({ leader }) => leader !== null)
    }
    return this.#leader
  }

  /** Resolves when there is no leader at two looks in turn, or when the signal says that nobody waits for it. */
  async untilNoLeader(signal: AbortSignal): Promise<void> {
    for (let missing = 0; missing < 2 && !signal.aborted; ) {
      await sleep(LEADER_LOOK_MS, null, { signal }).catch(() => {})
      missing = (await this.hasLeader().catch(() => false)) ? 0 : missing + 1
    }
  }

  /** Returns the members. As with etcd, the header has no revision. */
  async list(): Promise<object> {
    const { clusterId, memberId, view } = this.#store
    const { members, clientUrl } = this.#cluster
    return {
      header: { clusterId, memberId, raftTerm: BigInt(view + 1) },
      members: members.map(({ id, name, peerUrl }) => ({
        ID: id,
        name,
        peerURLs: [peerUrl],
        clientURLs: [clientUrl],
      })),
    }
  }
}
