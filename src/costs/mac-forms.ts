/**
 * The number of MACs in the rows of oral mode. A sender makes one for each receiver of a message, so as many are made
 * as messages of these kinds are sent. A receiver checks its own, and none of what came when there was enough: hence
 * Q.
 */
import { quorum } from '../base/quorum.ts'
import { LARGE_BATCH, rowName } from './measure-store.ts'

interface Form {
  /** Messages, in words of n and Q. */
  readonly text: string
  readonly of: (n: number, q: number) => number
}

interface MacForm {
  readonly made: Form
  readonly checked: Form & { readonly relation: 'equal' | 'at most' }
}

const made = (text: string, of: Form['of']): Form => ({ text, of })
const checked = (text: string, of: Form['of'], relation: 'equal' | 'at most' = 'equal') => ({
  text,
  of,
  relation,
})

/** PRE-PREPARE to n - 1, Q - 1 PREPAREs at each replica, a backup's own among them, and Q COMMITs with the own one. */
const orderingChecked = (n: number, q: number): number => 2 * n * (q - 1)

const FORMS: readonly (readonly [string, MacForm])[] = [
  [
    'PBFT between replicas',
    {
      made: made('2n(n−1)', (n) => 2 * n * (n - 1)),
      checked: checked('2n(Q−1)', orderingChecked),
    },
  ],
  [
    'PBFT with request and replies',
    {
      made: made('2n(n−1) + n', (n) => 2 * n * (n - 1) + n),
      // The client stops once f + 1 replies agree and one has the results.
      checked: checked('2n(Q−1) + n', (n, q) => orderingChecked(n, q) + n, 'at most'),
    },
  ],
  [
    `PBFT, a batch of ${LARGE_BATCH} requests`,
    {
      made: made(`2n(n−1) + ${LARGE_BATCH}n`, (n) => 2 * n * (n - 1) + LARGE_BATCH * n),
      checked: checked(
        `2n(Q−1) + ${LARGE_BATCH}n`,
        (n, q) => orderingChecked(n, q) + LARGE_BATCH * n,
        'at most',
      ),
    },
  ],
  [
    'PBFT, one backup crashed, between replicas',
    {
      made: made('2(n−1)²', (n) => 2 * (n - 1) ** 2),
      checked: checked('2(n−1)(Q−1)', (n, q) => 2 * (n - 1) * (q - 1)),
    },
  ],
  [
    'checkpoint',
    {
      made: made('n(n−1)', (n) => n * (n - 1)),
      checked: checked('n(Q−1)', (n, q) => n * (q - 1)),
    },
  ],
  // Acknowledgements are for the new primary alone: the tag of its link is all that they have.
  [
    'view change, all alive',
    {
      made: made('n²−1', (n) => n * n - 1),
      checked: checked('n²−1', (n) => n * n - 1),
    },
  ],
  [
    'view change, old primary dead',
    {
      made: made('n(n−1)', (n) => n * (n - 1)),
      checked: checked('n(n−2)', (n) => n * (n - 2)),
    },
  ],
]

const MAC_FORMS: ReadonlyMap<string, MacForm> = new Map(
  FORMS.map(([name, form]) => [rowName(name, 'oral'), form]),
)

/**
 * The MACs that a row is expected to make and to check, with their closed forms; none where it is no row of oral
 * mode.
 */
export interface ExpectedMacs {
  readonly made: { readonly text: string; readonly count: number }
  readonly checked: {
    readonly text: string
    readonly relation: 'equal' | 'at most'
    readonly count: number
  }
}

export function expectedMacs(protocol: string, n: number): ExpectedMacs {
  const form = MAC_FORMS.get(protocol)
  if (form === undefined) {
    return { made: { text: '0', count: 0 }, checked: { text: '0', relation: 'equal', count: 0 } }
  }
  const q = quorum(n)
  return {
    made: { text: form.made.text, count: form.made.of(n, q) },
    checked: {
      text: form.checked.text,
      relation: form.checked.relation,
      count: form.checked.of(n, q),
    },
  }
}

/** True if these counts are as expected. */
export const areAsExpected = (
  counted: { readonly macsMade: number; readonly macsChecked: number },
  { made, checked }: ExpectedMacs,
): boolean =>
  counted.macsMade === made.count &&
  (checked.relation === 'equal'
    ? counted.macsChecked === checked.count
    : counted.macsChecked <= checked.count)
