/**
 * Two-phase commit (Gray 1978) and three-phase commit (Skeen 1981), without failures. They show the cost of atomic
 * commitment for comparison. No process is Byzantine, and a crashed coordinator blocks two-phase commit.
 *
 * The coordinator, process 0, asks every process and waits for all answers before its next message. It commits (1) if
 * every process votes 1. Its last message is the outcome.
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

const COORDINATOR = 0

export interface CommitState {
  /** The process's own vote; at the coordinator, 1 if all votes so far are 1. */
  readonly vote: Value
  /** The number of the coordinator's last message, counted from 0. */
  readonly said: number
  /** The processes that answered that message. */
  readonly answered: readonly ProcessId[]
}

export function atomicCommit(options: {
  readonly n: number
  /** 2: ask, outcome. 3: ask, prepare, outcome. */
  readonly phases: 2 | 3
  /** True if the outcome is acknowledged. */
  readonly isAcknowledged: boolean
}): Algorithm<CommitState> {
  const { n, phases, isAcknowledged } = options
  const last = phases - 1
  const say = (said: number, value: Value) => packPayload([said, value])
  const process = (self: ProcessId): Process<CommitState> => {
    const idle = (state: CommitState): Step<CommitState> => ({ state, outbox: [], decision: null })

    function ask(state: CommitState, said: number): Step<CommitState> {
      return {
        state: { ...state, said, answered: [] },
        outbox: toEach(everyoneBut(n, self), say(said, state.vote)),
        decision: said === last ? state.vote : null,
      }
    }

    function gather(state: CommitState, from: ProcessId, value: Value): Step<CommitState> {
      if (state.answered.includes(from)) return idle(state)
      const next = { ...state, vote: state.vote & value, answered: [...state.answered, from] }
      const isComplete = next.answered.length === n - 1 && next.said < last
      return isComplete ? ask(next, next.vote === 0 ? last : next.said + 1) : idle(next)
    }

    function answer(state: CommitState, said: number, value: Value): Step<CommitState> {
      const isOutcome = said === last
      return {
        state: { ...state, said },
        outbox:
          isOutcome && !isAcknowledged
            ? []
            : [{ to: COORDINATOR, payload: say(said, isOutcome ? 1 : state.vote) }],
        decision: isOutcome ? value : null,
      }
    }

    return {
      start(value) {
        const state = { vote: value, said: 0, answered: [] }
        return self === COORDINATOR ? ask(state, 0) : idle(state)
      },
      receive: (state, inbox) =>
        takeEach(state, inbox, (now, { from, payload }) => {
          const message = readMessage(payload, (fields) => ({
            said: fields.integer(),
            value: fields.integer(),
          }))
          if (message === null || message.said > last || message.value > 1) return idle(now)
          if (self === COORDINATOR)
            return message.said === now.said ? gather(now, from, message.value) : idle(now)
          return from === COORDINATOR ? answer(now, message.said, message.value) : idle(now)
        }),
    }
  }
  return { name: `${phases}-phase commit`, n, rounds: null, process }
}
