/**
 * The number of processes at which one protocol becomes cheaper than another as the number of processes grows, in
 * words.
 */
import type { CostRow } from '../../../src/costs/costs.ts'

/** Protocols that do the same: a value is agreed on although some lie. */
export const AGAINST_LIARS: readonly string[] = [
  'OM(m), a message per path',
  'OM(m), a packet per link and round',
  'SM(m)',
  'Dolev–Strong, correct sender',
  'exponential information gathering',
  'phase king',
  'Bracha reliable broadcast',
  'PBFT between replicas',
]

export interface Metric {
  readonly name: string
  /** Said of the cheaper one. */
  readonly isCheaper: string
  /** The factor below which two figures count as the same. */
  readonly noise: number
  /** Protocols that are left out when others are compared: what was counted of them is not alike. */
  readonly except: readonly string[]
  read(row: CostRow): number | null
}

export const METRICS: readonly Metric[] = [
  {
    name: 'messages',
    isCheaper: 'sends fewer messages',
    noise: 1,
    except: [],
    read: ({ counts }) => counts.messages,
  },
  {
    name: 'bytes',
    isCheaper: 'needs fewer bytes',
    noise: 1,
    // Of the store whole frames are counted, of the others what their messages say.
    except: ['PBFT between replicas'],
    read: ({ counts }) => counts.bytes,
  },
  {
    name: 'processor time, µs',
    isCheaper: 'takes less processor time',
    noise: 1.5,
    except: [],
    read: ({ counts }) => counts.cpuMicroseconds,
  },
]

/** A sentence for each two protocols whose order changes within the sizes that were measured. */
export function crossings(rows: readonly CostRow[], metric: Metric): readonly string[] {
  const sentences: string[] = []
  const compared = AGAINST_LIARS.filter((name) => !metric.except.includes(name))
  for (const [index, one] of compared.entries()) {
    for (const other of compared.slice(index + 1)) {
      const sentence = crossing(rows, { one, other, metric })
      if (sentence !== null) sentences.push(sentence)
    }
  }
  return sentences
}

function crossing(
  rows: readonly CostRow[],
  { one, other, metric }: { readonly one: string; readonly other: string; readonly metric: Metric },
): string | null {
  const sizes = [...new Set(rows.map(({ n }) => n))].sort((a, b) => a - b)
  const figure = (protocol: string, n: number): number | null => {
    const row = rows.find((each) => each.protocol === protocol && each.n === n)
    return row === undefined ? null : metric.read(row)
  }
  const signs = sizes.flatMap((n) => {
    const [a, b] = [figure(one, n), figure(other, n)]
    if (a === null || b === null) return []
    const isAlike = a <= b * metric.noise && b <= a * metric.noise
    return [{ n, sign: isAlike ? 0 : Math.sign(a - b) }]
  })
  const [first] = signs
  const last = signs.at(-1)
  if (first === undefined || last === undefined || last.sign === 0 || first.sign === last.sign) return null
  // From where on the order of the last size holds for all that follow.
  const from = signs.findLast(({ sign }) => sign !== last.sign)
  const start = signs[signs.findIndex(({ n }) => n === from?.n) + 1]
  const [cheaper, dearer] = last.sign < 0 ? [one, other] : [other, one]
  const before = first.sign === 0 ? 'they do not differ' : 'it is the other way round'
  return `From n = ${start?.n} on, ${cheaper} ${metric.isCheaper} than ${dearer}; with n = ${first.n} ${before}.`
}
