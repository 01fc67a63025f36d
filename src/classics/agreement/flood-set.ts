/**
 * FloodSet, for processes that crash and do not lie: Lynch, "Distributed Algorithms", 6.2.1. Any number n > f agree in
 * f + 1 rounds, because in one of them nobody crashes, and after it all hold the same set.
 *
 * Each round everyone says every value that it heard of. Who holds one value in the end decides it, else the default.
 */
import { packPayload } from '../../messages/payload.ts'
import {
  type Algorithm,
  DEFAULT_VALUE,
  everyoneBut,
  type Process,
  type ProcessId,
  readMessage,
  toEach,
  VALUE_MAX,
  type Value,
} from '../process.ts'

export interface FloodState {
  readonly round: number
  /** In ascending order. */
  readonly values: readonly Value[]
}

export function floodSet(options: {
  readonly n: number
  readonly faults: number
  /** f + 1 unless a reader wants to see how fewer fail. */
  readonly rounds?: number
}): Algorithm<FloodState> {
  const { n, faults, rounds = faults + 1 } = options
  const process = (self: ProcessId): Process<FloodState> => {
    const say = (values: readonly Value[]) => toEach(everyoneBut(n, self), packPayload([values]))
    return {
      start: (value) => ({ state: { round: 1, values: [value] }, outbox: say([value]), decision: null }),
      receive(state, inbox) {
        const heard = inbox.flatMap(
          ({ payload }) => readMessage(payload, (fields) => fields.integers(VALUE_MAX + 1)) ?? [],
        )
        const values = [...new Set([...state.values, ...heard])].sort((a, b) => a - b)
        const next = { round: state.round + 1, values }
        if (state.round < rounds) return { state: next, outbox: say(values), decision: null }
        const [only] = values
        return {
          state: next,
          outbox: [],
          decision: values.length === 1 && only !== undefined ? only : DEFAULT_VALUE,
        }
      },
    }
  }
  return { name: 'FloodSet', n, rounds, process }
}
