/**
 * Situations: rare things that a run should come to sooner or later, each with the rule that it exercises. A checker says
 * what must never happen; a situation says what must happen sometimes, or the checkers looked at easy runs only.
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
  /** The sequence number whose state is fetched; null while none is. */
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

/** The course of one replica through a run, its restarts included. */
export interface Course {
  readonly id: ReplicaId
  /** After its last step; null before the first. */
  facts: ReplicaFacts | null
  /** Its state when it crashed last; null before. */
  interrupted: ReplicaFacts | null
  /** True until its first step after a crash. */
  isDown: boolean
  /** Votes that it sent before its last crash, and since. */
  readonly sentBefore: Set<string>
  readonly sentSince: Set<string>
  /** Of its current view change: views that it moved to without being active in one. */
  viewsWithoutService: number
  /** The highest view in which it was the primary and active; null before. */
  ledView: View | null
  healedTimes: number
}

export interface StepMoment {
  readonly seen: SeenStep
  /** As the last step of the replica left it; as this one does, at its first. */
  readonly before: ReplicaFacts
  readonly after: ReplicaFacts
  readonly own: Course
  /** The courses of all replicas that were correct so far, this one's included. */
  readonly all: readonly Course[]
  readonly n: number
}

export interface ExecutionMoment {
  readonly seen: SeenExecution
  readonly own: Course
  /** By client: the highest timestamp that any replica executed before this batch. */
  readonly highestTimestamps: ReadonlyMap<string, number>
}

/** A fault that struck, and what the replicas were doing. */
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
  /** The mode whose runs come to it; both where it is absent. */
  readonly mode?: AuthenticationMode
  /** The modes in which it is counted, but too rare to be demanded of a range of seeds. */
  readonly rareIn?: readonly AuthenticationMode[]
  readonly atStep?: (moment: StepMoment) => boolean
  readonly atExecution?: (moment: ExecutionMoment) => boolean
  readonly atFault?: (moment: FaultMoment) => boolean
  readonly atReadAnswer?: (seen: SeenReadAnswer) => boolean
  /** A client asked. */
  readonly atRequest?: (seen: SeenRequest) => boolean
  /** A client got its answer. */
  readonly atAnswer?: (seen: SeenAnswer) => boolean
  readonly atRejection?: (rejected: RejectedMessage, own: Course) => boolean
  /** A replica ended a link that was silent; true if the network had healed. */
  readonly atSilentLink?: (hasHealed: boolean) => boolean
}

export const leads = (id: ReplicaId, { view }: Pick<ReplicaFacts, 'view'>, n: number): boolean =>
  primaryOf(view, n) === id
