/**
 * Consensus among processes that crash, in min(t + 1, F + 2) rounds where F of t tolerated faults happen: Dolev, Reischuk,
 * Strong, "Early Stopping in Byzantine Agreement" (1990); the form of Raynal, "Consensus in Synchronous Systems" (2002).
 *
 * Each round everyone says the least value that it heard of. Who hears from as many in a round as in the one before knows
 * that nobody can hide a smaller value from it any more: it says so with its next message, and then decides.
 */
import { packPayload } from '../../messages/payload.ts'
import {
  type Algorithm,
  everyoneBut,
  type Process,
  type ProcessId,
  readMessage,
  toEach,
  type Value,
} from '../process.ts'

export interface EarlyStoppingState {
  readonly round: number
  readonly least: Value
  /** From how many it heard in the round before, itself included. */
  readonly heardFrom: number
  /** True if it says with its messages that its value is final. */
  readonly isFinal: boolean
  readonly hasDecided: boolean
}

export function earlyStopping(options: {
  readonly n: number
  /** t: the crashes to tolerate. */
  readonly faults: number
}): Algorithm<EarlyStoppingState> {
  const { n, faults } = options
  const process = (self: ProcessId): Process<EarlyStoppingState> => {
    const say = (least: Value, isFinal: boolean) =>
      toEach(everyoneBut(n, self), packPayload([least, isFinal ? 1 : 0]))
    return {
      start: (value) => ({
        state: { round: 1, least: value, heardFrom: n, isFinal: false, hasDecided: false },
        outbox: say(value, false),
        decision: null,
      }),
      receive(state, inbox) {
        if (state.hasDecided) return { state, outbox: [], decision: null }
        // Its last messages are out.
        if (state.isFinal) return { state: { ...state, hasDecided: true }, outbox: [], decision: state.least }
        const heard = inbox.flatMap(({ payload }) => {
          const said = readMessage(payload, (fields) => ({ least: fields.integer(), isFinal: fields.flag() }))
          return said === null ? [] : [said]
        })
        const least = Math.min(state.least, ...heard.map((said) => said.least))
        const heardFrom = heard.length + 1
        const isFinal = heardFrom === state.heardFrom || heard.some((said) => said.isFinal)
        const hasDecided = state.round === faults + 1
        return {
          state: { round: state.round + 1, least, heardFrom, isFinal, hasDecided },
          outbox: hasDecided ? [] : say(least, isFinal),
          decision: hasDecided ? least : null,
        }
      },
    }
  }
  return { name: 'early stopping', n, rounds: faults + 1, process }
}
