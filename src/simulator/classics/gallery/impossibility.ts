/** Entries of the gallery: what no algorithm can do. */
import { createRandom } from '../../../base/random.ts'
import { twoArmies } from '../../../classics/impossibility/two-armies.ts'
import type { ProcessId, Value } from '../../../classics/process.ts'
import { benOrAutomata, rankOf } from '../ben-or-automaton.ts'
import { endlessSchedule } from '../endless-schedule.ts'
import { exploreOrders } from '../explore-orders.ts'
import type { Judge } from '../judge.ts'
import { asynchronousEntry, runOf } from './asynchronous-entry.ts'
import type { GalleryEntry } from './entry.ts'

/** Checks that both generals attack, or neither; and that both have at the end of a run without losses. */
const together: Judge<unknown> = ({ outputs, ending }) => {
  if (ending === null || outputs.length !== 1) return null
  return `agreement: P${outputs[0]?.process} attacks alone`
}

const TWO_ARMIES_FACTS = {
  name: 'two-armies',
  title: 'The two armies',
  idea: 'Two generals win only if both attack, and messengers may be caught. The sender of the last message cannot know that it arrived.',
  room: 'impossibility',
  file: 'src/classics/impossibility/two-armies.ts',
  source: 'Akkoyunlu, Ekanadham, Huber, SOSP 1975; Gray 1978',
  model: 'asynchronous',
  faults: 'none',
  bound: 'no message is lost',
  rounds: 'k for k messages',
  messages: 'k',
  breaks: 'one message is lost, whatever the number of messages and the rules of the generals',
  sizes: { n: 2, nMin: 2, nMax: 2, faults: 0, faultsMax: () => 0 },
} as const

const FOUR_MESSAGES = { messages: 4, needed: [2, 2] } as const

const TWO_ARMIES = asynchronousEntry({
  ...TWO_ARMIES_FACTS,
  inRun: () => ({ setting: { algorithm: twoArmies(FOUR_MESSAGES) }, judge: together }),
  expectedMessages: () => FOUR_MESSAGES.messages,
  explored: {
    bounds: 'four messages, of which each general must receive two',
    setting: { algorithm: twoArmies(FOUR_MESSAGES) },
    judge: together,
  },
  broken: {
    condition: 'one message may be lost',
    setting: { algorithm: twoArmies(FOUR_MESSAGES), faults: { losses: 1 } },
    judge: together,
  },
})

/** A coin known to everyone in advance, which makes the algorithm deterministic. */
export const knownCoin = (self: ProcessId, phase: number): Value => (self + phase) % 2

const MIXED: readonly Value[] = [0, 1, 1]
const ENDLESS_DELIVERIES = 36

/** Checks that all decide alike, on an initial value, and that all have decided at the end. */
const consensus =
  (values: readonly Value[]): Judge<unknown> =>
  ({ outputs, crashed, ending }) => {
    const [first] = outputs
    const other = outputs.find(({ value }) => value !== first?.value)
    if (other !== undefined)
      return `agreement: P${first?.process} decides ${first?.value}, P${other.process} ${other.value}`
    if (first !== undefined && !values.some((value) => value === first.value))
      return `validity: P${first.process} decides ${first.value}, with which nobody began`
    const decided = outputs.map(({ process }) => process)
    const missing = values.findIndex((_, id) => !decided.includes(id) && !crashed.includes(id))
    return ending === null || missing < 0 ? null : `termination: P${missing} does not decide`
  }

const tossed = (n: number, seed: number) => (self: ProcessId, phase: number) =>
  createRandom(seed * 100_000 + phase * n + self).below(2)

const withCoins = (n: number, faults: number, seed: number) => {
  const values = Array.from({ length: n }, (_, id) => id % 2)
  return {
    setting: {
      algorithm: benOrAutomata({ n, faults, values, coin: tossed(n, seed) }),
      faults: { crashes: faults },
    },
    judge: consensus(values),
  }
}

const FLP_RUNS = asynchronousEntry({
  name: 'flp',
  title: 'No deterministic consensus without time (FLP), and the coins that end it (Ben-Or)',
  idea: 'An adversary that only chooses which message arrives next keeps both values possible. Coins that it cannot foresee end that.',
  room: 'impossibility',
  file: 'src/classics/agreement/ben-or.ts',
  source: 'Fischer, Lynch, Paterson, JACM 32(2), 1985; Ben-Or, PODC 1983',
  model: 'asynchronous',
  faults: 'crashes',
  bound: 'n > 2f; coins that the schedule cannot foresee',
  rounds: '2 per phase, at most 2^(n−1) phases expected',
  messages: '2n(n−1) per phase',
  breaks: 'coins that are known beforehand: a schedule keeps both values possible without end',
  sizes: { n: 3, nMin: 3, nMax: 9, faults: 1, faultsMax: (n) => Math.floor((n - 1) / 2) },
  inRun: ({ n, faults }) => withCoins(n, faults, 1),
  explored: {
    bounds: 'n = 2, one begins with 0 and one with 1, coins that fall on 1, no crash',
    setting: { algorithm: benOrAutomata({ n: 2, faults: 0, values: [0, 1], coin: () => 1 }) },
    judge: consensus([0, 1]),
  },
  broken: {
    condition: 'the coins are known',
    setting: { algorithm: benOrAutomata({ n: 3, faults: 1, values: MIXED, coin: knownCoin }) },
    judge: consensus(MIXED),
  },
})

export function endlessRun(deliveries: number) {
  const setting = { algorithm: benOrAutomata({ n: 3, faults: 1, values: MIXED, coin: knownCoin }) }
  return endlessSchedule({ setting, deliveries, rank: rankOf })
}

const FLP: GalleryEntry = {
  ...FLP_RUNS,
  break() {
    const { diagram, deliveries } = endlessRun(ENDLESS_DELIVERIES)
    const violation = `termination: after ${deliveries} deliveries nobody has decided, and both values are still possible`
    return {
      condition: 'the coins are known, and an adversary chooses the next message',
      run: runOf(3, diagram, violation),
    }
  },
}

export const IMPOSSIBILITY: readonly GalleryEntry[] = [TWO_ARMIES, FLP]

/** Explores every protocol of the two armies up to a number of messages; returns those that no single loss breaks. */
export function unbrokenArmies(messagesMax: number): {
  readonly protocols: number
  readonly unbroken: number
} {
  let protocols = 0
  let unbroken = 0
  for (let messages = 1; messages <= messagesMax; messages++) {
    for (let first = 0; first <= Math.floor(messages / 2); first++) {
      for (let second = 1; second <= Math.ceil(messages / 2); second++) {
        const algorithm = twoArmies({ messages, needed: [first, second] })
        protocols++
        const { violation } = exploreOrders({
          setting: { algorithm, faults: { losses: 1 } },
          judge: together,
        })
        if (violation === null) unbroken++
      }
    }
  }
  return { protocols, unbroken }
}
