/**
 * Mutual exclusion by quorums: Maekawa, "A √N Algorithm for Mutual Exclusion in Decentralized Systems" (TOCS 1985),
 * with the order of inquiries as Sanders (1987) has it. A process enters when every member of its quorum has voted for
 * it, and a member votes for one request at a time; any two quorums meet, so two processes are never inside together.
 *
 * Votes alone deadlock: each of several processes has some votes and waits for the others. The fix: a member that has
 * voted for a later request than the one that arrives inquires, and a process that is not inside yet gives the vote back.
 */
import {
  type AsynchronousAlgorithm,
  type Automaton,
  type Reaction,
  receiveOwn,
  sendToEach,
} from '../automaton.ts'
import type { ProcessId } from '../process.ts'

export interface MaekawaMessage {
  readonly type: 'REQUEST' | 'VOTE' | 'RELEASE' | 'INQUIRE' | 'RELINQUISH'
  /** The Lamport clock of the request. */
  readonly clock: number
}

interface Request {
  readonly from: ProcessId
  readonly clock: number
}

export interface MaekawaState {
  readonly clock: number
  /** The clock of the own open request; null for none. */
  readonly requested: number | null
  readonly votes: readonly ProcessId[]
  readonly isInside: boolean
  /** As a member of quorums: the request that has the vote, those that wait, and whether it was asked to give it back. */
  readonly votedFor: Request | null
  readonly waiting: readonly Request[]
  readonly hasInquired: boolean
}

type React = Reaction<MaekawaState, MaekawaMessage>

/**
 * Returns the quorum of a process: a line of the Fano plane for n = 7, else its row and its column of the grid of
 * ⌈√n⌉ columns; for n = 3, two neighbours.
 */
export function quorumOf(n: number, self: ProcessId): readonly ProcessId[] {
  if (n === 3) return [self, (self + 1) % 3]
  if (n === 7) return [self, (self + 1) % 7, (self + 3) % 7]
  const width = Math.ceil(Math.sqrt(n))
  const isSameLine = (id: ProcessId): boolean =>
    id % width === self % width || Math.floor(id / width) === Math.floor(self / width)
  return Array.from({ length: n }, (_, id) => id).filter(isSameLine)
}

const isEarlier = (a: Request, b: Request): boolean =>
  a.clock < b.clock || (a.clock === b.clock && a.from < b.from)

/** A member with a free vote gives it to the earliest request that waits. */
function vote(state: MaekawaState): React {
  const [next = null, ...waiting] = [...state.waiting].sort((a, b) => (isEarlier(a, b) ? -1 : 1))
  const voted = { ...state, votedFor: next, waiting, hasInquired: false }
  if (next === null) return { state: voted }
  return { state: voted, sends: [{ to: next.from, message: { type: 'VOTE', clock: next.clock } }] }
}

/** A member queues a request, and asks for its vote back if a later request has it. */
function takeRequest(state: MaekawaState, request: Request, inquires: boolean): React {
  const next = { ...state, waiting: [...state.waiting, request] }
  const { votedFor } = state
  if (votedFor === null) return vote(next)
  if (!inquires || state.hasInquired || isEarlier(votedFor, request)) return { state: next }
  const message = { type: 'INQUIRE', clock: votedFor.clock } as const
  return { state: { ...next, hasInquired: true }, sends: [{ to: votedFor.from, message }] }
}

export function maekawa(options: {
  readonly n: number
  /** False for votes alone, without inquiries. */
  readonly inquires?: boolean
  /** The time between the requests of two processes. */
  readonly spacing?: number
}): AsynchronousAlgorithm<MaekawaState, MaekawaMessage> {
  const { n, inquires = true, spacing = 0 } = options

  const process = (self: ProcessId): Automaton<MaekawaState, MaekawaMessage> => {
    const quorum = quorumOf(n, self)
    function takeVote(state: MaekawaState, from: ProcessId): React {
      const next = { ...state, votes: [...state.votes, from] }
      if (next.votes.length < quorum.length) return { state: next }
      return {
        state: { ...next, isInside: true },
        outputs: [{ event: 'enters' }],
        timers: [{ name: 'leave', after: 2 }],
      }
    }

    /** A process that is inside keeps its votes until it leaves. */
    function giveBack(state: MaekawaState, from: ProcessId, clock: number): React {
      if (state.isInside || state.requested !== clock || !state.votes.includes(from)) return { state }
      return {
        state: { ...state, votes: state.votes.filter((id) => id !== from) },
        sends: [{ to: from, message: { type: 'RELINQUISH', clock } }],
      }
    }

    function receive(state: MaekawaState, from: ProcessId, { type, clock }: MaekawaMessage): React {
      const next = { ...state, clock: Math.max(state.clock, clock) }
      const { votedFor } = next
      switch (type) {
        case 'REQUEST':
          return takeRequest(next, { from, clock }, inquires)
        case 'VOTE':
          return takeVote(next, from)
        case 'INQUIRE':
          return giveBack(next, from, clock)
        case 'RELINQUISH':
          return vote({ ...next, waiting: votedFor === null ? next.waiting : [...next.waiting, votedFor] })
        case 'RELEASE':
          return vote(next)
      }
    }

    const locally = (reaction: React): React =>
      receiveOwn(self, reaction, (state, message) => receive(state, self, message))

    return {
      start: () => ({
        state: {
          clock: 0,
          requested: null,
          votes: [],
          isInside: false,
          votedFor: null,
          waiting: [],
          hasInquired: false,
        },
        timers: [{ name: 'request', after: 1 + spacing * self }],
      }),
      expire(state, timer) {
        if (timer === 'request') {
          const clock = state.clock + 1
          const asking = { ...state, clock, requested: clock }
          return locally({ state: asking, sends: sendToEach(quorum, { type: 'REQUEST', clock }) })
        }
        const clock = state.requested ?? 0
        const left = locally({
          state: { ...state, requested: null, votes: [], isInside: false },
          sends: sendToEach(quorum, { type: 'RELEASE', clock }),
        })
        return { ...left, outputs: [{ event: 'leaves' }, ...(left.outputs ?? [])] }
      },
      receive: (state, from, message) => locally(receive(state, from, message)),
    }
  }
  return { n, isFifo: true, process }
}
