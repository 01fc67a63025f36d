/** The facts of an attack's run, wherever it ran: the ground of its verdict. */
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
  /** The same by the attack whose turn it was; empty where none take turns. */
  readonly actsByTurn: ReadonlyMap<string, number>
  /** Views that correct replicas left, at most, since the attack began. */
  readonly viewChanges: number
  /** The number of messages that correct replicas refused, by reason. */
  readonly rejected: ReadonlyMap<RejectionReason, number>
  /**
   * The answers of correct replicas to the hostile client: replies, and refusals by their reason. Absent when there
   * was none.
   */
  readonly told?: ReadonlyMap<AnswerKind, number>
  /** Replicas against which a correct one holds evidence: two signed messages that contradict each other. */
  readonly guilty: readonly ReplicaId[]
  /** Replicas that a correct one cut off for a while. */
  readonly cutOff: readonly ReplicaId[]
  /** Facts that only a run of processes shows. */
  readonly measured?: Measured
  /** The weight of figures in the verdict; binding when absent. */
  readonly figures?: FigureWeight
}

/**
 * The weight of what a machine with other work spoils: throughput, times, and what timers do when replicas get no
 * processor. A figure that misses is a fault where figures are binding, and a warning where they are advisory.
 */
export const FIGURE_WEIGHTS = ['binding', 'advisory'] as const
export type FigureWeight = (typeof FIGURE_WEIGHTS)[number]

/** Figures of a run of processes. What lasts is noisy on a shared machine: compare the three, do not judge one. */
export interface Measured {
  readonly before: Figures
  readonly during: Figures
  readonly after: Figures
  /** From the last view change under attack on, as long as the attack lasted; null without one, or too shortly after it. */
  readonly settled: Figures | null
  /** True if correct replicas executed different batches: what they do after the attack is that of several clusters. */
  readonly hasSplit?: boolean
  /** The longest time without an acknowledged write since the attack began. */
  readonly gapMs: number
  /** From the end of the attack until all correct replicas voted and had executed the same; null when they did not. */
  readonly caughtUpMs: number | null
  /** Of the correct replicas. */
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
