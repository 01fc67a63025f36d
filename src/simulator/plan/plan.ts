/** A plan: everything that happens to a cluster in a run. A seed draws a plan, and a file can contain one. */
import type { ReplicaId } from '../../base/ids.ts'
import { faultsMax } from '../../base/quorum.ts'
import type { AuthenticationMode } from '../../messages/cluster.ts'
import type { FrameIntervention } from '../world/frame-traffic.ts'
import type { ClockError } from '../world/virtual-clock.ts'
import type { DiskBehaviour } from '../world/virtual-disk.ts'
import type { NetworkConditions } from '../world/virtual-network.ts'
import type { CrashPoint } from '../world/virtual-process.ts'

/** A fault, with its time in virtual milliseconds. The calm repairs everything except traitors. */
export type Fault = { readonly atMs: number } & (
  | { readonly kind: 'crash'; readonly replica: ReplicaId; readonly losesSent: boolean }
  /** The power fails in the middle of a later turn: after the turn has passed the point `after` times. */
  | {
      readonly kind: 'crash-within'
      readonly replica: ReplicaId
      readonly point: CrashPoint
      readonly after: number
      readonly losesSent: boolean
    }
  /** Starts a replica that is down, with room on its disk. */
  | { readonly kind: 'restart'; readonly replica: ReplicaId }
  /** The replica crashes and loses its whole disk, or the synced part of its log is damaged. */
  | { readonly kind: 'lose-disk' | 'rot-log'; readonly replica: ReplicaId }
  /** An operator copies the disk; later the replica crashes and the last copy replaces the disk. */
  | { readonly kind: 'copy-disk' | 'old-disk'; readonly replica: ReplicaId }
  /** Damages this share of its stored pages. */
  | { readonly kind: 'rot-pages'; readonly replica: ReplicaId; readonly share: number }
  /** Its disk is full at the next sync, and the replica halts. */
  | { readonly kind: 'fill-disk'; readonly replica: ReplicaId }
  | { readonly kind: 'slow-disk' | 'fast-disk'; readonly replica: ReplicaId }
  | { readonly kind: 'pause' | 'resume'; readonly replica: ReplicaId }
  /** The clock steps, and continues with this error. */
  | { readonly kind: 'set-clock'; readonly replica: ReplicaId; readonly error: ClockError }
  /** It becomes a traitor permanently: the adversary of this name, seeded with the number. */
  | { readonly kind: 'turn'; readonly replica: ReplicaId; readonly traitor: string; readonly number: number }
  /** A client's process restarts, with or without its counter of timestamps. */
  | { readonly kind: 'restart-client'; readonly client: number; readonly losesCounter: boolean }
  /**
   * A second process with a client's key starts beside the first one, with or without a copy of its counter of
   * timestamps, until it ends or the calm comes.
   */
  | {
      readonly kind: 'twin-client'
      readonly client: number
      readonly copiesCounter: boolean
      readonly lastsMs: number
    }
  | { readonly kind: 'cut' | 'mend'; readonly from: ReplicaId; readonly to: ReplicaId }
  /** Frames wait until the link is free again; all links of a clogged node are clogged, in both directions. */
  | { readonly kind: 'clog' | 'unclog'; readonly from: ReplicaId; readonly to: ReplicaId }
  | { readonly kind: 'clog-node' | 'unclog-node'; readonly replica: ReplicaId }
  /** Everything heals, as at the calm, and clients may be silent; then the active faults return. */
  | { readonly kind: 'lull'; readonly isIdle: boolean }
  | { readonly kind: 'storm' }
  /** Bit j of `reach[i]` means that replica i reaches replica j. Null ends the partition. */
  | { readonly kind: 'partition'; readonly reach: readonly number[] | null }
  /**
   * The network silently drops frames: between replicas as in a partition, and between clients and some replicas. Null
   * ends it, but connections that were in use stay stuck until they are closed and dialed again.
   */
  | {
      readonly kind: 'swallow'
      readonly reach: readonly number[] | null
      readonly withoutClients: readonly ReplicaId[]
    }
)

/** The fault of one direction of a link between two replicas. */
export type LinkFault = Fault & { readonly kind: 'cut' | 'mend' }

export interface WorkloadPlan {
  readonly clients: number
  readonly requestsPerClient: number
  /** The maximum number of requests that a client has in flight. */
  readonly openMax: number
  /**
   * The maximum number of requests that a client sends together, and the maximum pause after them, in virtual
   * milliseconds.
   */
  readonly burstMax: number
  readonly pauseMsMax: number
  readonly operationsMax: number
  readonly keys: number
  /** Set where operations of every kind are drawn, and not only those on single keys. */
  readonly isWhole?: true
  /** The client that is an administrator of the cluster, where there are principals: their rights change in the run. */
  readonly administrator?: number
  /** Set where the run goes on until the leases that end soon have ended. */
  readonly awaitsLeases?: true
}

export interface Plan {
  readonly seed: number
  readonly n: number
  /** The mode of authentication between replicas. */
  readonly mode: AuthenticationMode
  /** Set if clients do not sign either. */
  readonly requests?: 'oral'
  /** Set if reads are answered without ordering. */
  readonly reads?: 'unordered'
  /** Set if proposals and PREPAREs do not wait for the disk; only in signed mode. */
  readonly votes?: 'unsynced'
  /** K. */
  readonly checkpointInterval: number
  /** The cryptographic suite: a cheap stand-in, or real signatures. */
  readonly suite: 'simulated' | 'sodium' | 'noble'
  /**
   * The maximum number of replicas that are traitors, down or amnesiac at one moment: f. Faults beyond it do not
   * happen.
   */
  readonly faultyMax: number
  /** The replicas that stay down after the calm if they are down then; they count in f. */
  readonly staysDown: readonly ReplicaId[]
  readonly network: NetworkConditions
  readonly disk: DiskBehaviour
  /** Each replica's clock until the calm, and from then on. */
  readonly clocks: readonly { readonly storm: ClockError; readonly calm: ClockError }[]
  readonly workload: WorkloadPlan
  /** The faults in the order of time, all before the calm. */
  readonly faults: readonly Fault[]
  /** Single frames that were dropped, delayed or delivered early by somebody who looked on. */
  readonly interventions?: readonly FrameIntervention[]
  /** The time at which everything heals, in virtual milliseconds. */
  readonly calmAtMs: number
}

/** Sorts the faults by time; faults of equal times keep their order. */
export const inOrder = <F extends Fault>(faults: readonly F[]): readonly F[] =>
  [...faults].sort((a, b) => a.atMs - b.atMs)

/** The traitors of a plan, in the order in which they turn. */
export function traitorsOf({ faults }: Plan): readonly ReplicaId[] {
  return faults.flatMap((fault) => (fault.kind === 'turn' ? [fault.replica] : []))
}

/** The clients of a plan whose keys two processes use at some time, in order. */
export function twinClientsOf({ faults }: Pick<Plan, 'faults'>): readonly number[] {
  const clients = faults.flatMap((each) => (each.kind === 'twin-client' ? [each.client] : []))
  return [...new Set(clients)].sort((a, b) => a - b)
}

/** A plan without faults, made from another one, with its cluster, its load and a calm network. */
export function withoutFaults(plan: Plan): Plan {
  return { ...plan, faults: [], staysDown: [], faultyMax: faultsMax(plan.n) }
}

/** A fault as text, for the trace and for the description of a failure. */
export function textOfFault(fault: Fault): string {
  const { atMs: _atMs, kind, ...rest } = fault
  const facts = Object.entries(rest).map(([name, value]) => `${name} ${JSON.stringify(value)}`)
  return [kind, ...facts].join(' ')
}
