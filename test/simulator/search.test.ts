/** The endless search: what it records, how it goes on, and that it finds and shrinks a planted mistake. */
import { expect, it } from 'vitest'
import { simulateSwarm } from '../../attacks/run/simulated/swarm.ts'
import type { CampaignResult } from '../../src/simulator/runs/campaign.ts'
import { type SearchOptions, search } from '../../src/simulator/runs/search.ts'
import {
  decodeLog,
  encodeRecord,
  nextSeed,
  type SearchRecord,
  sumOfEffort,
} from '../../src/simulator/runs/search-log.ts'
import type { SimulationOptions } from '../../src/simulator/runs/simulate.ts'
import { PLANTED_VIOLATIONS } from './sabotages.ts'

const FIELD = { mode: 'signed', n: 4, seeds: 2 } as const

/** Runs a search over so many ranges, each seed by this simulation. */
async function searchWith(
  simulate: SearchOptions['simulate'],
  { ranges, known = [] }: { readonly ranges: number; readonly known?: readonly SearchRecord[] },
): Promise<readonly SearchRecord[]> {
  const kept: SearchRecord[] = []
  let left = ranges
  await search({
    known,
    fields: [FIELD],
    simulate,
    runRange: async ({ mode, n, from, to }) => {
      const results = Array.from({ length: to - from + 1 }, (_, index) =>
        simulate({ seed: from + index, mode, n }),
      )
      const failures = results.filter(({ verdict }) => verdict !== 'held')
      const steps = results.reduce((sum, result) => sum + result.steps, 0)
      const requests = results.reduce((sum, result) => sum + result.requests, 0)
      return { failures, failed: failures.length, steps, requests, elapsedMs: 5 } as unknown as CampaignResult
    },
    keep: (record) => kept.push(record),
    isOver: () => left-- === 0,
  })
  return kept
}

it('records a planted mistake, shrinks it and prints the command that replays it', async () => {
  const planted = PLANTED_VIOLATIONS.find(({ name }) => name === 'durable before send')
  if (planted === undefined) throw new Error('no mistake is planted against durable before send')
  const broken = (options: SimulationOptions) => simulateSwarm({ ...options, sabotage: planted.sabotage })
  const records = await searchWith(broken, { ranges: 1 })
  const finding = records.find(({ kind }) => kind === 'finding')
  if (finding?.kind !== 'finding') throw new Error('nothing was found')
  expect(finding.verdict).toBe('safety')
  expect(finding.explanation[0]).toContain('durable before send')
  expect(finding.replay).toBe(`strategos simulate --seed ${finding.seed} --replicas 4`)
  expect(finding.tries).toBeGreaterThan(0)
  expect(finding.plan.faults).toEqual([])
  // The plan in the record fails as the seed did, and by itself nothing is wrong with it.
  expect(broken({ seed: finding.plan.seed, plan: finding.plan }).violation?.name).toBe('durable before send')
  expect(simulateSwarm({ seed: finding.plan.seed, plan: finding.plan }).verdict).toBe('held')
  expect(records.at(-1)).toMatchObject({ kind: 'effort', failed: 2 })
})

it('continues with seeds that no range contains', async () => {
  const first = await searchWith(simulateSwarm, { ranges: 1 })
  const text = first.map(encodeRecord).join('')
  const known = decodeLog(`${text}{"kind":"eff`)
  if (typeof known === 'string') throw new Error(known)
  expect(known).toEqual(first)
  const [before] = first
  const [after] = await searchWith(simulateSwarm, { ranges: 1, known })
  if (before?.kind !== 'effort' || after?.kind !== 'effort')
    throw new Error('a healthy search has efforts only')
  expect(after.from).toBe(before.to + 1)
  expect(nextSeed(known, { mode: 'oral', n: 4 }, 7)).toBe(7)
  expect(sumOfEffort([before, after]).seeds).toBe(2 * FIELD.seeds)
})

it('refuses a file that is no record of a search', () => {
  expect(decodeLog('{"kind":"effort","to":3}\nhello\n')).toBe('Line 2 is not a record of a search.')
  expect(decodeLog('')).toEqual([])
})
