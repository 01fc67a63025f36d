/**
 * Two-phase commit with recovery: Gray, "Notes on Data Base Operating Systems" (1978); the states and the cooperative
 * termination are those of Bernstein, Hadzilacos, Goodman, "Concurrency Control and Recovery in Database Systems"
 * (1987), 7.4. Process 0 coordinates; all vote. All that decide, decide alike: commit only if all voted yes.
 *
 * A participant that has voted yes may no longer decide by itself. If the coordinator crashes and no other participant
 * knows the outcome, all that voted yes are blocked until the coordinator is back. Its log then says what it decided; no
 * decision in the log means abort. Without faults one decision takes 3(n - 1) messages.
 */
import {
  type AsynchronousAlgorithm,
  type Automaton,
  type Reaction,
  sendToEach,
  type TypedMessage,
} from '../automaton.ts'
import { everyoneBut, type ProcessId } from '../process.ts'

const COORDINATOR: ProcessId = 0
const PATIENCE = 20

export type Outcome = 'commit' | 'abort'

export interface TwoPhaseMessage extends TypedMessage {
  /** ASK asks any process for the outcome. */
  readonly type: 'REQUEST' | 'YES' | 'NO' | 'COMMIT' | 'ABORT' | 'ASK'
}

export interface TwoPhaseState {
  /** Stable: what the log says. The coordinator is `waiting` for votes; a participant that voted yes is `ready`. */
  readonly phase: 'working' | 'waiting' | 'ready' | Outcome
  /** At the coordinator: those that voted yes. */
  readonly yes: readonly ProcessId[]
  /** The number of times that it will still ask for the outcome. */
  readonly asksLeft: number
}

type TwoPhaseReaction = Reaction<TwoPhaseState, TwoPhaseMessage>

export interface TwoPhaseOptions {
  readonly n: number
  /** By process: true for a vote for commit. */
  readonly votes: readonly boolean[]
  /** The number of times that a blocked participant asks the others. */
  readonly asks: number
}

export function twoPhaseCommit(
  options: TwoPhaseOptions,
): AsynchronousAlgorithm<TwoPhaseState, TwoPhaseMessage> {
  return { n: options.n, process: (self) => new TwoPhaseProcess(self, options) }
}

/** A process of two-phase commit: the coordinator or a participant. */
class TwoPhaseProcess implements Automaton<TwoPhaseState, TwoPhaseMessage> {
  readonly #n: number
  readonly #self: ProcessId
  readonly #others: readonly ProcessId[]
  readonly #votes: TwoPhaseOptions['votes']
  readonly #asks: TwoPhaseOptions['asks']

  constructor(self: ProcessId, { n, votes, asks }: TwoPhaseOptions) {
    this.#n = n
    this.#self = self
    this.#others = everyoneBut(n, self)
    this.#votes = votes
    this.#asks = asks
  }

  /** Writes the outcome to the log; the coordinator then sends it to all. */
  #decide(state: TwoPhaseState, outcome: Outcome): TwoPhaseReaction {
    const message = { type: outcome === 'commit' ? 'COMMIT' : 'ABORT' } as const
    return {
      state: { ...state, phase: outcome },
      outputs: [{ event: 'decides', value: outcome }],
      sends: this.#self === COORDINATOR ? sendToEach(this.#others, message) : [],
      timers: [{ name: 'patience', after: null }],
    }
  }

  #vote(state: TwoPhaseState): TwoPhaseReaction {
    if (state.phase === 'abort') return { state, sends: [{ to: COORDINATOR, message: { type: 'NO' } }] }
    if (state.phase !== 'working') return { state }
    if (!this.#votes[this.#self]) {
      return { ...this.#decide(state, 'abort'), sends: [{ to: COORDINATOR, message: { type: 'NO' } }] }
    }
    return {
      state: { ...state, phase: 'ready' },
      sends: [{ to: COORDINATOR, message: { type: 'YES' } }],
      timers: [{ name: 'patience', after: PATIENCE }],
    }
  }

  #count(state: TwoPhaseState, from: ProcessId): TwoPhaseReaction {
    if (state.phase !== 'waiting') return { state }
    const next = { ...state, yes: [...state.yes, from].sort() }
    return next.yes.length === this.#n - 1 ? this.#decide(next, 'commit') : { state: next }
  }

  /** A process that has not voted yet is free to abort, and so ends the uncertainty of the one that asks. */
  #answer(state: TwoPhaseState, from: ProcessId): TwoPhaseReaction {
    if (state.phase === 'commit') return { state, sends: [{ to: from, message: { type: 'COMMIT' } }] }
    if (state.phase === 'abort') return { state, sends: [{ to: from, message: { type: 'ABORT' } }] }
    if (state.phase !== 'working') return { state }
    return { ...this.#decide(state, 'abort'), sends: [{ to: from, message: { type: 'ABORT' } }] }
  }

  /** Asks everyone for the outcome: the vote cannot be taken back. */
  #ask(state: TwoPhaseState): TwoPhaseReaction {
    if (state.asksLeft === 0) return { state }
    return {
      state: { ...state, asksLeft: state.asksLeft - 1 },
      sends: sendToEach(this.#others, { type: 'ASK' }),
      timers: state.asksLeft > 1 ? [{ name: 'patience', after: PATIENCE }] : [],
    }
  }

  start(): TwoPhaseReaction {
    const state = { phase: 'working', yes: [], asksLeft: this.#asks } as const
    const timers = [{ name: 'patience', after: PATIENCE }]
    if (this.#self !== COORDINATOR) return { state, timers }
    if (!this.#votes[this.#self]) return this.#decide(state, 'abort')
    return {
      state: { ...state, phase: 'waiting' },
      sends: sendToEach(this.#others, { type: 'REQUEST' }),
      timers,
    }
  }

  receive(state: TwoPhaseState, from: ProcessId, { type }: TwoPhaseMessage): TwoPhaseReaction {
    const isDecided = state.phase === 'commit' || state.phase === 'abort'
    switch (type) {
      case 'REQUEST':
        return this.#vote(state)
      case 'YES':
        return this.#count(state, from)
      case 'ASK':
        return this.#answer(state, from)
      case 'NO':
      case 'ABORT':
        return isDecided ? { state } : this.#decide(state, 'abort')
      case 'COMMIT':
        return isDecided ? { state } : this.#decide(state, 'commit')
    }
  }

  /** Patience ends: whoever has not said yes aborts; a participant that is ready can only ask. */
  expire(state: TwoPhaseState): TwoPhaseReaction {
    return state.phase === 'ready' ? this.#ask(state) : this.#decide(state, 'abort')
  }

  recover(state: TwoPhaseState): TwoPhaseReaction {
    switch (state.phase) {
      case 'ready':
        return this.#ask({ ...state, asksLeft: 1 })
      case 'working':
      case 'waiting':
        return this.#decide(state, 'abort')
      case 'commit':
      case 'abort':
        return { ...this.#decide(state, state.phase), outputs: [] }
    }
  }
}
