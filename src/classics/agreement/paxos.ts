/**
 * Paxos for one value: Lamport, "Paxos Made Simple" (2001). n > 2f processes with crash faults only, and no clocks.
 * Each process is an acceptor and a learner. The processes in `proposers` also propose, the k-th with ballot k.
 *
 * A proposer asks for promises for its ballot. From a majority of promises it takes the value accepted in the highest
 * ballot, or its own value if there is none, and asks all acceptors to accept it. A value is chosen once a majority has
 * accepted it. A stable leader already has its promises and skips the first phase.
 */
import { packPayload } from '../../messages/payload.ts'
import {
  type Algorithm,
  everyoneBut,
  type Message,
  type Process,
  type ProcessId,
  readMessage,
  type Step,
  takeEach,
  toEach,
  type Value,
} from '../process.ts'

const KINDS = ['prepare', 'promise', 'accept', 'accepted', 'learn'] as const

interface PaxosMessage {
  readonly kind: (typeof KINDS)[number]
  readonly ballot: number
  readonly value: Value
  /** In a promise, the ballot of the accepted value; 0 for none. */
  readonly acceptedIn: number
}

export interface PaxosState {
  readonly value: Value
  /** As acceptor: the highest ballot that it promised. */
  readonly promised: number
  readonly accepted: { readonly ballot: number; readonly value: Value }
  /** As proposer: the acceptors that promised, with what each had accepted; and the acceptors that accepted. */
  readonly promises: ReadonlyMap<ProcessId, { readonly ballot: number; readonly value: Value }>
  readonly votes: readonly ProcessId[]
  readonly hasLearnt: boolean
}

export function paxos(options: {
  readonly n: number
  readonly proposers?: readonly ProcessId[]
  /** True if the first proposer already has the promises of a majority. */
  readonly hasStableLeader?: boolean
}): Algorithm<PaxosState> {
  const { n, proposers = [0], hasStableLeader = false } = options
  const isMajority = (count: number): boolean => 2 * count > n

  const process = (self: ProcessId): Process<PaxosState> => {
    const ownBallot = proposers.indexOf(self) + 1
    const tellAll = (message: PaxosMessage): readonly Message[] =>
      toEach(everyoneBut(n, self), encode(message))

    function propose(state: PaxosState): Step<PaxosState> {
      const [highest] = [...state.promises.values()].sort((a, b) => b.ballot - a.ballot)
      const value = highest !== undefined && highest.ballot > 0 ? highest.value : state.value
      const outbox = tellAll({ kind: 'accept', ballot: ownBallot, value, acceptedIn: 0 })
      // A proposer accepts its own proposal, unless it has promised a higher ballot meanwhile.
      const isStillFree = state.promised <= ownBallot
      const accepted = isStillFree ? { ballot: ownBallot, value } : state.accepted
      return {
        state: { ...state, value, accepted, votes: isStillFree ? [self] : [] },
        outbox,
        decision: null,
      }
    }

    function take(state: PaxosState, from: ProcessId, message: PaxosMessage): Step<PaxosState> {
      const { kind, ballot, value, acceptedIn } = message
      switch (kind) {
        case 'prepare':
          return promise(state, from, ballot)
        case 'promise': {
          if (ballot !== ownBallot || isMajority(state.promises.size)) return idle(state)
          const promises = new Map([...state.promises, [from, { ballot: acceptedIn, value }]])
          const next = { ...state, promises }
          return isMajority(promises.size) ? propose(next) : idle(next)
        }
        case 'accept':
          return accept(state, from, { ballot, value })
        case 'accepted': {
          if (ballot !== ownBallot || state.votes.includes(from)) return idle(state)
          const votes = [...state.votes, from]
          if (!isMajority(votes.length) || state.hasLearnt) return idle({ ...state, votes })
          const outbox = tellAll({ kind: 'learn', ballot, value: state.value, acceptedIn: 0 })
          return { state: { ...state, votes, hasLearnt: true }, outbox, decision: state.value }
        }
        case 'learn':
          return {
            state: { ...state, hasLearnt: true },
            outbox: [],
            decision: state.hasLearnt ? null : value,
          }
      }
    }

    return {
      start(value) {
        const accepted = { ballot: 0, value: 0 }
        const blank = { value, promised: 0, accepted, promises: new Map(), votes: [], hasLearnt: false }
        if (ownBallot === 0) return idle(blank)
        const state = { ...blank, promised: ownBallot, promises: new Map([[self, accepted]]) }
        if (hasStableLeader && ownBallot === 1) return propose(state)
        return {
          state,
          outbox: tellAll({ kind: 'prepare', ballot: ownBallot, value: 0, acceptedIn: 0 }),
          decision: null,
        }
      },
      receive: (state, inbox) =>
        takeEach(state, inbox, (now, { from, payload }) => {
          const message = decode(payload)
          return message === null ? idle(now) : take(now, from, message)
        }),
    }
  }
  return { name: 'Paxos', n, rounds: null, process }
}

const idle = (state: PaxosState): Step<PaxosState> => ({ state, outbox: [], decision: null })

/**
 * An acceptor promises to take part in no lower ballot, and reports the value that it accepted in the highest ballot.
 */
function promise(state: PaxosState, from: ProcessId, ballot: number): Step<PaxosState> {
  if (ballot <= state.promised) return idle(state)
  const { accepted } = state
  const payload = encode({ kind: 'promise', ballot, value: accepted.value, acceptedIn: accepted.ballot })
  return { state: { ...state, promised: ballot }, outbox: [{ to: from, payload }], decision: null }
}

/** An acceptor accepts a proposal unless it promised a higher ballot. */
function accept(state: PaxosState, from: ProcessId, accepted: PaxosState['accepted']): Step<PaxosState> {
  if (accepted.ballot < state.promised) return idle(state)
  const payload = encode({ kind: 'accepted', ...accepted, acceptedIn: 0 })
  return {
    state: { ...state, promised: accepted.ballot, accepted },
    outbox: [{ to: from, payload }],
    decision: null,
  }
}

const encode = ({ kind, ballot, value, acceptedIn }: PaxosMessage): Uint8Array =>
  packPayload([KINDS.indexOf(kind), ballot, value, acceptedIn])

function decode(payload: Uint8Array): PaxosMessage | null {
  return readMessage(payload, (fields) => {
    const kind = KINDS[fields.integer()]
    const said = { ballot: fields.integer(), value: fields.integer(), acceptedIn: fields.integer() }
    return kind === undefined ? null : { kind, ...said }
  })
}
