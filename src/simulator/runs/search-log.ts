/**
 * The record of an endless search, one JSON object per line: the effort of each range of seeds, and each failure with
 * its shrunk plan. A search reads it to continue where the last one stopped.
 */
import type { AuthenticationMode } from '../../messages/cluster.ts'
import type { Plan } from '../plan/plan.ts'
import type { Verdict } from './simulate.ts'

/** A combination of mode and cluster size; a search takes them in turn. */
export interface SearchField {
  readonly mode: AuthenticationMode
  readonly n: number
}

export interface Effort extends SearchField {
  readonly kind: 'effort'
  /** The first and the last seed of the range. */
  readonly from: number
  readonly to: number
  readonly failed: number
  readonly steps: number
  readonly requests: number
  readonly elapsedMs: number
}

export interface Finding extends SearchField {
  readonly kind: 'finding'
  readonly seed: number
  readonly verdict: Verdict
  readonly explanation: readonly string[]
  /** The command that repeats the seed, and the smaller plan that fails in the same way. */
  readonly replay: string
  readonly plan: Plan
  readonly tries: number
}

export type SearchRecord = Effort | Finding

/** The effort of all searches so far, for one or several fields. */
export interface EffortSum {
  readonly seeds: number
  readonly failed: number
  readonly steps: number
  readonly requests: number
  readonly elapsedMs: number
}

export const encodeRecord = (record: SearchRecord): string => `${JSON.stringify(record)}\n`

/**
 * Returns the records of a log, or a sentence that names the first wrong line. An incomplete last line was cut off
 * when its search was killed, and is ignored.
 */
export function decodeLog(text: string): readonly SearchRecord[] | string {
  const records: SearchRecord[] = []
  for (const [index, line] of text.split('\n').slice(0, -1).entries()) {
    const record = decodeRecord(line)
    if (record === null) return `Line ${index + 1} is not a record of a search.`
    records.push(record)
  }
  return records
}

function decodeRecord(line: string): SearchRecord | null {
  try {
    const value: Partial<SearchRecord> | null = JSON.parse(line)
    const isRecord = value?.kind === 'finding' || (value?.kind === 'effort' && Number.isSafeInteger(value.to))
    return isRecord ? (value as SearchRecord) : null
  } catch {
    return null
  }
}

/** The first seed of a field that no range contains. */
export function nextSeed(records: readonly SearchRecord[], { mode, n }: SearchField, first: number): number {
  return records.reduce(
    (next, record) =>
      record.kind === 'effort' && record.mode === mode && record.n === n
        ? Math.max(next, record.to + 1)
        : next,
    first,
  )
}

export function sumOfEffort(records: readonly SearchRecord[]): EffortSum {
  const sum = { seeds: 0, failed: 0, steps: 0, requests: 0, elapsedMs: 0 }
  for (const record of records) {
    if (record.kind !== 'effort') continue
    sum.seeds += record.to - record.from + 1
    sum.failed += record.failed
    sum.steps += record.steps
    sum.requests += record.requests
    sum.elapsedMs += record.elapsedMs
  }
  return sum
}
