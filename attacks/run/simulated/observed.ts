/** Everything that can be known of a run in which every replica and every message is seen. */
import type { ReplicaId } from '../../../src/base/ids.ts'
import type { RejectionReason } from '../../../src/messages/rejection.ts'
import type { Facts } from '../run-facts.ts'

export interface Observed extends Facts {
  /** K */
  readonly checkpointInterval: number
  /** Executed batches, and stable checkpoints, of the correct replica that came furthest. */
  readonly batches: number
  readonly checkpoints: number
  /** Null batches that correct replicas executed. */
  readonly nullBatches: number
  /** Answers in a virtual second before the attack began, and while it went on and clients still had requests to send. */
  readonly answersPerSecond: {
    readonly before: number
    readonly during: number
    /** Since the last view change, while all clients still asked; null where there was none, or not for long enough. */
    readonly settled: number | null
  }
  /**
   * Ticks that requests waited for their execution before the attack began, as each correct replica that had measured
   * it by then measures a primary.
   */
  readonly waitingTicks: readonly number[]
  /** The longest time in which a client waited and nobody was answered, since the attack began. */
  readonly outageMs: number
  /** The slowest answer of each client since the attack began. */
  readonly slowestMs: readonly number[]
  /** Answers that clients got during each tenth of a second since the attack began. */
  readonly answersPerTenth: readonly number[]
  /** T of correct replicas: at the beginning, the most that any had, and the most that any has at the end. */
  readonly timeoutTicks: { readonly first: number; readonly most: number; readonly last: number }
  /** Replicas that some correct one suspected of silence at some time. */
  readonly suspected: readonly ReplicaId[]
  /** Replicas of which correct ones, put together, hold two signed messages that contradict each other. */
  readonly convicted: readonly ReplicaId[]
  /** The most by which a batch's time was ahead of a correct replica's clock when it voted for it. */
  readonly aheadMs: number
  /** State transfers that correct replicas began, and that they ended with the state in place. */
  readonly transfers: { readonly begun: number; readonly completed: number }
  /** Decisions and batches that correct replicas sent to each replica because it asked or seemed to lag. */
  readonly served: ReadonlyMap<ReplicaId, number>
  /** For which reasons each correct replica refused something that came over a client's link. */
  readonly refusedOfClients: ReadonlyMap<ReplicaId, ReadonlySet<RejectionReason>>
  /** Replicas that a correct one called guilty when it refused something. */
  readonly blamed: readonly ReplicaId[]
  /** Replicas that lost synced data and take part again. */
  readonly healed: number
  /** The number of restarts of replicas. */
  readonly restarts: number
  /** The length of the run, in virtual milliseconds, and the part of it in which the attack was on. */
  readonly virtualMs: number
  readonly attackedMs: number
}
