/**
 * An endless search: it runs fresh seeds until it is interrupted, with modes and cluster sizes in turn. It yields a
 * record of each finished range of seeds, and shrinks failures.
 */
import { given } from '../../base/given.ts'
import type { Plan } from '../plan/plan.ts'
import type { CampaignResult } from './campaign.ts'
import { nextSeed, type SearchField, type SearchRecord } from './search-log.ts'
import { shrink } from './shrink.ts'
import type { DetailedResult, SimulationOptions, SimulationResult } from './simulate.ts'

/** The fields of a search, in turn, with the seeds of a range: about the same amount of work for each. */
export const SEARCH_FIELDS: readonly (SearchField & { readonly seeds: number })[] = [
  { mode: 'signed', n: 4, seeds: 10 },
  { mode: 'oral', n: 4, seeds: 4 },
  { mode: 'signed', n: 7, seeds: 4 },
  { mode: 'oral', n: 7, seeds: 1 },
  { mode: 'signed', n: 10, seeds: 2 },
  { mode: 'oral', n: 10, seeds: 1 },
]

/** The first seed, far above the seeds of every test, which a search would only repeat. */
const FIRST_SEED = 1_000_000
/** The maximum number of plans tried for a failure. */
const TRIES_MAX = 120

export interface SearchOptions {
  /** The records of earlier searches. */
  readonly known: readonly SearchRecord[]
  readonly fields?: readonly (SearchField & { readonly seeds: number })[]
  readonly runRange: (
    range: SearchField & { readonly from: number; readonly to: number },
  ) => Promise<CampaignResult>
  readonly simulate: (options: SimulationOptions) => DetailedResult
  /** Saves a record at once, because the search may be killed at any time. */
  readonly keep: (record: SearchRecord) => void
  /** Called before each range. */
  readonly isOver: () => boolean
}

export async function search(options: SearchOptions): Promise<void> {
  const { known, fields = SEARCH_FIELDS, runRange, keep, isOver } = options
  const next = new Map(fields.map((field) => [field, nextSeed(known, field, FIRST_SEED)]))
  while (true) {
    for (const field of fields) {
      if (isOver()) return
      const { mode, n, seeds } = field
      const from = next.get(field) ?? FIRST_SEED
      const to = from + seeds - 1
      const result = await runRange({ mode, n, from, to })
      const { failed, steps, requests, elapsedMs } = result
      // Failures are saved first, because a range that is recorded as done is not run again.
      for (const failure of result.failures) keep(findingOf(failure, field, options))
      keep({ kind: 'effort', mode, n, from, to, failed, steps, requests, elapsedMs: Math.round(elapsedMs) })
      next.set(field, to + 1)
    }
  }
}

/** The failure with the smallest found plan that fails in the same way. */
function findingOf(
  { seed, verdict, violation, explanation, replay }: SimulationResult,
  { mode, n }: SearchField,
  { simulate }: SearchOptions,
): SearchRecord {
  const whole = simulate({ seed, n, mode })
  const fails = (plan: Plan): boolean => {
    const result = simulate({ seed: plan.seed, ...given({ plan }) })
    return result.verdict === verdict && result.violation?.name === violation?.name
  }
  const { plan, tries } = shrink(whole.plan, fails, TRIES_MAX)
  return { kind: 'finding', mode, n, seed, verdict, explanation, replay, plan, tries }
}
