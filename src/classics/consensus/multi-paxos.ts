/**
 * Paxos for a log of commands: Lamport, "The Part-Time Parliament" (1998), section 3; "Paxos Made Simple" (2001),
 * section 3. n > 2f processes that crash and come back; no clocks. In each slot at most one value is chosen, whatever is
 * lost, late or restarted.
 *
 * A process that wants to lead picks a ballot above all that it has seen and asks for promises, once for all slots. In
 * every slot it then proposes the value that was accepted in the highest ballot, and its own commands behind them. Two
 * that outbid each other may do so without end: termination needs a time in which only one wants to lead.
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

const NO_COMMAND = 'nothing'
const PATIENCE = 50

interface Accepted {
  readonly slot: number
  readonly ballot: number
  readonly value: string
}

export interface PaxosMessage extends TypedMessage {
  readonly type: 'PREPARE' | 'PROMISE' | 'ACCEPT' | 'ACCEPTED' | 'CHOSEN'
  readonly ballot: number
  /** In a promise, all that the acceptor has accepted; else the one proposal that the message is about. */
  readonly proposals: readonly Accepted[]
}

export interface MultiPaxosState {
  /** Stable, as acceptor: the highest ballot that it promised, and what it accepted last in each slot. */
  readonly promised: number
  readonly accepted: readonly Accepted[]
  /** Stable, as learner. */
  readonly chosen: readonly { readonly slot: number; readonly value: string }[]
  /** Stable: the number of times that it will still try to lead. */
  readonly ballotsLeft: number
  /** As leader: its ballot, 0 for none; those that promised; its proposals with those that accepted them. */
  readonly ballot: number
  readonly promises: readonly ProcessId[]
  readonly reported: readonly Accepted[]
  readonly proposals: readonly (Accepted & { readonly votes: readonly ProcessId[] })[]
}

type PaxosReaction = Reaction<MultiPaxosState, PaxosMessage>

export interface MultiPaxosOptions {
  readonly n: number
  /** By process: the commands that it wants in the log. */
  readonly commands: readonly (readonly string[])[]
  /** By process: the number of times that it tries to lead. */
  readonly ballots: readonly number[]
}

export function multiPaxos(options: MultiPaxosOptions): AsynchronousAlgorithm<MultiPaxosState, PaxosMessage> {
  return { n: options.n, process: (self) => new MultiPaxosProcess(self, options) }
}

/** A process of Paxos: proposer, acceptor and learner. */
class MultiPaxosProcess implements Automaton<MultiPaxosState, PaxosMessage> {
  readonly #n: number
  readonly #self: ProcessId
  readonly #others: readonly ProcessId[]
  readonly #commands: MultiPaxosOptions['commands']
  readonly #ballots: MultiPaxosOptions['ballots']

  constructor(self: ProcessId, { n, commands, ballots }: MultiPaxosOptions) {
    this.#n = n
    this.#self = self
    this.#others = everyoneBut(n, self)
    this.#commands = commands
    this.#ballots = ballots
  }

  #isMajority(count: number): boolean {
    return 2 * count > this.#n
  }

  #wish(left: number): readonly Timer[] {
    return left > 0 ? [{ name: 'lead', after: PATIENCE * (this.#self + 1) }] : []
  }

  /** Asks for promises in a new ballot. Ballots of different processes differ. */
  #lead(state: MultiPaxosState): PaxosReaction {
    const ballot = (Math.floor(state.promised / this.#n) + 1) * this.#n + this.#self
    const ballotsLeft = state.ballotsLeft - 1
    return {
      state: {
        ...state,
        ballotsLeft,
        ballot,
        promised: ballot,
        promises: [this.#self],
        reported: state.accepted,
        proposals: [],
      },
      sends: sendToEach(this.#others, { type: 'PREPARE', ballot, proposals: [] }),
      timers: this.#wish(ballotsLeft),
    }
  }

  /** Proposes in each slot what may have been chosen, then the own commands. */
  #propose(state: MultiPaxosState): PaxosReaction {
    const { ballot, reported } = state
    const slots = Math.max(0, ...reported.map(({ slot }) => slot))
    const known = Array.from({ length: slots }, (_, index) => highestIn(reported, index + 1))
    const missing = (this.#commands[this.#self] ?? []).filter((command) => !known.includes(command))
    const values = [...known, ...missing]
    const proposals = values.map((value, index) => ({ slot: index + 1, ballot, value, votes: [this.#self] }))
    // It accepts its own proposals, unless it has promised a higher ballot meanwhile.
    if (state.promised !== ballot) return { state }
    const accepted = proposals.map(({ slot, value }) => ({ slot, ballot, value }))
    return {
      state: { ...state, accepted, proposals },
      sends: accepted.flatMap((one) =>
        sendToEach(this.#others, { type: 'ACCEPT', ballot, proposals: [one] }),
      ),
    }
  }

  #accept(state: MultiPaxosState, from: ProcessId, ballot: number, proposal: Accepted): PaxosReaction {
    if (ballot < state.promised) return { state }
    const accepted = [...state.accepted.filter(({ slot }) => slot !== proposal.slot), proposal]
    return {
      state: { ...state, promised: ballot, accepted: bySlot(accepted) },
      sends: [{ to: from, message: { type: 'ACCEPTED', ballot, proposals: [proposal] } }],
    }
  }

  #count(state: MultiPaxosState, from: ProcessId, { slot, ballot, value }: Accepted): PaxosReaction {
    const mine = state.proposals.find((one) => one.slot === slot && ballot === state.ballot)
    if (mine === undefined || mine.votes.includes(from)) return { state }
    const more = { ...mine, votes: [...mine.votes, from].sort() }
    const next = { ...state, proposals: state.proposals.map((one) => (one === mine ? more : one)) }
    if (this.#isMajority(mine.votes.length) || !this.#isMajority(more.votes.length)) return { state: next }
    const message = { type: 'CHOSEN', ballot, proposals: [{ slot, ballot, value }] } as const
    return { ...learn(next, slot, value), sends: sendToEach(this.#others, message) }
  }

  start(): PaxosReaction {
    const ballotsLeft = this.#ballots[this.#self] ?? 0
    const leading = { ballot: 0, promises: [], reported: [], proposals: [] }
    return {
      state: { promised: 0, accepted: [], chosen: [], ballotsLeft, ...leading },
      timers: this.#wish(ballotsLeft),
    }
  }

  receive(state: MultiPaxosState, from: ProcessId, message: PaxosMessage): PaxosReaction {
    const { type, ballot, proposals } = message
    const [proposal] = proposals
    switch (type) {
      case 'PREPARE': {
        if (ballot <= state.promised) return { state }
        const promise = { type: 'PROMISE', ballot, proposals: state.accepted } as const
        return { state: { ...state, promised: ballot }, sends: [{ to: from, message: promise }] }
      }
      case 'PROMISE': {
        if (ballot !== state.ballot || this.#isMajority(state.promises.length)) return { state }
        const promises = [...state.promises, from].sort()
        const next = { ...state, promises, reported: [...state.reported, ...proposals] }
        return this.#isMajority(promises.length) ? this.#propose(next) : { state: next }
      }
      case 'ACCEPT':
        return proposal === undefined ? { state } : this.#accept(state, from, ballot, proposal)
      case 'ACCEPTED':
        return proposal === undefined ? { state } : this.#count(state, from, proposal)
      case 'CHOSEN':
        return proposal === undefined ? { state } : learn(state, proposal.slot, proposal.value)
    }
  }

  expire(state: MultiPaxosState): PaxosReaction {
    const isChosen = (command: string) => state.chosen.some(({ value }) => value === command)
    return (this.#commands[this.#self] ?? []).every(isChosen) ? { state } : this.#lead(state)
  }

  /** Promises and acceptances are on disk; that it led is forgotten. */
  recover(state: MultiPaxosState): PaxosReaction {
    return {
      state: { ...state, ballot: 0, promises: [], reported: [], proposals: [] },
      timers: this.#wish(state.ballotsLeft),
    }
  }
}

/** Returns the value that was accepted in a slot in the highest ballot. */
function highestIn(reported: readonly Accepted[], slot: number): string {
  const here = reported.filter((one) => one.slot === slot).sort((a, b) => b.ballot - a.ballot)
  return here[0]?.value ?? NO_COMMAND
}

function learn(state: MultiPaxosState, slot: number, value: string): PaxosReaction {
  if (state.chosen.some((one) => one.slot === slot)) return { state }
  const chosen = bySlot([...state.chosen, { slot, value }])
  return { state: { ...state, chosen }, outputs: [{ event: 'chooses', value: `${slot}: ${value}` }] }
}

const bySlot = <Slotted extends { readonly slot: number }>(list: readonly Slotted[]): readonly Slotted[] =>
  [...list].sort((a, b) => a.slot - b.slot)
