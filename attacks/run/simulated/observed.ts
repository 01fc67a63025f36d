/** The observations of a simulated run, in which every replica and every message is visible. */
import type { ReplicaId } from '../../../src/base/ids.ts'
import type { RejectionReason } from '../../../src/messages/rejection.ts'
import type { Facts } from '../run-facts.ts'

export interface Observed extends Facts {
  /** K */
  readonly checkpointInterval: number
  /** The executed batches and stable checkpoints of the most advanced correct replica. */
  readonly batches: number
  readonly checkpoints: number
  /** The number of null batches that correct replicas executed. */
  readonly nullBatches: number
  /** Answers per virtual second before the attack, and during it while clients still had requests to send. */
  readonly answersPerSecond: {
    readonly before: number
    readonly during: number
    /**
     * Answers per virtual second since the last view change, while all clients still sent requests; null without one,
     * or if the time is too short.
     */
    readonly settled: number | null
  }
  /**
   * The ticks that requests waited for their execution before the attack, as measured by each correct replica that had
   * done so by then.
   */
  readonly waitingTicks: readonly number[]
  /** The longest time since the attack began in which a client waited and no client was answered. */
  readonly outageMs: number
  /** The slowest answer of each client since the attack began. */
  readonly slowestMs: readonly number[]
  /** The answers in each tenth of a second since the attack began. */
  readonly answersPerTenth: readonly number[]
  /** T of correct replicas: initially, its maximum, and its maximum at the end. */
  readonly timeoutTicks: { readonly first: number; readonly most: number; readonly last: number }
  /** The replicas that a correct one suspected of silence at some time. */
  readonly suspected: readonly ReplicaId[]
  /** The replicas of which correct ones, together, hold two contradicting signed messages. */
  readonly convicted: readonly ReplicaId[]
  /** The maximum by which a batch's time was ahead of a correct replica's clock when it voted for it. */
  readonly aheadMs: number
  /**
   * The maximum by which the time of a batch with requests was further behind a correct replica's clock, when it voted
   * for it, than its T allows; negative when it was nearer.
   */
  readonly lateMs: number
  /** The maximum by which the time of an executed batch was ahead. */
  readonly executedAheadMs: number
  /** The longest time for which a lease was overdue at a correct replica. */
  readonly leaseLateMs: number
  /** The state transfers that correct replicas began, and those that they completed. */
  readonly transfers: { readonly begun: number; readonly completed: number }
  /** The decisions and batches that correct replicas sent to each replica because it asked or seemed to lag. */
  readonly served: ReadonlyMap<ReplicaId, number>
  /** The reasons for which each correct replica refused messages from clients' links. */
  readonly refusedOfClients: ReadonlyMap<ReplicaId, ReadonlySet<RejectionReason>>
  /** The replicas that a correct one called guilty in a refusal. */
  readonly blamed: readonly ReplicaId[]
  /** The replicas that lost synced data and take part again. */
  readonly healed: number
  /** The number of restarts of replicas. */
  readonly restarts: number
  /** The length of the run and of the attack, in virtual milliseconds. */
  readonly virtualMs: number
  readonly attackedMs: number
}
