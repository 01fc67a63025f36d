/** All checkers together: passes the events at correct replicas to each, and keeps the first violation. */
import type { ReplicaId, Sequence } from '../../base/ids.ts'
import type { Founder } from '../../store/access-records.ts'
import { ModelledStore } from '../model/modelled-store.ts'
import { acceptableCertificates } from './acceptable-certificates.ts'
import { agreement } from './agreement.ts'
import type {
  Checker,
  SeenAnswer,
  SeenExecution,
  SeenReadAnswer,
  SeenReply,
  SeenRequest,
  SeenSettled,
  SeenStep,
  Violation,
} from './checker.ts'
import { clientsHistory } from './clients-history.ts'
import { committedIsPrepared } from './committed-is-prepared.ts'
import { durableBeforeSend } from './durable-before-send.ts'
import { equalReplies } from './equal-replies.ts'
import { equalRoots } from './equal-roots.ts'
import { exactlyOnce } from './exactly-once.ts'
import { followsModel } from './follows-model.ts'
import { leftForGood, nothingBelowViewChange } from './left-views.ts'
import { linearizable } from './linearizable.ts'
import { lock } from './lock.ts'
import { memoryBounds } from './memory-bounds.ts'
import { neverBackwards } from './never-backwards.ts'
import { neverEarly } from './never-early.ts'
import { oneCertificate } from './one-certificate.ts'
import { oneVote } from './one-vote.ts'
import { realTimeOrder } from './real-time-order.ts'
import { specification } from './specification.ts'
import { totalOrder } from './total-order.ts'
import { trueEvidence } from './true-evidence.ts'
import { trueHealth } from './true-health.ts'
import { validity } from './validity.ts'

/** An invariant by its number, with all of its checkers, or one checker by its name. */
export type MonitoredInvariant = number | string

/** Every checker. A run that uses only some of them names their invariants. */
export function createCheckers(context: {
  readonly n: number
  readonly clients: number
  readonly isCorrect: (replica: ReplicaId) => boolean
  /** Virtual milliseconds. */
  readonly now: () => number
  /** The administrators that the cluster file names; none by default. */
  readonly founders?: readonly Founder[]
  readonly invariants?: readonly MonitoredInvariant[]
}): readonly Checker[] {
  const { n, clients, isCorrect, invariants, now } = context
  const modelled = new ModelledStore(context.founders)
  const checkers: readonly Checker[] = [
    agreement(),
    totalOrder(),
    validity(),
    exactlyOnce(),
    oneCertificate(),
    oneVote(isCorrect),
    trueEvidence(isCorrect),
    committedIsPrepared(n),
    lock(),
    neverBackwards(),
    nothingBelowViewChange(),
    leftForGood(),
    equalRoots(),
    acceptableCertificates(n),
    durableBeforeSend(),
    equalReplies(),
    realTimeOrder(),
    linearizable(),
    followsModel(modelled),
    clientsHistory(modelled),
    neverEarly(modelled, now),
    memoryBounds(clients),
    trueHealth(n, isCorrect, now),
    specification(),
  ]
  if (invariants === undefined) return checkers
  return checkers.filter(({ invariant, name }) => invariants.includes(invariant) || invariants.includes(name))
}

export class InvariantMonitor {
  readonly #checkers: readonly Checker[]
  /** Most events are steps, so the checkers that watch them are kept apart. */
  readonly #stepCheckers: readonly Checker[]
  readonly #now: () => number
  #violation: Violation | null = null

  /** `now` returns virtual milliseconds. */
  constructor(checkers: readonly Checker[], now: () => number) {
    this.#checkers = checkers
    this.#stepCheckers = checkers.filter(({ onStep }) => onStep !== undefined)
    this.#now = now
  }

  /** The first violation. */
  get violation(): Violation | null {
    return this.#violation
  }

  onStep(seen: SeenStep): void {
    for (const checker of this.#stepCheckers) this.#note(checker, seen.replica, checker.onStep?.(seen))
  }

  onExecuted(seen: SeenExecution): void {
    for (const checker of this.#checkers) this.#note(checker, seen.replica, checker.onExecuted?.(seen))
  }

  onReply(seen: SeenReply): void {
    for (const checker of this.#checkers) this.#note(checker, seen.replica, checker.onReply?.(seen))
  }

  onReadAnswer(seen: SeenReadAnswer): void {
    for (const checker of this.#checkers) this.#note(checker, seen.replica, checker.onReadAnswer?.(seen))
  }

  onRequest(seen: SeenRequest): void {
    for (const checker of this.#checkers) this.#note(checker, null, checker.onRequest?.(seen))
  }

  onSigned(seen: SeenRequest): void {
    for (const checker of this.#checkers) this.#note(checker, null, checker.onSigned?.(seen))
  }

  onAnswer(seen: SeenAnswer): void {
    for (const checker of this.#checkers) this.#note(checker, null, checker.onAnswer?.(seen))
  }

  onGivenUp(seen: Omit<SeenAnswer, 'results'>): void {
    for (const checker of this.#checkers) this.#note(checker, null, checker.onGivenUp?.(seen))
  }

  onLoadOver(final: Sequence): void {
    for (const checker of this.#checkers) this.#note(checker, null, checker.onLoadOver?.(final))
  }

  onSettled(seen: SeenSettled): void {
    for (const checker of this.#checkers) this.#note(checker, seen.replica, checker.onSettled?.(seen))
  }

  onCrash(crashed: { readonly replica: ReplicaId; readonly survivingRecords: number }): void {
    for (const checker of this.#checkers) this.#note(checker, crashed.replica, checker.onCrash?.(crashed))
  }

  /** Notes the end of the run. */
  onEnd(): void {
    for (const checker of this.#checkers) {
      if (this.#violation === null) this.#note(checker, null, checker.onEnd?.())
    }
  }

  #note(checker: Checker, replica: ReplicaId | null, explanation: string | null | undefined): void {
    if (explanation === null || explanation === undefined || this.#violation !== null) return
    const { invariant, name } = checker
    this.#violation = { invariant, name, replica, atMs: this.#now(), explanation }
  }
}
