/**
 * A replica's answers to clients that ask for its report, its evidence, its occurrences, pages of its state, and their
 * last timestamps.
 */
import type { Content } from '../../messages/content.ts'
import type { AnyInquiry, ReplicaReport } from '../../messages/message.ts'
import { lacksState } from '../../pbft/recovery/recovery-state.ts'
import { answerTo, type ReportedOutside, reportOf } from '../../pbft/report.ts'
import type { ReplicaState } from '../../pbft/state.ts'
import type { Peer } from '../../ports.ts'
import type { SenderBudgets } from '../inbound/sender-budgets.ts'
import { OccurrenceRecorder } from '../observation/occurrence-recorder.ts'
import type { ReplicaRuntimeOptions } from '../replica-runtime-options.ts'
import type { CheckpointKeeper } from '../state/checkpoint-keeper.ts'
import { ClientPages } from '../state/client-pages.ts'
import { LiveSessions } from './live-sessions.ts'

export class InquiryAnswers {
  readonly #options: ReplicaRuntimeOptions
  readonly #budgets: SenderBudgets
  readonly #sessions = new LiveSessions()
  /** The recording of what happens in the protocol, which runs while somebody asks for it. */
  readonly recorder: OccurrenceRecorder

  readonly #pages: ClientPages

  constructor(options: ReplicaRuntimeOptions, budgets: SenderBudgets, keeper: () => CheckpointKeeper) {
    this.#pages = new ClientPages(keeper)
    this.#options = options
    this.#budgets = budgets
    this.recorder = new OccurrenceRecorder(() => options.clock.now())
  }

  tick(): void {
    this.#sessions.tick()
    this.recorder.tick()
    this.#pages.tick()
  }

  /** Returns the answer to an inquiry; null if there is none, for example because this state is not the cluster's. */
  answer(inquiry: AnyInquiry, from: Peer, state: ReplicaState): Content | null {
    const { application } = this.#options
    if (inquiry.kind === 'place-inquiry') {
      if (from.kind !== 'client' || lacksState(state)) return null
      const { session, token } = inquiry
      const { timestamp } = application.lastUse(from.id)
      return { kind: 'place', session, timestamp, ...this.#sessions.hear(from.id, session, token) }
    }
    if (inquiry.kind === 'state-inquiry') {
      const mayRead = from.kind !== 'client' || application.mayReadState(from.id)
      return this.#pages.answer(inquiry, mayRead)
    }
    if (inquiry.kind === 'occurrence-inquiry') return this.recorder.answer(inquiry, state)
    return answerTo(inquiry, state, this.#outside)
  }

  /** Returns the replica's report on itself. */
  report(state: ReplicaState): ReplicaReport {
    return reportOf(state, this.#outside)
  }

  get #outside(): ReportedOutside {
    const { application, transport, loop } = this.#options
    return {
      revision: application.revision,
      reachable: transport.reachable(),
      cutOff: this.#budgets.cutOff,
      eventLoopDelayMs: loop?.delayMs ?? 0,
    }
  }
}
