/** The facts of an attack's run in either world, from which its verdict follows. */
import type { ReplicaId } from '../../src/base/ids.ts'
import type { AuthenticationMode } from '../../src/messages/cluster.ts'
import type { RejectionReason } from '../../src/messages/rejection.ts'
import type { AnswerKind } from '../language/client-behaviour.ts'
import type { Figures } from './load/load-meter.ts'
import type { MemoryUse, Suspicion } from './processes/cluster-monitor.ts'
import type { Spent } from './processes/processor-time.ts'

export interface Facts {
  readonly n: number
  readonly f: number
  /** The replicas' mode of authentication. */
  readonly auth: AuthenticationMode
  readonly traitors: readonly ReplicaId[]
  /** The number of times that the adversaries acted. */
  readonly acts: number
  /** The acts by the attack whose turn it was; empty if attacks do not take turns. */
  readonly actsByTurn: ReadonlyMap<string, number>
  /** The maximum number of views that a correct replica left since the attack began. */
  readonly viewChanges: number
  /** The number of messages that correct replicas refused, by reason. */
  readonly rejected: ReadonlyMap<RejectionReason, number>
  /**
   * The answers of correct replicas to the hostile client: replies, and refusals by reason. Absent without a hostile
   * client.
   */
  readonly told?: ReadonlyMap<AnswerKind, number>
  /** The replicas against which a correct one holds evidence, two contradicting signed messages. */
  readonly guilty: readonly ReplicaId[]
  /** The replicas that a correct one cut off for a while. */
  readonly cutOff: readonly ReplicaId[]
  /** Facts of a run of processes. */
  readonly measured?: Measured
  /** The weight of figures in the verdict; binding when absent. */
  readonly figures?: FigureWeight
}

/**
 * The weight of figures that other work on the machine distorts: throughput, times, and expired timers of replicas
 * without a processor. A missed figure is a fault if figures are binding, and a warning if they are advisory.
 */
export const FIGURE_WEIGHTS = ['binding', 'advisory'] as const
export type FigureWeight = (typeof FIGURE_WEIGHTS)[number]

/**
 * The figures of a run of processes. Durations are noisy on a shared machine: compare the three phases, do not judge
 * one.
 */
export interface Measured {
  readonly before: Figures
  readonly during: Figures
  readonly after: Figures
  /**
   * The figures from the last view change under attack to the end of the attack; null without a view change, or if the
   * time is too short.
   */
  readonly settled: Figures | null
  /** True if correct replicas executed different batches, so that they act as several clusters after the attack. */
  readonly hasSplit?: boolean
  /** The longest time without an acknowledged write since the attack began. */
  readonly gapMs: number
  /**
   * The time from the end of the attack until all correct replicas voted and had executed the same batches; null if
   * they did not.
   */
  readonly caughtUpMs: number | null
  /** The memory of the correct replicas. */
  readonly suspicions: readonly Suspicion[]
  readonly memory: readonly MemoryUse[]
  /** The processor time of each phase. */
  readonly spent: { readonly before: Spent; readonly during: Spent; readonly after: Spent }
  /** The longest that the loop of a correct replica was held by its own work, in milliseconds. */
  readonly delayMs: number
  /**
   * The time that this machine took for the signature checks of one turn, before the load or after it, whichever was
   * longer.
   */
  readonly turnMs: number
}
