/** PROTOCOL.md section 8: what each protocol costs in physical sends, and how many rounds it takes, as proved. */
import { LARGE_BATCH, rowName } from './measure-store.ts'

export interface ClosedForm {
  /** Messages, in words of n and f. */
  readonly text: string
  /** The relation: exact, or a bound. */
  readonly relation: 'equal' | 'at most'
  readonly messages: (n: number, f: number) => number
  /** Null where nothing is proved, or where it is no whole decision. */
  readonly rounds: ((n: number, f: number) => number) | null
}

/** The messages of OM(m): in round k, one for each path of k + 1 generals that begins with the commander. */
function oralPaths(n: number, m: number): number {
  let paths = 1
  let sum = 0
  for (let round = 1; round <= m + 1; round++) {
    paths *= n - round
    sum += paths
  }
  return sum
}

const exactly = (
  text: string,
  messages: ClosedForm['messages'],
  rounds: ClosedForm['rounds'] = null,
): ClosedForm => ({ text, relation: 'equal', messages, rounds })

const FORMS: ReadonlyMap<string, ClosedForm> = new Map([
  ['OM(m), a message per path', exactly('Σ (n−1)!/(n−1−k)!, k = 1..m+1', oralPaths, (_n, m) => m + 1)],
  [
    'OM(m), a packet per link and round',
    exactly(
      '(n−1) + m(n−1)(n−2)',
      (n, m) => n - 1 + m * (n - 1) * (n - 2),
      (_n, m) => m + 1,
    ),
  ],
  [
    'SM(m)',
    exactly(
      '(n−1)²',
      (n) => (n - 1) ** 2,
      (_n, m) => m + 1,
    ),
  ],
  [
    'Dolev–Strong, correct sender',
    exactly(
      '(n−1)²',
      (n) => (n - 1) ** 2,
      (_n, f) => f + 1,
    ),
  ],
  [
    'Dolev–Strong, any sender',
    {
      text: '(n−1) + 2(n−1)(n−2)',
      relation: 'at most',
      messages: (n) => n - 1 + 2 * (n - 1) * (n - 2),
      rounds: (_n, f) => f + 1,
    },
  ],
  [
    'exponential information gathering',
    exactly(
      '(f+1)n(n−1)',
      (n, f) => (f + 1) * n * (n - 1),
      (_n, f) => f + 1,
    ),
  ],
  [
    'phase king',
    exactly(
      '(f+1)(n−1)(2n+1)',
      (n, f) => (f + 1) * (n - 1) * (2 * n + 1),
      (_n, f) => 3 * (f + 1),
    ),
  ],
  [
    'FloodSet',
    exactly(
      '(f+1)n(n−1)',
      (n, f) => (f + 1) * n * (n - 1),
      (_n, f) => f + 1,
    ),
  ],
  // min(t + 1, F + 2) with F = 0 rounds, in each of which everybody tells everybody.
  [
    'early stopping',
    exactly(
      'min(t+1, F+2)·n(n−1), F = 0',
      (n, t) => Math.min(t + 1, 2) * n * (n - 1),
      (_n, t) => Math.min(t + 1, 2),
    ),
  ],
  [
    'Bracha reliable broadcast',
    exactly(
      '(n−1)(2n+1)',
      (n) => (n - 1) * (2 * n + 1),
      () => 3,
    ),
  ],
  [
    'Ben-Or, per phase',
    exactly(
      '2n(n−1)',
      (n) => 2 * n * (n - 1),
      () => 2,
    ),
  ],
  [
    'PBFT between replicas',
    exactly(
      '2n(n−1)',
      (n) => 2 * n * (n - 1),
      () => 3,
    ),
  ],
  [
    'PBFT with request and replies',
    exactly(
      '2n²−n+1 + 1/16',
      (n) => 2 * n * n - n + 1 + 1 / 16,
      () => 5,
    ),
  ],
  [
    `PBFT, a batch of ${LARGE_BATCH} requests`,
    exactly(`2n(n−1) + ${LARGE_BATCH}(n+1)`, (n) => 2 * n * (n - 1) + LARGE_BATCH * (n + 1)),
  ],
  [
    'PBFT, one backup crashed, between replicas',
    exactly(
      '2(n−1)²',
      (n) => 2 * (n - 1) ** 2,
      () => 3,
    ),
  ],
  [
    'checkpoint',
    exactly(
      'n(n−1)',
      (n) => n * (n - 1),
      () => 1,
    ),
  ],
  [
    'view change, all alive',
    exactly(
      'n²−1',
      (n) => n * n - 1,
      () => 2,
    ),
  ],
  [
    'view change, old primary dead',
    exactly(
      'n(n−1)',
      (n) => n * (n - 1),
      () => 2,
    ),
  ],
  [
    '2PC',
    exactly(
      '3(n−1)',
      (n) => 3 * (n - 1),
      () => 3,
    ),
  ],
  [
    '2PC, with acknowledgements',
    exactly(
      '4(n−1)',
      (n) => 4 * (n - 1),
      () => 4,
    ),
  ],
  [
    '3PC',
    exactly(
      '5(n−1)',
      (n) => 5 * (n - 1),
      () => 5,
    ),
  ],
  [
    '3PC, with the final acknowledgement',
    exactly(
      '6(n−1)',
      (n) => 6 * (n - 1),
      () => 6,
    ),
  ],
  [
    'Paxos',
    exactly(
      '5(n−1)',
      (n) => 5 * (n - 1),
      () => 5,
    ),
  ],
  [
    'Paxos, stable leader',
    exactly(
      '3(n−1)',
      (n) => 3 * (n - 1),
      () => 3,
    ),
  ],
  [
    'Raft, election',
    exactly(
      '2(n−1)',
      (n) => 2 * (n - 1),
      () => 2,
    ),
  ],
  [
    'Raft, replication',
    exactly(
      '2(n−1)',
      (n) => 2 * (n - 1),
      () => 2,
    ),
  ],
])

/** Rows of the store that cost as many messages whatever authenticates them. */
const ALIKE: readonly string[] = [
  'PBFT between replicas',
  'PBFT with request and replies',
  `PBFT, a batch of ${LARGE_BATCH} requests`,
  'PBFT, one backup crashed, between replicas',
  'checkpoint',
]

/** Every backup acknowledges to the new primary each VIEW-CHANGE but its own and the primary's. */
const ORAL_FORMS: readonly (readonly [string, ClosedForm])[] = [
  ...ALIKE.flatMap((name) => {
    const form = FORMS.get(name)
    return form === undefined ? [] : [[name, form] as const]
  }),
  [
    'view change, all alive',
    exactly(
      'n²−1 + (n−1)(n−2)',
      (n) => n * n - 1 + (n - 1) * (n - 2),
      () => 3,
    ),
  ],
  [
    'view change, old primary dead',
    exactly(
      'n(n−1) + (n−2)(n−3)',
      (n) => n * (n - 1) + (n - 2) * (n - 3),
      () => 3,
    ),
  ],
]

export const CLOSED_FORMS: ReadonlyMap<string, ClosedForm> = new Map([
  ...FORMS,
  ...ORAL_FORMS.map(([name, form]) => [rowName(name, 'oral'), form] as const),
])

/** The figure of lecture notes for agreement with signatures: (f + 1)n². */
export const lectureNote = (n: number, f: number): number => (f + 1) * n * n

/** The protocols that the lecture notes mean. */
export const SIGNED_AGREEMENT: ReadonlySet<string> = new Set(['SM(m)', 'Dolev–Strong, correct sender'])
