/**
 * Sometimes-assertions: a fixed range of seeds must come to every situation of the table, or the checkers look at easy runs
 * only. What is no longer reached is a change of the generator, of the protocol or of a predicate, and is named.
 */
import { afterAll, expect, test } from 'vitest'
import type { SituationRow } from '../../clients/cli/situations-table.ts'
import type { AuthenticationMode } from '../../src/messages/cluster.ts'
import type { CampaignResult } from '../../src/simulator/runs/campaign.ts'
import { ProcessKit } from '../integration/process-kit.ts'

/** Enough seeds to reach each demanded situation twice; cluster sizes are drawn. */
const RANGES: readonly (readonly [mode: AuthenticationMode, seeds: string])[] = [
  ['signed', '1..100'],
  ['oral', '1..50'],
]
const PRINTED = 12

const kit = new ProcessKit()
const lines: string[] = []
afterAll(async () => {
  await kit.cleanUp()
  console.log(lines.join('\n'))
})

test.each(RANGES)('%s seeds %s come to every situation that is demanded', async (mode, seeds) => {
  const { stdout, stderr } = await kit.run(
    ...['simulate', '--seeds', seeds, '--auth', mode, '--sometimes', '--json'],
  )
  expect(stderr).toBe('')
  const { failures, situations } = JSON.parse(stdout) as Omit<CampaignResult, 'situations'> & {
    readonly situations: readonly SituationRow[]
  }
  expect(failures.map(({ seed, explanation }) => [`seed ${seed}`, ...explanation])).toEqual([])
  for (const { name, seeds: reached, first } of situations.filter((one) => one.seeds > 0).slice(0, PRINTED)) {
    lines.push(`${mode}: ${name}: ${reached} of ${seeds}, first ${first}`)
  }
  const demanded = situations.filter(({ isDemanded }) => isDemanded)
  expect(demanded.length).toBeGreaterThanOrEqual(60)
  expect(demanded.filter((one) => one.seeds === 0).map(({ name }) => name)).toEqual([])
})
