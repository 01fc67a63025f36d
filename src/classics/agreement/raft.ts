/**
 * One round of Raft: Ongaro, Ousterhout, "In Search of an Understandable Consensus Algorithm" (2014), 5.2 and 5.3. n >
 * 2f processes with crash faults only. A candidate asks for votes (RequestVote), or a leader replicates one entry
 * (AppendEntries). In both cases every process answers, and a majority decides, the asking process included. The others
 * learn the decision from the next AppendEntries, which is not part of this round.
 */
import { packPayload } from '../../messages/payload.ts'
import {
  type Algorithm,
  everyoneBut,
  type Process,
  type ProcessId,
  readMessage,
  type Step,
  takeEach,
  toEach,
  type Value,
} from '../process.ts'

export interface RaftState {
  readonly term: number
  /** The candidate that it voted for in this term. */
  readonly votedFor: ProcessId | null
  /** The entry in its log; null for none. */
  readonly entry: Value | null
  /** The processes that granted the vote or acknowledged the entry. */
  readonly granted: readonly ProcessId[]
}

export function raftRound(options: {
  readonly n: number
  readonly what: 'election' | 'replication'
  /** The candidates, or the leader: an election may have several candidates. */
  readonly askers?: readonly ProcessId[]
}): Algorithm<RaftState> {
  const { n, what, askers = [0] } = options
  const isElection = what === 'election'
  const process = (self: ProcessId): Process<RaftState> => {
    const idle = (state: RaftState): Step<RaftState> => ({ state, outbox: [], decision: null })

    function answer(state: RaftState, from: ProcessId, message: RaftMessage): Step<RaftState> {
      const isNewTerm = message.term > state.term
      const votedFor = isNewTerm ? null : state.votedFor
      const isGranted = message.term >= state.term && (!isElection || votedFor === null || votedFor === from)
      const next = {
        ...state,
        term: Math.max(state.term, message.term),
        votedFor: isElection && isGranted ? from : votedFor,
        entry: !isElection && isGranted ? message.value : state.entry,
      }
      const payload = encode({ ...message, isAnswer: true, value: isGranted ? 1 : 0 })
      return { state: next, outbox: [{ to: from, payload }], decision: null }
    }

    function count(state: RaftState, from: ProcessId, message: RaftMessage): Step<RaftState> {
      if (message.term !== state.term || message.value !== 1 || state.granted.includes(from))
        return idle(state)
      const next = { ...state, granted: [...state.granted, from] }
      const isNew = 2 * state.granted.length <= n && 2 * next.granted.length > n
      return { state: next, outbox: [], decision: isNew ? (isElection ? self : state.entry) : null }
    }

    return {
      start(value) {
        const state = { term: 1, votedFor: null, entry: null, granted: [] }
        if (!askers.includes(self)) return idle(state)
        const asking = { ...state, votedFor: isElection ? self : null, entry: value, granted: [self] }
        const payload = encode({ isAnswer: false, term: 1, value })
        return { state: asking, outbox: toEach(everyoneBut(n, self), payload), decision: null }
      },
      receive: (state, inbox) =>
        takeEach(state, inbox, (now, { from, payload }) => {
          const message = decode(payload)
          if (message === null) return idle(now)
          return message.isAnswer ? count(now, from, message) : answer(now, from, message)
        }),
    }
  }
  return { name: `Raft ${what}`, n, rounds: null, process }
}

interface RaftMessage {
  readonly isAnswer: boolean
  readonly term: number
  /** The entry, or whether it was granted. */
  readonly value: Value
}

const encode = ({ isAnswer, term, value }: RaftMessage): Uint8Array =>
  packPayload([isAnswer ? 1 : 0, term, value])

const decode = (payload: Uint8Array): RaftMessage | null =>
  readMessage(payload, (fields) => ({
    isAnswer: fields.flag(),
    term: fields.integer(),
    value: fields.integer(),
  }))
