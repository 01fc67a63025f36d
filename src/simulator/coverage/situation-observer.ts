/**
 * Recognises the situations that a run reaches. Like the checkers, it sees the steps and executions, and also the
 * faults. It changes nothing, so an observed run has the same trace as an unobserved one.
 */
import { type ReplicaId, replicaIds } from '../../base/ids.ts'
import type { ReplicaState } from '../../pbft/state.ts'
import type { RejectedMessage } from '../../runtime/replica-runtime-options.ts'
import type { Checker, SeenExecution, SeenStep } from '../checkers/checker.ts'
import type { Fault } from '../plan/plan.ts'
import { type Course, leads, type ReplicaFacts, type Situation } from './situation.ts'
import { SITUATIONS } from './situations.ts'

export class SituationObserver {
  readonly #n: number
  readonly #courses: readonly Course[]
  /** The situations that are not yet reached. */
  #missing: readonly Situation[]
  readonly #reached = new Set<string>()
  readonly #highestTimestamps = new Map<string, number>()
  #isSwallowing = false

  constructor(n: number, situations: readonly Situation[] = SITUATIONS) {
    this.#n = n
    this.#missing = situations
    this.#courses = replicaIds(n).map(createCourse)
  }

  /** The names of the reached situations. */
  get reached(): ReadonlySet<string> {
    return this.#reached
  }

  /** Receives the same events as the checkers. */
  get checker(): Checker {
    return {
      invariant: 0,
      name: 'no invariant: situations',
      onStep: (seen) => {
        this.#onStep(seen)
        return null
      },
      onExecuted: (seen) => {
        this.#onExecuted(seen)
        return null
      },
      onReadAnswer: (seen) => {
        this.#look((situation) => situation.atReadAnswer?.(seen) ?? false)
        return null
      },
      onRequest: (seen) => {
        this.#look((situation) => situation.atRequest?.(seen) ?? false)
        return null
      },
      onAnswer: (seen) => {
        this.#look((situation) => situation.atAnswer?.(seen) ?? false)
        return null
      },
      onCrash: ({ replica }) => {
        this.#onCrash(this.#courses[replica])
        return null
      },
    }
  }

  onFault(fault: Fault): void {
    if (fault.kind === 'swallow') this.#isSwallowing = fault.reach !== null
    const struck = 'replica' in fault ? (this.#courses[fault.replica] ?? null) : null
    const moment = { fault, struck, all: this.#courses, n: this.#n }
    this.#look((situation) => situation.atFault?.(moment) ?? false)
    // A traitor's steps are no longer observed.
    if (fault.kind === 'turn' && struck !== null) struck.facts = null
  }

  /** The network heals. */
  onCalm(): void {
    this.#isSwallowing = false
  }

  onRejected(replica: ReplicaId, rejected: RejectedMessage): void {
    const own = this.#courses[replica]
    if (own === undefined) return
    this.#look((situation) => situation.atRejection?.(rejected, own) ?? false)
  }

  onSilentLink(): void {
    this.#look((situation) => situation.atSilentLink?.(!this.#isSwallowing) ?? false)
  }

  #onStep(seen: SeenStep): void {
    const own = this.#courses[seen.replica]
    if (own === undefined) return
    const after = factsOf(seen.state)
    const before = own.isDown ? after : (own.facts ?? after)
    own.isDown = false
    own.facts = after
    if (after.view > before.view) own.viewsWithoutService++
    if (after.isActive) own.viewsWithoutService = 0
    const moment = { seen, before, after, own, all: this.#courses, n: this.#n }
    this.#look((situation) => situation.atStep?.(moment) ?? false)
    noteCourse(own, seen, after, this.#n)
  }

  #onExecuted(seen: SeenExecution): void {
    const own = this.#courses[seen.replica]
    if (own === undefined) return
    const moment = { seen, own, highestTimestamps: this.#highestTimestamps }
    this.#look((situation) => situation.atExecution?.(moment) ?? false)
    for (const { client, timestamp } of seen.outcomes) {
      const highest = this.#highestTimestamps.get(client) ?? 0
      if (timestamp > highest) this.#highestTimestamps.set(client, timestamp)
    }
  }

  #onCrash(own: Course | undefined): void {
    if (own === undefined) return
    own.interrupted = own.facts
    own.isDown = true
    for (const vote of own.sentSince) own.sentBefore.add(vote)
    own.sentSince.clear()
  }

  #look(isReached: (situation: Situation) => boolean): void {
    const now = this.#missing.filter(isReached)
    if (now.length === 0) return
    for (const { name } of now) this.#reached.add(name)
    this.#missing = this.#missing.filter((situation) => !now.includes(situation))
  }
}

const createCourse = (id: ReplicaId): Course => ({
  id,
  facts: null,
  interrupted: null,
  isDown: false,
  sentBefore: new Set(),
  sentSince: new Set(),
  viewsWithoutService: 0,
  ledView: null,
  healedTimes: 0,
})

/** Notes the facts with which later steps are compared. */
function noteCourse(own: Course, { replica, effects }: SeenStep, after: ReplicaFacts, n: number): void {
  if (after.isActive && leads(replica, after, n)) own.ledView = after.view
  for (const effect of effects) {
    if (effect.kind === 'persist' && effect.record.kind === 'healed') own.healedTimes++
    if (effect.kind !== 'broadcast') continue
    const { outgoing } = effect
    if (outgoing.kind === 'prepare' || outgoing.kind === 'commit') {
      own.sentSince.add(`${outgoing.kind} ${outgoing.view} ${outgoing.sequence}`)
    }
  }
}

function factsOf(state: ReplicaState): ReplicaFacts {
  const { views, recovery, checkpoints, ordering, patience, transfer, requests, suspicion, oral } = state
  return {
    view: views.view,
    isActive: views.isActive,
    health: recovery.health,
    isRecalling: recovery.recall !== null,
    lowWatermark: checkpoints.lowWatermark,
    lastExecuted: ordering.lastExecuted,
    lastProposed: ordering.lastProposed,
    madeNewView: views.madeNewView,
    timeoutTicks: patience.timeoutTicks,
    heldBack: ordering.heldBack.size,
    executingAtTick: ordering.executingAtTick,
    target: transfer.target?.sequence ?? null,
    stalledSince: requests.stalledSince,
    isTimerForRecovery: requests.timer !== null && requests.timer.waitsFor === null,
    blacklisted: suspicion.blacklist.all.length,
    complaint: suspicion.complaint?.complaint ?? null,
    hasRecovery: recovery.own !== null,
    waitingRecoveries: recovery.waiting.size,
    doubted: oral.doubts.prePrepares.size,
    lacking: oral.lacking.length,
    choicesAhead: oral.choicesAhead.length,
  }
}
