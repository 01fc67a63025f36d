/** A plan: everything that happens to a cluster in one run. A seed draws one; a file can hold one. */
import type { ReplicaId } from '../../base/ids.ts'
import { faultsMax } from '../../base/quorum.ts'
import type { AuthenticationMode } from '../../messages/cluster.ts'
import type { FrameIntervention } from '../world/frame-traffic.ts'
import type { ClockError } from '../world/virtual-clock.ts'
import type { DiskBehaviour } from '../world/virtual-disk.ts'
import type { NetworkConditions } from '../world/virtual-network.ts'
import type { CrashPoint } from '../world/virtual-process.ts'

/** One thing that strikes at a time, in virtual milliseconds. Whatever it breaks, the calm mends, traitors apart. */
export type Fault = { readonly atMs: number } & (
  | { readonly kind: 'crash'; readonly replica: ReplicaId; readonly losesSent: boolean }
  /** The power fails in the middle of a turn to come: when it passes the point for the `after`-th time and once more. */
  | {
      readonly kind: 'crash-within'
      readonly replica: ReplicaId
      readonly point: CrashPoint
      readonly after: number
      readonly losesSent: boolean
    }
  /** Starts a replica that is down, with room on its disk. */
  | { readonly kind: 'restart'; readonly replica: ReplicaId }
  /** The replica crashes and its whole disk is gone; or the synced part of its log is damaged. */
  | { readonly kind: 'lose-disk' | 'rot-log'; readonly replica: ReplicaId }
  /** An operator copies the disk as it is; later the replica crashes and the last copy is put in the disk's place. */
  | { readonly kind: 'copy-disk' | 'old-disk'; readonly replica: ReplicaId }
  /** This share of its stored pages is damaged. */
  | { readonly kind: 'rot-pages'; readonly replica: ReplicaId; readonly share: number }
  /** At its next sync it finds no room, and halts. */
  | { readonly kind: 'fill-disk'; readonly replica: ReplicaId }
  | { readonly kind: 'slow-disk' | 'fast-disk'; readonly replica: ReplicaId }
  | { readonly kind: 'pause' | 'resume'; readonly replica: ReplicaId }
  /** The clock steps, and goes on with this error. */
  | { readonly kind: 'set-clock'; readonly replica: ReplicaId; readonly error: ClockError }
  /** It becomes a traitor for good: the adversary of this name, which draws from the number. */
  | { readonly kind: 'turn'; readonly replica: ReplicaId; readonly traitor: string; readonly number: number }
  /** A client's process ends and starts anew: with its counter of timestamps, or without. */
  | { readonly kind: 'restart-client'; readonly client: number; readonly losesCounter: boolean }
  /**
   * A second process begins with a client's key beside the first one, with a copy of its counter of timestamps or without:
   * until it ends, or the calm comes.
   */
  | {
      readonly kind: 'twin-client'
      readonly client: number
      readonly copiesCounter: boolean
      readonly lastsMs: number
    }
  | { readonly kind: 'cut' | 'mend'; readonly from: ReplicaId; readonly to: ReplicaId }
  /** Arrivals wait until the link is free again; a clogged node's links are all clogged, in both directions. */
  | { readonly kind: 'clog' | 'unclog'; readonly from: ReplicaId; readonly to: ReplicaId }
  | { readonly kind: 'clog-node' | 'unclog-node'; readonly replica: ReplicaId }
  /** Everything heals, as at the calm, and clients may be silent; then the faults that strike and the network return. */
  | { readonly kind: 'lull'; readonly isIdle: boolean }
  | { readonly kind: 'storm' }
  /** Bit j of `reach[i]`: replica i reaches replica j. Null joins the network again. */
  | { readonly kind: 'partition'; readonly reach: readonly number[] | null }
  /**
   * The network swallows without a word: between replicas as in a partition, and between clients and some replicas.
   * Connections that were in use stay stuck when null ends it, until they are ended and dialed again.
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
  /** Requests that a client has open at once. */
  readonly openMax: number
  /** Requests that a client sends together, at most; then it pauses for at most so many virtual milliseconds. */
  readonly burstMax: number
  readonly pauseMsMax: number
  readonly operationsMax: number
  readonly keys: number
  /** Set where operations of every kind are drawn, and not only those on single keys. */
  readonly isWhole?: true
}

export interface Plan {
  readonly seed: number
  readonly n: number
  /** The mode of authentication between replicas. */
  readonly mode: AuthenticationMode
  /** Set when clients do not sign either. */
  readonly requests?: 'oral'
  /** Set when reads are answered without ordering. */
  readonly reads?: 'unordered'
  /** K. */
  readonly checkpointInterval: number
  /** The suite that signs messages: by a stand-in that costs nothing, or for real. */
  readonly suite: 'simulated' | 'sodium' | 'noble'
  /** Replicas that may be traitors, down or amnesiac at one moment: f. What would be more does not happen. */
  readonly faultyMax: number
  /** Replicas that stay down after the calm, if they are down then. They count in f. */
  readonly staysDown: readonly ReplicaId[]
  readonly network: NetworkConditions
  readonly disk: DiskBehaviour
  /** Each replica's clock until the calm, and from then on. */
  readonly clocks: readonly { readonly storm: ClockError; readonly calm: ClockError }[]
  readonly workload: WorkloadPlan
  /** In the order of time, and all before the calm. */
  readonly faults: readonly Fault[]
  /** Single frames that were dropped, delayed or delivered early by somebody who looked on. */
  readonly interventions?: readonly FrameIntervention[]
  /** The time at which everything heals, in virtual milliseconds. */
  readonly calmAtMs: number
}

/** The faults in the order of time; those of one time keep theirs. */
export const inOrder = <F extends Fault>(faults: readonly F[]): readonly F[] =>
  [...faults].sort((a, b) => a.atMs - b.atMs)

/** The traitors of a plan, in the order in which they turn. */
export function traitorsOf({ faults }: Plan): readonly ReplicaId[] {
  return faults.flatMap((fault) => (fault.kind === 'turn' ? [fault.replica] : []))
}

/** The clients of a plan whose key is used by two processes at some time, in order. */
export function twinClientsOf({ faults }: Pick<Plan, 'faults'>): readonly number[] {
  const clients = faults.flatMap((each) => (each.kind === 'twin-client' ? [each.client] : []))
  return [...new Set(clients)].sort((a, b) => a - b)
}

/** A plan without a fault, made from another one: its cluster, its load, a calm network. */
export function withoutFaults(plan: Plan): Plan {
  return { ...plan, faults: [], staysDown: [], faultyMax: faultsMax(plan.n) }
}

/** A fault as the trace and a failure's description tell it. */
export function textOfFault(fault: Fault): string {
  const { atMs: _atMs, kind, ...rest } = fault
  const facts = Object.entries(rest).map(([name, value]) => `${name} ${JSON.stringify(value)}`)
  return [kind, ...facts].join(' ')
}
