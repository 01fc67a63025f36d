/**
 * Three-phase commit with its termination protocol: Skeen, "Nonblocking Commit Protocols" (1981). Between the votes and
 * the commit all move to `prepared`, so that no process is uncertain while another one has committed. When the
 * coordinator crashes, the next process takes over, whatever number of processes has crashed: it first moves all others
 * to its own state, then commits if that is `prepared`, and aborts otherwise. 5(n - 1) messages without faults.
 *
 * It needs time bounds and a network that does not part: a process is suspected only if it has crashed. If a partition
 * makes two sides suspect each other, a side with a prepared process commits, and a side without aborts.
 */
import {
  type AsynchronousAlgorithm,
  type Automaton,
  type Reaction,
  sendToEach,
  type Timer,
  type TypedMessage,
} from '../automaton.ts'
import { everyoneBut, type ProcessId } from '../process.ts'
import type { Outcome } from './two-phase.ts'

const PATIENCE = 25
const SUSPICION = 100

export interface ThreePhaseMessage extends TypedMessage {
  /** READY and PREPARE move the receiver to that state; ACK answers them. */
  readonly type: 'REQUEST' | 'YES' | 'NO' | 'READY' | 'PREPARE' | 'ACK' | 'COMMIT' | 'ABORT'
}

export interface ThreePhaseState {
  readonly phase: 'working' | 'ready' | 'prepared' | Outcome
  /** The process that it takes for the coordinator. */
  readonly coordinator: ProcessId
  /** As coordinator: the question that it asks, and those that have answered it. */
  readonly asks: 'votes' | 'acks' | null
  readonly answered: readonly ProcessId[]
}

type ThreePhaseReaction = Reaction<ThreePhaseState, ThreePhaseMessage>

/** The timer of a process that waits for another one: in time bounds it expires only if that one has crashed. */
export const suspicionOf = (process: ProcessId): string => `suspects ${process}`

const watch = (coordinator: ProcessId): readonly Timer[] => [
  { name: suspicionOf(coordinator), after: SUSPICION },
]

export interface ThreePhaseOptions {
  readonly n: number
  /** By process: true for a vote for commit. */
  readonly votes: readonly boolean[]
}

export function threePhaseCommit(
  options: ThreePhaseOptions,
): AsynchronousAlgorithm<ThreePhaseState, ThreePhaseMessage> {
  return { n: options.n, process: (self) => new ThreePhaseProcess(self, options) }
}

/** A process of three-phase commit. */
class ThreePhaseProcess implements Automaton<ThreePhaseState, ThreePhaseMessage> {
  readonly #n: number
  readonly #self: ProcessId
  readonly #others: readonly ProcessId[]
  readonly #votes: ThreePhaseOptions['votes']

  constructor(self: ProcessId, { n, votes }: ThreePhaseOptions) {
    this.#n = n
    this.#self = self
    this.#others = everyoneBut(n, self)
    this.#votes = votes
  }

  #decide(state: ThreePhaseState, outcome: Outcome): ThreePhaseReaction {
    const message = { type: outcome === 'commit' ? 'COMMIT' : 'ABORT' } as const
    return {
      state: { ...state, phase: outcome, asks: null, answered: [] },
      outputs: [{ event: 'decides', value: outcome }],
      sends: state.coordinator === this.#self ? sendToEach(this.#others, message) : [],
      timers: [{ name: 'answers', after: null }],
    }
  }

  /** Moves all others to the own state, as coordinator. */
  #align(state: ThreePhaseState): ThreePhaseReaction {
    const phase = state.phase === 'prepared' ? 'prepared' : 'ready'
    return {
      state: { ...state, phase, asks: 'acks', answered: [] },
      sends: sendToEach(this.#others, { type: phase === 'prepared' ? 'PREPARE' : 'READY' }),
      timers: [{ name: 'answers', after: PATIENCE }],
    }
  }

  /** Goes on as coordinator when all have answered that did not crash. */
  #conclude(state: ThreePhaseState): ThreePhaseReaction {
    if (state.asks === 'acks') return this.#decide(state, state.phase === 'prepared' ? 'commit' : 'abort')
    const hasAllVotes = state.answered.length === this.#n - 1
    return hasAllVotes ? this.#align({ ...state, phase: 'prepared' }) : this.#decide(state, 'abort')
  }

  #count(state: ThreePhaseState, from: ProcessId, asks: 'votes' | 'acks'): ThreePhaseReaction {
    if (state.asks !== asks || state.answered.includes(from)) return { state }
    const next = { ...state, answered: [...state.answered, from].sort() }
    return next.answered.length === this.#n - 1 ? this.#conclude(next) : { state: next }
  }

  #vote(state: ThreePhaseState, from: ProcessId): ThreePhaseReaction {
    if (state.phase !== 'working') return { state }
    if (!this.#votes[this.#self])
      return { ...this.#decide(state, 'abort'), sends: [{ to: from, message: { type: 'NO' } }] }
    return { state: { ...state, phase: 'ready' }, sends: [{ to: from, message: { type: 'YES' } }] }
  }

  /** Follows a coordinator into its state; one that was suspected already is no longer followed. */
  #follow(state: ThreePhaseState, from: ProcessId, phase: 'ready' | 'prepared'): ThreePhaseReaction {
    if (from < state.coordinator || state.phase === 'commit' || state.phase === 'abort') return { state }
    return {
      state: { ...state, phase, coordinator: from },
      sends: [{ to: from, message: { type: 'ACK' } }],
      timers: [{ name: suspicionOf(state.coordinator), after: null }, ...watch(from)],
    }
  }

  start(): ThreePhaseReaction {
    const state = { phase: 'working', coordinator: 0, asks: null, answered: [] } as const
    if (this.#self !== 0) return { state, timers: watch(0) }
    if (!this.#votes[this.#self]) return this.#decide(state, 'abort')
    return {
      state: { ...state, phase: 'ready', asks: 'votes' },
      sends: sendToEach(this.#others, { type: 'REQUEST' }),
      timers: [{ name: 'answers', after: PATIENCE }],
    }
  }

  receive(state: ThreePhaseState, from: ProcessId, { type }: ThreePhaseMessage): ThreePhaseReaction {
    const isDecided = state.phase === 'commit' || state.phase === 'abort'
    switch (type) {
      case 'REQUEST':
        return this.#vote(state, from)
      case 'YES':
        return this.#count(state, from, 'votes')
      case 'ACK':
        return this.#count(state, from, 'acks')
      case 'READY':
        return this.#follow(state, from, 'ready')
      case 'PREPARE':
        return this.#follow(state, from, 'prepared')
      case 'NO':
      case 'ABORT':
        return isDecided ? { state } : this.#decide(state, 'abort')
      case 'COMMIT':
        return isDecided ? { state } : this.#decide(state, 'commit')
    }
  }

  expire(state: ThreePhaseState, timer: string): ThreePhaseReaction {
    if (timer === 'answers') return this.#conclude(state)
    const coordinator = state.coordinator + 1
    const next = { ...state, coordinator }
    if (coordinator !== this.#self) return { state: next, timers: watch(coordinator) }
    // It may know the outcome that the crashed coordinator did not send to all.
    if (state.phase === 'commit' || state.phase === 'abort')
      return { ...this.#decide(next, state.phase), outputs: [] }
    return this.#align(next)
  }
}
