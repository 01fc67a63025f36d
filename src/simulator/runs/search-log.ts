/**
 * The record of an endless search, one JSON object a line: the effort of each range of seeds, and each failure with the
 * plan that it shrank to. A search reads it to go on where the last one stood.
 */
import type { AuthenticationMode } from '../../messages/cluster.ts'
import type { Plan } from '../plan/plan.ts'
import type { Verdict } from './simulate.ts'

/** The mode and the size of the clusters that take turns in a search. */
export interface SearchField {
  readonly mode: AuthenticationMode
  readonly n: number
}

export interface Effort extends SearchField {
  readonly kind: 'effort'
  /** The seeds that were run, both included. */
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
  /** The command that runs the seed again, and the smaller plan that fails the same way. */
  readonly replay: string
  readonly plan: Plan
  readonly tries: number
}

export type SearchRecord = Effort | Finding

/** The effort of all searches so far, for one field or for several. */
export interface EffortSum {
  readonly seeds: number
  readonly failed: number
  readonly steps: number
  readonly requests: number
  readonly elapsedMs: number
}

export const encodeRecord = (record: SearchRecord): string => `${JSON.stringify(record)}\n`

/**
 * The records of a log, or a sentence that says which line is none. A last line without an end was cut off when its search
 * was killed, and counts for nothing.
 */
export function decodeLog(text: string): readonly SearchRecord[] | string {
  const records: SearchRecord[] = []
  for (const [index, line] of text.split('\n').slice(0, -1).entries()) {
    const record = decodeRecord(line)
    if (record === null) return `Line ${index + 1} is no record of a search.`
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

/** The first seed of a field that no range has had. */
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
