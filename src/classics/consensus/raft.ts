/**
 * Raft: Ongaro, Ousterhout, "In Search of an Understandable Consensus Algorithm" (2014), figure 2. n > 2f processes that
 * crash and come back. At most one leader in each term; logs that hold an entry of the same index and term are alike up
 * to it; an entry that was applied by one process is applied at that index by no other one with another command.
 *
 * A process that hears from no leader asks for votes in a new term. It gets the vote of a process that has not voted in
 * this term and whose log is not more up to date. A leader appends its commands, makes the others' logs equal to its
 * own, and commits an entry of its own term once a majority has it.
 */
import {
  type AsynchronousAlgorithm,
  type Automaton,
  type Reaction,
  type Send,
  sendToEach,
  type Timer,
  type TypedMessage,
} from '../automaton.ts'
import { everyoneBut, type ProcessId } from '../process.ts'

const NO_COMMAND = 'nothing'
const PATIENCE = 50

export interface Entry {
  readonly term: number
  readonly command: string
}

export type RaftMessage = TypedMessage & { readonly term: number } & (
    | { readonly type: 'REQUEST-VOTE'; readonly lastIndex: number; readonly lastTerm: number }
    | { readonly type: 'VOTE'; readonly isGranted: boolean }
    | {
        readonly type: 'APPEND'
        readonly previousIndex: number
        readonly previousTerm: number
        readonly entries: readonly Entry[]
        readonly commit: number
      }
    /** The index up to which the log equals the leader's; on failure, the index to try instead. */
    | { readonly type: 'APPENDED'; readonly isSuccess: boolean; readonly index: number }
  )

export interface RaftState {
  /** Stable. */
  readonly term: number
  readonly votedFor: ProcessId | null
  readonly log: readonly Entry[]
  readonly electionsLeft: number
  readonly role: 'follower' | 'candidate' | 'leader'
  readonly votes: readonly ProcessId[]
  /** The number of entries that it knows to be committed, all of which it has applied. */
  readonly commit: number
  /** As leader, by process: the next index to send, and the index up to which the log is known to be equal. */
  readonly next: readonly number[]
  readonly match: readonly number[]
}

type RaftReaction = Reaction<RaftState, RaftMessage>

export interface RaftOptions {
  readonly n: number
  /** By process: the command that it appends when it becomes leader. */
  readonly commands: readonly (string | null)[]
  /** By process: the number of elections that it starts. */
  readonly elections: readonly number[]
  /**
   * True for the leader of figure 8: it commits entries of older terms by counting their copies, and so needs no entry
   * of its own term.
   */
  readonly countsOldTerms?: boolean
}

export function raft(options: RaftOptions): AsynchronousAlgorithm<RaftState, RaftMessage> {
  return { n: options.n, process: (self) => new RaftProcess(self, options) }
}

/** A process of Raft. */
class RaftProcess implements Automaton<RaftState, RaftMessage> {
  readonly #n: number
  readonly #self: ProcessId
  readonly #others: readonly ProcessId[]
  readonly #commands: RaftOptions['commands']
  readonly #elections: RaftOptions['elections']
  readonly #countsOldTerms: boolean

  constructor(self: ProcessId, { n, commands, elections, countsOldTerms = false }: RaftOptions) {
    this.#n = n
    this.#self = self
    this.#others = everyoneBut(n, self)
    this.#commands = commands
    this.#elections = elections
    this.#countsOldTerms = countsOldTerms
  }

  #isMajority(count: number): boolean {
    return 2 * count > this.#n
  }

  #patience(left: number): readonly Timer[] {
    return left > 0 ? [{ name: 'election', after: PATIENCE * (this.#self + 1) }] : []
  }

  #stand(state: RaftState): RaftReaction {
    const term = state.term + 1
    const electionsLeft = state.electionsLeft - 1
    const lastIndex = state.log.length
    return {
      state: { ...state, term, votedFor: this.#self, role: 'candidate', votes: [this.#self], electionsLeft },
      sends: sendToEach(this.#others, {
        type: 'REQUEST-VOTE',
        term,
        lastIndex,
        lastTerm: termAt(state, lastIndex),
      }),
      timers: this.#patience(electionsLeft),
    }
  }

  /** Becomes leader, and appends its command: or nothing, as an entry of its term that commits those before it. */
  #lead(state: RaftState): RaftReaction {
    const wanted = this.#commands[this.#self] ?? NO_COMMAND
    const isThere = state.log.some((entry) => entry.command === wanted)
    const own = isThere && this.#countsOldTerms ? [] : [isThere ? NO_COMMAND : wanted]
    const next = state.match.map(() => state.log.length + 1)
    const log = [...state.log, ...own.map((command) => ({ term: state.term, command }))]
    const match = state.match.map((_, id) => (id === this.#self ? log.length : 0))
    const leading: RaftState = { ...state, role: 'leader', log, next, match }
    return {
      state: leading,
      sends: this.#others.map((to) => appendTo(leading, to)),
      outputs: [{ event: 'leads', value: state.term }],
    }
  }

  #grant(
    state: RaftState,
    from: ProcessId,
    { lastIndex, lastTerm }: RaftMessage & { readonly type: 'REQUEST-VOTE' },
  ): RaftReaction {
    const ownLast = termAt(state, state.log.length)
    const isUpToDate = lastTerm > ownLast || (lastTerm === ownLast && lastIndex >= state.log.length)
    const isGranted = (state.votedFor === null || state.votedFor === from) && isUpToDate
    return {
      state: isGranted ? { ...state, votedFor: from } : state,
      sends: [{ to: from, message: { type: 'VOTE', term: state.term, isGranted } }],
    }
  }

  #append(
    state: RaftState,
    from: ProcessId,
    message: RaftMessage & { readonly type: 'APPEND' },
  ): RaftReaction {
    const { previousIndex, previousTerm, entries, commit } = message
    const answer = (isSuccess: boolean, index: number): readonly Send<RaftMessage>[] => [
      { to: from, message: { type: 'APPENDED', term: state.term, isSuccess, index } },
    ]
    const follower: RaftState = { ...state, role: 'follower' }
    if (previousIndex > state.log.length || termAt(state, previousIndex) !== previousTerm) {
      return { state: follower, sends: answer(false, previousIndex) }
    }
    const clash = entries.findIndex(({ term }, index) => termAt(state, previousIndex + index + 1) !== term)
    const log =
      clash < 0 ? state.log : [...state.log.slice(0, previousIndex + clash), ...entries.slice(clash)]
    const match = previousIndex + entries.length
    const applied = apply({ ...follower, log }, Math.min(commit, match))
    return { ...applied, sends: answer(true, match) }
  }

  #count(
    state: RaftState,
    from: ProcessId,
    { isSuccess, index }: RaftMessage & { readonly type: 'APPENDED' },
  ): RaftReaction {
    const set = (list: readonly number[], value: number) => list.map((old, id) => (id === from ? value : old))
    if (!isSuccess) {
      const back = { ...state, next: set(state.next, Math.max(1, index)) }
      return { state: back, sends: [appendTo(back, from)] }
    }
    const match = set(state.match, Math.max(state.match[from] ?? 0, index))
    const next = { ...state, match, next: set(state.next, Math.max(state.next[from] ?? 1, index + 1)) }
    const isCommitted = this.#isMajority(match.filter((each) => each >= index).length)
    // Only an entry of its own term is committed by counting; it commits those before it (5.4.2).
    const isOfThisTerm = this.#countsOldTerms || termAt(state, index) === state.term
    if (index <= state.commit || !isCommitted || !isOfThisTerm) return { state: next }
    const applied = apply(next, index)
    return { ...applied, sends: this.#others.map((to) => appendTo(applied.state, to)) }
  }

  start(): RaftReaction {
    const electionsLeft = this.#elections[this.#self] ?? 0
    const zeros = Array.from({ length: this.#n }, () => 0)
    const stable = { term: 0, votedFor: null, log: [], electionsLeft }
    const state = {
      ...stable,
      role: 'follower',
      votes: [],
      commit: 0,
      next: zeros,
      match: zeros,
    } as const
    return { state, timers: this.#patience(electionsLeft) }
  }

  receive(before: RaftState, from: ProcessId, message: RaftMessage): RaftReaction {
    const isLater = message.term > before.term
    const state: RaftState = isLater
      ? { ...before, term: message.term, votedFor: null, role: 'follower' }
      : before
    const isCurrent = message.term === state.term
    switch (message.type) {
      case 'REQUEST-VOTE':
        return isCurrent ? this.#grant(state, from, message) : { state }
      case 'VOTE': {
        if (!isCurrent || state.role !== 'candidate' || !message.isGranted) return { state }
        const next = { ...state, votes: [...state.votes, from].sort() }
        return this.#isMajority(next.votes.length) ? this.#lead(next) : { state: next }
      }
      case 'APPEND':
        return isCurrent ? this.#append(state, from, message) : { state }
      case 'APPENDED':
        return isCurrent && state.role === 'leader' ? this.#count(state, from, message) : { state }
    }
  }

  expire(state: RaftState): RaftReaction {
    return state.role === 'leader' ? { state } : this.#stand(state)
  }

  /** Term, vote and log are on disk; the rest begins anew, and what is applied is applied again. */
  recover(state: RaftState): RaftReaction {
    return {
      state: { ...state, role: 'follower', votes: [] },
      timers: this.#patience(state.electionsLeft),
    }
  }
}

/** Returns the term of the entry at an index, counted from 1; 0 where there is none. */
const termAt = ({ log }: RaftState, index: number): number => log[index - 1]?.term ?? 0

function appendTo(state: RaftState, to: ProcessId): Send<RaftMessage> {
  const previousIndex = (state.next[to] ?? 1) - 1
  const previousTerm = termAt(state, previousIndex)
  const entries = state.log.slice(previousIndex)
  const { term, commit } = state
  return { to, message: { type: 'APPEND', term, previousIndex, previousTerm, entries, commit } }
}

/** Applies the entries up to an index that are not applied yet. */
function apply(state: RaftState, index: number): { state: RaftState; outputs: RaftReaction['outputs'] & {} } {
  const outputs = state.log
    .slice(state.commit, index)
    .map(({ command }, offset) => ({ event: 'applies', value: `${state.commit + offset + 1}: ${command}` }))
  return { state: { ...state, commit: Math.max(state.commit, index) }, outputs }
}
