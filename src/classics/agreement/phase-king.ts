/**
 * Phase king, the form with three rounds a phase: Berman, Garay, Perry (1989). n > 3f agree in f + 1 phases with messages
 * of a few bytes. Process k is the king of phase k; one of the f + 1 kings is correct, and makes everyone agree; from then
 * on all propose the same, and no king is listened to.
 *
 *   round 1: everyone says his value.
 *   round 2: who got one value n - f times proposes it; who gets more than f proposals of a value takes it.
 *   round 3: the king says his value; who saw fewer than n - f proposals of the own value takes the king's.
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
  /** True if n - f proposed the value that it holds. */
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

/** A value that is there so often; the one that is there most, if several are. */
function saidBy(needed: number, values: readonly Value[]): Value | null {
  const counts = new Map<Value, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  const [most] = [...counts].sort(([a, countA], [b, countB]) => countB - countA || a - b)
  return most !== undefined && most[1] >= needed ? most[0] : null
}

/** One value of each sender. */
function valuesIn(inbox: readonly Received[]): readonly Value[] {
  const values = new Map<ProcessId, Value>()
  for (const { from, payload } of inbox) {
    const value = readMessage(payload, (fields) => fields.integer())
    if (value !== null && !values.has(from)) values.set(from, value)
  }
  return [...values.values()]
}
