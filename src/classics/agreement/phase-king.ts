/**
 * Phase king, in the variant with three rounds per phase: Berman, Garay, Perry (1989). n > 3f processes agree in f + 1
 * phases with messages of a few bytes. Process k is the king of phase k. At least one of the f + 1 kings is correct and
 * makes all processes agree. From then on all propose the same value, and the king's value is ignored.
 *
 *   round 1: every process sends its value.
 *   round 2: a process that received one value n - f times proposes it; one that receives more than f proposals of a
 *   value adopts it.
 *   round 3: the king sends its value; a process that received fewer than n - f proposals of its own value adopts the
 *   king's.
 */
import { packPayload } from '../../messages/payload.ts'
import {
  type Algorithm,
  DEFAULT_VALUE,
  everyoneBut,
  type Message,
  type Process,
  type ProcessId,
  type Received,
  readMessage,
  toEach,
  type Value,
} from '../process.ts'

export interface PhaseKingState {
  readonly phase: number
  /** The round whose messages come next, of this phase. */
  readonly round: 1 | 2 | 3
  readonly value: Value
  /** The proposal of this process in round 2. */
  readonly proposed: Value | null
  /** True if n - f processes proposed the value that it holds. */
  readonly isSure: boolean
}

export function phaseKing(options: {
  readonly n: number
  readonly faults: number
}): Algorithm<PhaseKingState> {
  const { n, faults } = options
  const process = (self: ProcessId): Process<PhaseKingState> => {
    const say = (value: Value | null): readonly Message[] =>
      value === null ? [] : toEach(everyoneBut(n, self), packPayload([value]))
    const begin = (phase: number, value: Value) => ({
      state: { phase, round: 1, value, proposed: null, isSure: false } as const,
      outbox: say(value),
      decision: null,
    })
    return {
      start: (value) => begin(0, value),
      receive(state, inbox) {
        const { phase, round, value, proposed, isSure } = state
        if (round === 1) {
          const proposal = saidBy(n - faults, [value, ...valuesIn(inbox)])
          const next = { ...state, round: 2, proposed: proposal } as const
          return { state: next, outbox: say(proposal), decision: null }
        }
        if (round === 2) {
          const proposals = [...(proposed === null ? [] : [proposed]), ...valuesIn(inbox)]
          const taken = saidBy(faults + 1, proposals) ?? value
          const sure = proposals.filter((each) => each === taken).length >= n - faults
          const next = { ...state, round: 3, value: taken, isSure: sure } as const
          return { state: next, outbox: self === phase ? say(taken) : [], decision: null }
        }
        const king =
          self === phase ? value : (valuesIn(inbox.filter(({ from }) => from === phase))[0] ?? DEFAULT_VALUE)
        const kept = isSure ? value : king
        if (phase < faults) return begin(phase + 1, kept)
        return { state: { ...state, value: kept }, outbox: [], decision: kept }
      },
    }
  }
  return { name: 'phase king', n, rounds: 3 * (faults + 1), process }
}

/** Returns a value that occurs at least `needed` times: the most frequent one, if there are several. */
function saidBy(needed: number, values: readonly Value[]): Value | null {
  const counts = new Map<Value, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  const [most] = [...counts].sort(([a, countA], [b, countB]) => countB - countA || a - b)
  return most !== undefined && most[1] >= needed ? most[0] : null
}

/** Returns one value for each sender. */
function valuesIn(inbox: readonly Received[]): readonly Value[] {
  const values = new Map<ProcessId, Value>()
  for (const { from, payload } of inbox) {
    const value = readMessage(payload, (fields) => fields.integer())
    if (value !== null && !values.has(from)) values.set(from, value)
  }
  return [...values.values()]
}
