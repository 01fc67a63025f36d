/** The harness of an attack from outside the replicas: a running cluster, and the ways to disturb it. */
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
  /** Cuts these replicas off from the others; frames in flight wait. Heals an earlier cut first. */
  isolate(ids: readonly ReplicaId[]): void
  heal(): void
  /** Holds back everything that one end sends the other, until the link is mended. */
  cut(link: Link): void
  mend(link: Link): void
  /**
   * Silently drops everything sent in these directions. A connection used meanwhile stays stuck after `heal`, until
   * one of its ends closes it.
   */
  swallow(directions: readonly Link[]): void
  /** The pairs of replicas without an undisturbed connection. */
  apart(): readonly Link[]
}

/** The processes of the correct replicas. */
export interface Machines {
  /** Suspends a process, and resumes it. */
  freeze(id: ReplicaId): void
  thaw(id: ReplicaId): void
  kill(id: ReplicaId): Promise<void>
  /** Restarts a killed process; resolves when it is ready. */
  restart(id: ReplicaId): Promise<void>
}

export interface ClusterHarness {
  readonly n: number
  readonly f: number
  readonly cluster: Cluster
  /** The directory of the cluster file and of the clients' keys. */
  readonly directory: string
  /** A client of the cluster that is not part of the load. */
  readonly client: string
  /** Another client, which reads the store. */
  readonly reader: string
  readonly random: Random
  /** The URL of a gateway; null unless the attack needs one. */
  readonly gateway: string | null
  /** The length of the attack. */
  readonly milliseconds: number
  /** Null unless the attack plays the network. */
  readonly links: Links | null
  readonly machines: Machines
  /**
   * The number of open files and connections of a correct replica's process; null if the system does not report it.
   */
  openFilesOf(id: ReplicaId): number | null
  /** The address at which a replica accepts links. */
  addressOf(id: ReplicaId): Address
  /** The replicas that are not traitors. */
  readonly correct: readonly ReplicaId[]
  /** The number of acknowledged writes of correct clients so far. */
  acknowledged(): number
  /** Waits until one more is acknowledged; false if none is within the liveness bound. Rejects like `pause`. */
  progress(): Promise<boolean>
  /** Waits until a condition holds; false if it does not within the liveness bound. Rejects like `pause`. */
  within(holds: () => boolean): Promise<boolean>
  /** Waits; rejects if the run is interrupted. */
  pause(ms: number): Promise<void>
  /** Counts an act: an attack that never acted proves nothing. */
  act(): void
  /** Notes that these replicas are being disturbed, so that suspecting them is right. */
  harm(ids: readonly ReplicaId[]): void
}
