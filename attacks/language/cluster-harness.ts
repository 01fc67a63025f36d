/** The harness of an attack from outside of the replicas: a running cluster, and what can be done to it. */
import type { ReplicaId } from '../../src/base/ids.ts'
import type { Random } from '../../src/base/random.ts'
import type { Address, Cluster } from '../../src/messages/cluster.ts'

/** One direction between two replicas. */
export interface Link {
  readonly from: ReplicaId
  readonly to: ReplicaId
}

/** The links between replicas. Those of clients are not touched. */
export interface Links {
  /** Nothing passes between these replicas and the others, and what was on its way waits. Heals an earlier cut. */
  isolate(ids: readonly ReplicaId[]): void
  heal(): void
  /** Holds back everything that one end sends the other, until the link is mended. */
  cut(link: Link): void
  mend(link: Link): void
  /**
   * Loses what is sent in these directions, and tells nobody. A connection that was used meanwhile stays lost when `heal`
   * ends it, until one of its ends gives it up.
   */
  swallow(directions: readonly Link[]): void
  /** The pairs of replicas without a connection over which everything passes. */
  apart(): readonly Link[]
}

/** The processes of the correct replicas. */
export interface Machines {
  /** Stops a process where it is, and lets it go on. */
  freeze(id: ReplicaId): void
  thaw(id: ReplicaId): void
  kill(id: ReplicaId): Promise<void>
  /** Starts one that was killed; resolves when it is ready. */
  restart(id: ReplicaId): Promise<void>
}

export interface ClusterHarness {
  readonly n: number
  readonly f: number
  readonly cluster: Cluster
  /** The directory of the cluster file and of the clients' keys. */
  readonly directory: string
  /** A client of the cluster that the load does not use. */
  readonly client: string
  /** Another one, to look at the store with. */
  readonly reader: string
  readonly random: Random
  /** The URL of a gateway; null unless the attack needs one. */
  readonly gateway: string | null
  /** The length of the attack. */
  readonly milliseconds: number
  /** Null unless the attack plays the network. */
  readonly links: Links | null
  readonly machines: Machines
  /** Files and connections that a correct replica's process has open; null where the system does not report it. */
  openFilesOf(id: ReplicaId): number | null
  /** The address at which a replica takes links. */
  addressOf(id: ReplicaId): Address
  /** The replicas that are no traitors. */
  readonly correct: readonly ReplicaId[]
  /** Writes of correct clients that were acknowledged so far. */
  acknowledged(): number
  /** Waits until one more is acknowledged; false when none is within the bound for liveness. Rejects as `pause`. */
  progress(): Promise<boolean>
  /** Waits until this holds; false when it does not within the bound for liveness. Rejects as `pause`. */
  within(holds: () => boolean): Promise<boolean>
  /** Rejects when the run is interrupted. */
  pause(ms: number): Promise<void>
  /** Counts one act: an attack that never acted shows nothing. */
  act(): void
  /** These replicas are kept from working now: to suspect them is right. */
  harm(ids: readonly ReplicaId[]): void
}
