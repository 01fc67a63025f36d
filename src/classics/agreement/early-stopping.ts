/**
 * Consensus with crash faults in min(t + 1, F + 2) rounds, when F of the t tolerated faults happen: Dolev, Reischuk,
 * Strong, "Early Stopping in Byzantine Agreement" (1990); the form of Raynal, "Consensus in Synchronous Systems"
 * (2002).
 *
 * In each round every process sends the least value that it has heard of. When a process hears from as many processes
 * in a round as in the round before, no smaller value can still be hidden from it. It marks its next message as final,
 * and then decides.
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
  /** The number of processes that it heard from in the round before, itself included. */
  readonly heardFrom: number
  /** True if its messages mark its value as final. */
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
        // Its final messages have been sent.
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
