/**
 * Situations: rare events that some runs should reach, each with the rule that it exercises. A checker states what
 * must never happen; a situation states what must happen sometimes, because otherwise the checkers have seen only easy
 * runs.
 */
import type { Milliseconds, ReplicaId, Sequence, View } from '../../base/ids.ts'
import { primaryOf } from '../../base/quorum.ts'
import type { AuthenticationMode } from '../../messages/cluster.ts'
import type { RejectedMessage } from '../../runtime/replica-runtime-options.ts'
import type { SeenAnswer, SeenExecution, SeenReadAnswer, SeenRequest, SeenStep } from '../checkers/checker.ts'
import type { Fault } from '../plan/plan.ts'

/** The facts of a replica's state that a step may change. */
export interface ReplicaFacts {
  readonly view: View
  readonly isActive: boolean
  readonly health: 'sound' | 'amnesiac' | 'diverged'
  readonly isRecalling: boolean
  readonly lowWatermark: Sequence
  readonly lastExecuted: Sequence
  readonly lastProposed: Sequence
  readonly madeNewView: View
  readonly timeoutTicks: number
  readonly heldBack: number
  readonly executingAtTick: Sequence | null
  /** The sequence number of the state that is being fetched; null while there is none. */
  readonly target: Sequence | null
  readonly stalledSince: Milliseconds | null
  readonly isTimerForRecovery: boolean
  readonly blacklisted: number
  readonly complaint: string | null
  readonly hasRecovery: boolean
  readonly waitingRecoveries: number
  readonly doubted: number
  readonly lacking: number
  readonly choicesAhead: number
}

/** The history of a replica in a run, including its restarts. */
export interface Course {
  readonly id: ReplicaId
  /** After its last step; null before the first. */
  facts: ReplicaFacts | null
  /** Its state at its last crash; null before the first one. */
  interrupted: ReplicaFacts | null
  /** True until its first step after a crash. */
  isDown: boolean
  /** Votes that it sent before its last crash, and since. */
  readonly sentBefore: Set<string>
  readonly sentSince: Set<string>
  /** The number of views in its current view change, which it moved to without being active in one. */
  viewsWithoutService: number
  /** The highest view in which it was the primary and active; null before. */
  ledView: View | null
  healedTimes: number
}

export interface StepMoment {
  readonly seen: SeenStep
  /** The state after the replica's last step or, in its first step, after this one. */
  readonly before: ReplicaFacts
  readonly after: ReplicaFacts
  readonly own: Course
  /** The histories of all replicas that were correct so far, including this one. */
  readonly all: readonly Course[]
  readonly n: number
}

export interface ExecutionMoment {
  readonly seen: SeenExecution
  readonly own: Course
  /** The highest timestamp that any replica executed before this batch, by client. */
  readonly highestTimestamps: ReadonlyMap<string, number>
}

/** A fault, with the histories of the replicas. */
export interface FaultMoment {
  readonly fault: Fault
  readonly struck: Course | null
  readonly all: readonly Course[]
  readonly n: number
}

export interface Situation {
  readonly name: string
  /** A tag of PROTOCOL.md. */
  readonly rule: string
  /** The mode whose runs reach it; both if absent. */
  readonly mode?: AuthenticationMode
  /** The modes in which it is counted, but is too rare to be demanded of a range of seeds. */
  readonly rareIn?: readonly AuthenticationMode[]
  readonly atStep?: (moment: StepMoment) => boolean
  readonly atExecution?: (moment: ExecutionMoment) => boolean
  readonly atFault?: (moment: FaultMoment) => boolean
  readonly atReadAnswer?: (seen: SeenReadAnswer) => boolean
  /** A client sent a request. */
  readonly atRequest?: (seen: SeenRequest) => boolean
  /** A client got its answer. */
  readonly atAnswer?: (seen: SeenAnswer) => boolean
  readonly atRejection?: (rejected: RejectedMessage, own: Course) => boolean
  /** A replica ended a silent link; true if the network had healed. */
  readonly atSilentLink?: (hasHealed: boolean) => boolean
}

export const leads = (id: ReplicaId, { view }: Pick<ReplicaFacts, 'view'>, n: number): boolean =>
  primaryOf(view, n) === id
