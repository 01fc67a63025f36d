/**
 * FloodSet, consensus with crash faults: Lynch, "Distributed Algorithms", 6.2.1. Any number n > f of processes agree in
 * f + 1 rounds. In at least one round no process crashes, and after that round all hold the same set.
 *
 * In each round every process sends all values that it has heard of. A process that holds exactly one value at the end
 * decides it; otherwise it decides the default.
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
  /** f + 1 by default; fewer rounds show how the algorithm then fails. */
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
