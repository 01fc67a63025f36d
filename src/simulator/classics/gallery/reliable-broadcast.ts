/** The entry of the gallery for Bracha's reliable broadcast. */
import {
  BROADCAST_STAGES,
  encodeStage,
  type ReliableState,
  readStage,
  reliableBroadcast,
} from '../../../classics/agreement/reliable-broadcast.ts'
import {
  type AsynchronousAlgorithm,
  allProcesses,
  type Send,
  type TypedMessage,
} from '../../../classics/automaton.ts'
import { everyoneBut, type ProcessId, type Value } from '../../../classics/process.ts'
import { agreementAutomata, type Letters } from '../agreement-automata.ts'
import type { Judge } from '../judge.ts'
import { asynchronousEntry } from './asynchronous-entry.ts'

interface StageMessage extends TypedMessage {
  readonly type: Uppercase<(typeof BROADCAST_STAGES)[number]>
  readonly value: Value
}

const LETTERS: Letters<StageMessage> = {
  read(payload) {
    const said = readStage(payload)
    return said === null
      ? null
      : { type: said.stage.toUpperCase() as StageMessage['type'], value: said.value }
  },
  write: ({ type, value }) =>
    encodeStage(BROADCAST_STAGES.find((stage) => stage.toUpperCase() === type) ?? 'initial', value),
}

type Broadcast = AsynchronousAlgorithm<ReliableState, StageMessage>

const broadcast = (n: number, faults: number): Broadcast =>
  agreementAutomata({
    algorithm: reliableBroadcast({ n, faults }),
    values: allProcesses(n).map(() => 1),
    letters: LETTERS,
  })

/** A sender that sends one of two values, or none, to each of the others. */
const withLyingSender = (algorithm: Broadcast): Broadcast => ({
  ...algorithm,
  process(self) {
    const honest = algorithm.process(self)
    if (self !== 0) return honest
    return {
      start(surroundings) {
        const { state } = honest.start(surroundings)
        const sends = everyoneBut(algorithm.n, 0).flatMap((to): readonly Send<StageMessage>[] => {
          const value = surroundings.choose(3)
          return value === 2 ? [] : [{ to, message: { type: 'INITIAL', value } }]
        })
        return { state, sends }
      },
      receive: (state) => ({ state }),
    }
  },
})

/** Checks that correct processes deliver alike, all or none, and all if the sender is correct. */
const deliversAlike =
  (n: number, liars: readonly ProcessId[]): Judge<unknown> =>
  ({ outputs, crashed, ending }) => {
    const [first] = outputs
    const other = outputs.find(({ value }) => value !== first?.value)
    if (first !== undefined && other !== undefined)
      return `agreement: P${first.process} delivers ${first.value}, P${other.process} delivers ${other.value}`
    if (ending === null || (outputs.length === 0 && (liars.includes(0) || crashed.includes(0)))) return null
    const missing = allProcesses(n).find(
      (id) => !liars.includes(id) && !crashed.includes(id) && !outputs.some(({ process }) => process === id),
    )
    return missing === undefined ? null : `termination: P${missing} delivers nothing`
  }

export const BROADCAST = asynchronousEntry({
  name: 'reliable-broadcast',
  title: 'Bracha’s reliable broadcast',
  idea: 'All echo the value of the sender, and say READY once enough have echoed it, or f + 1 are ready. 2f + 1 that are ready deliver it.',
  room: 'agreement',
  file: 'src/classics/agreement/reliable-broadcast.ts',
  source: 'Bracha, Information and Computation 75(2), 1987',
  model: 'asynchronous',
  faults: 'lies',
  bound: 'n > 3f',
  rounds: '3 in step',
  messages: '(n−1)(2n+1)',
  breaks: 'n = 3f: with one silent process, nothing is delivered',
  sizes: { n: 4, nMin: 4, nMax: 10, faults: 1, faultsMax: (n) => Math.floor((n - 1) / 3) },
  inRun: ({ n, faults }) => ({
    setting: { algorithm: broadcast(n, faults) },
    judge: deliversAlike(n, []),
  }),
  expectedMessages: ({ n }) => (n - 1) * (2 * n + 1),
  explored: {
    bounds: 'n = 4, a sender that lies: one of two values, or none, to each',
    setting: { algorithm: withLyingSender(broadcast(4, 1)) },
    judge: deliversAlike(4, [0]),
    isUnordered: true,
  },
  broken: {
    condition: 'there are three processes, and one is silent',
    setting: { algorithm: broadcast(3, 1), faults: { dead: [2] } },
    judge: deliversAlike(3, []),
    isUnordered: true,
  },
})
