/** Entries of the gallery: agreement in rounds, among processes that lie or crash. */
import { dolevStrong } from '../../../classics/agreement/dolev-strong.ts'
import { earlyStopping } from '../../../classics/agreement/early-stopping.ts'
import { floodSet } from '../../../classics/agreement/flood-set.ts'
import { informationGathering } from '../../../classics/agreement/information-gathering.ts'
import { oralMessages } from '../../../classics/agreement/oral-messages.ts'
import { phaseKing } from '../../../classics/agreement/phase-king.ts'
import { signedMessages } from '../../../classics/agreement/signed-messages.ts'
import { simulatedSuite } from '../../../crypto/simulated-suite.ts'
import { createSeals } from '../seals.ts'
import { labelOf } from '../space-time.ts'
import { lyingGatherers, lyingGenerals, lyingKings, lyingSigners } from '../traitors.ts'
import type { GalleryEntry } from './entry.ts'
import { BROADCAST } from './reliable-broadcast.ts'
import { roundsEntry } from './rounds-entry.ts'

const FROM_COMMANDER = { sender: 0 } as const
const third = (n: number): number => Math.floor((n - 1) / 3)
const ORAL_SIZES = { n: 4, nMin: 4, nMax: 7, faults: 1, faultsMax: third }

/** The messages of OM(m): in each round, one for each path of different generals from the commander. */
function paths(n: number, m: number): number {
  return Array.from({ length: m + 1 }).reduce<{ readonly last: number; readonly sum: number }>(
    ({ last, sum }, _, round) => {
      const next = last * (n - 1 - round)
      return { last: next, sum: sum + next }
    },
    { last: 1, sum: 0 },
  ).sum
}

const ORAL = roundsEntry({
  name: 'oral-messages',
  title: 'OM(m): the Byzantine generals with oral messages',
  idea: 'Each lieutenant passes on the order that it received, and then takes the majority of all that it heard.',
  room: 'agreement',
  file: 'src/classics/agreement/oral-messages.ts',
  source: 'Lamport, Shostak, Pease, TOPLAS 4(3), 1982',
  model: 'synchronous',
  faults: 'lies',
  bound: 'n > 3m',
  rounds: 'm + 1',
  messages: 'Σ (n−1)!/(n−1−k)!, k = 1..m+1',
  breaks: 'n = 3m: a lieutenant cannot tell whether the commander lies or the other lieutenant',
  sizes: ORAL_SIZES,
  algorithm: ({ n, tolerated }) => oralMessages({ n, traitors: tolerated }),
  liars: ({ n }) => lyingGenerals({ n }),
  validity: FROM_COMMANDER,
  letter: ([value, path]) =>
    labelOf((path as readonly number[]).length === 1 ? 'ORDER' : 'RELAY', { value, path }),
  expectedMessages: ({ n, tolerated }) => paths(n, tolerated),
  explored: { n: 4, tolerated: 1, bounds: 'n = 4, any one traitor, any lie or silence to each receiver' },
  broken: { n: 3, tolerated: 1, faulty: 1, condition: 'there are three generals, and one is a traitor' },
})

const SIGNED_FACTS = {
  room: 'agreement',
  model: 'synchronous',
  faults: 'lies, with signatures',
} as const

const SIGNED_SIZES = { n: 4, nMin: 3, nMax: 6, faults: 1, faultsMax: (n: number) => Math.min(3, n - 2) }
const sealsOf = (n: number) => createSeals(simulatedSuite, n)
const signedLetter = ([value, signers]: readonly unknown[]): string =>
  labelOf('SIGNED', { value, by: signers })

const SIGNED = roundsEntry({
  ...SIGNED_FACTS,
  name: 'signed-messages',
  title: 'SM(m): the Byzantine generals with signed messages',
  idea: 'Each lieutenant signs a new order and passes it on. A commander who signs two orders convicts himself.',
  file: 'src/classics/agreement/signed-messages.ts',
  source: 'Lamport, Shostak, Pease, TOPLAS 4(3), 1982',
  bound: 'any m, m + 1 rounds',
  rounds: 'm + 1',
  messages: '(n−1)²',
  breaks: 'm + 1 traitors: one loyal lieutenant hears of a second order too late to pass it on',
  sizes: SIGNED_SIZES,
  algorithm: ({ n, tolerated }) => signedMessages({ n, traitors: tolerated, seals: sealsOf(n) }),
  liars: ({ n }, traitors) => lyingSigners({ n, seals: sealsOf(n), traitors }),
  validity: FROM_COMMANDER,
  letter: signedLetter,
  expectedMessages: ({ n, tolerated }) => (tolerated === 0 ? n - 1 : (n - 1) ** 2),
  explored: {
    n: 4,
    tolerated: 1,
    bounds: 'n = 4, any one traitor, any chain of signatures that it can make',
  },
  broken: { n: 4, tolerated: 1, faulty: 2, condition: 'SM(1) meets two traitors' },
})

const DOLEV_STRONG = roundsEntry({
  ...SIGNED_FACTS,
  name: 'dolev-strong',
  title: 'Dolev–Strong broadcast',
  idea: 'In round r a value counts with r signatures. Each process passes on at most two values, which prove the sender faulty.',
  file: 'src/classics/agreement/dolev-strong.ts',
  source: 'Dolev, Strong, SIAM J. Comput. 12(4), 1983',
  bound: 'any f < n, f + 1 rounds',
  rounds: 'f + 1',
  messages: '(n−1)² with a correct sender',
  breaks: 'f + 1 liars: a chain of their signatures reaches one correct process in the last round',
  sizes: SIGNED_SIZES,
  algorithm: ({ n, tolerated }) => dolevStrong({ n, faults: tolerated, seals: sealsOf(n) }),
  liars: ({ n }, traitors) => lyingSigners({ n, seals: sealsOf(n), traitors }),
  validity: FROM_COMMANDER,
  letter: signedLetter,
  expectedMessages: ({ n, tolerated }) => (tolerated === 0 ? n - 1 : (n - 1) ** 2),
  explored: { n: 4, tolerated: 1, bounds: 'n = 4, any one liar, any chain of signatures that it can make' },
  broken: { n: 4, tolerated: 1, faulty: 2, condition: 'two rounds, which are enough for one liar, meet two' },
})

const GATHERING = roundsEntry({
  name: 'information-gathering',
  title: 'Exponential information gathering',
  idea: 'Each process passes on all that it heard in the round before, and then takes majorities from the leaves of that tree up.',
  room: 'agreement',
  file: 'src/classics/agreement/information-gathering.ts',
  source: 'Bar-Noy, Dolev, Dwork, Strong, FOCS 1987',
  model: 'synchronous',
  faults: 'lies',
  bound: 'n > 3f',
  rounds: 'f + 1',
  messages: '(f+1)n(n−1)',
  breaks: 'n = 3f: a liar splits the other two',
  sizes: ORAL_SIZES,
  algorithm: ({ n, tolerated }) => informationGathering({ n, faults: tolerated }),
  liars: ({ n, tolerated }) => lyingGatherers({ n, faults: tolerated }),
  validity: 'common',
  letter: ([values]) => labelOf('VALUES', { of: [...(values as Uint8Array)] }),
  expectedMessages: ({ n, tolerated }) => (tolerated + 1) * n * (n - 1),
  explored: {
    n: 4,
    tolerated: 1,
    bounds: 'n = 4, any values to begin with, any one liar, any lie to each receiver',
  },
  broken: { n: 3, tolerated: 1, faulty: 1, condition: 'there are three processes, and one lies' },
})

const KING_LETTERS = ['VALUE', 'PROPOSE', 'DECREE'] as const

const PHASE_KING = roundsEntry({
  name: 'phase-king',
  title: 'Phase king',
  idea: 'A king settles what is open. One of f + 1 kings is correct, and after its phase all propose the same value.',
  room: 'agreement',
  file: 'src/classics/agreement/phase-king.ts',
  source: 'Berman, Garay, Perry, FOCS 1989',
  model: 'synchronous',
  faults: 'lies',
  bound: 'n > 3f',
  rounds: '3(f + 1)',
  messages: '(f+1)(n−1)(2n+1), all begin alike',
  breaks: 'n = 3f: a liar splits the other two in the last phase',
  sizes: ORAL_SIZES,
  algorithm: ({ n, tolerated }) => phaseKing({ n, faults: tolerated }),
  liars: () => lyingKings,
  validity: 'common',
  letter: ([value], round) => labelOf(KING_LETTERS[(round - 1) % 3] ?? 'VALUE', { value }),
  expectedMessages: ({ n, tolerated }) => (tolerated + 1) * (n - 1) * (2 * n + 1),
  startsAlike: true,
  explored: {
    n: 4,
    tolerated: 1,
    bounds: 'n = 4, any values to begin with, any one liar, any lie to each receiver',
  },
  broken: { n: 3, tolerated: 1, faulty: 1, condition: 'there are three processes, and one lies' },
})

const FLOOD_SET = roundsEntry({
  name: 'flood-set',
  title: 'FloodSet',
  idea: 'In each round every process sends all values that it has heard of. In one of f + 1 rounds no process crashes, and then all know the same.',
  room: 'agreement',
  file: 'src/classics/agreement/flood-set.ts',
  source: 'Lynch, Distributed Algorithms, 6.2',
  model: 'synchronous',
  faults: 'crashes',
  bound: 'f < n, f + 1 rounds',
  rounds: 'f + 1',
  messages: '(f+1)n(n−1)',
  breaks: 'f + 1 crashes, one in each round: a value reaches one process only',
  sizes: { n: 4, nMin: 3, nMax: 7, faults: 1, faultsMax: (n) => n - 2 },
  algorithm: ({ n, tolerated }) => floodSet({ n, faults: tolerated }),
  validity: 'common',
  letter: ([values]) => labelOf('VALUES', { of: values }),
  expectedMessages: ({ n, tolerated }) => (tolerated + 1) * n * (n - 1),
  explored: {
    n: 4,
    tolerated: 1,
    bounds: 'n = 4, any values to begin with, one crash at any message of any round',
  },
  broken: {
    n: 4,
    tolerated: 1,
    faulty: 2,
    condition: 'two rounds, which are enough for one crash, meet two',
  },
})

const EARLY_STOPPING = roundsEntry({
  name: 'early-stopping',
  title: 'Early stopping consensus',
  idea: 'Every process sends the least value that it has heard of. It stops once it hears from as many processes as in the round before.',
  room: 'agreement',
  file: 'src/classics/agreement/early-stopping.ts',
  source: 'Dolev, Reischuk, Strong, JACM 37(4), 1990',
  model: 'synchronous',
  faults: 'crashes',
  bound: 't < n, min(t + 1, F + 2) rounds for F crashes',
  rounds: 'min(t + 1, F + 2)',
  messages: '2n(n−1) without a crash',
  breaks: 't + 1 crashes: the least value reaches one process only',
  sizes: { n: 4, nMin: 3, nMax: 7, faults: 1, faultsMax: (n) => n - 2 },
  algorithm: ({ n, tolerated }) => earlyStopping({ n, faults: tolerated }),
  validity: 'common',
  letter: ([least, isFinal]) => labelOf(isFinal === 1 ? 'FINAL' : 'LEAST', { value: least }),
  expectedMessages: ({ n, tolerated }) => Math.min(2, tolerated + 1) * n * (n - 1),
  explored: {
    n: 4,
    tolerated: 1,
    bounds: 'n = 4, any values to begin with, one crash at any message of any round',
  },
  broken: { n: 4, tolerated: 1, faulty: 2, condition: 'two processes crash, and t = 1' },
})

export const AGREEMENT: readonly GalleryEntry[] = [
  ORAL,
  SIGNED,
  DOLEV_STRONG,
  GATHERING,
  PHASE_KING,
  FLOOD_SET,
  EARLY_STOPPING,
  BROADCAST,
]
