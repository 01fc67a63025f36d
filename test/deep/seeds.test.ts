/**
 * Many more seeds than `npm test` tries, in rounds: each round continues, for every mode and size, where the last one
 * ended.
 */
import { afterAll, describe, expect, test } from 'vitest'
import type { AuthenticationMode } from '../../src/messages/cluster.ts'
import type { CampaignResult } from '../../src/simulator/runs/campaign.ts'
import { ProcessKit } from '../integration/process-kit.ts'
import { TimeShare } from './time-share.ts'

const ROUNDS = 12
/** The seeds before it are those of `test/simulator/seeds.test.ts`. */
const FIRST = 71

/** Seeds in a round: about as much work for each line. */
const CAMPAIGNS: readonly (readonly [mode: AuthenticationMode, n: number, seeds: number])[] = [
  ['signed', 4, 150],
  ['signed', 7, 30],
  ['oral', 4, 20],
  ['oral', 7, 4],
]

const kit = new ProcessKit()
const share = new TimeShare(0.15)
const done = new Map<string, number>()
afterAll(async () => {
  await kit.cleanUp()
  const lines = [...done].map(([campaign, seeds]) => `${campaign}: ${seeds} seeds from ${FIRST} on held`)
  console.log(lines.join('\n'))
})

for (let round = 0; round < ROUNDS; round += 1) {
  describe(`round ${round + 1}`, () => {
    for (const [mode, n, seeds] of CAMPAIGNS) {
      const from = FIRST + round * seeds
      const range = `${from}..${from + seeds - 1}`
      test(`${mode} seeds ${range} with ${n} replicas`, async (context) => {
        const refusal = share.refusal()
        if (refusal !== null) return context.skip(refusal)
        const flags = ['--seeds', range, '--replicas', `${n}`, '--auth', mode, '--json']
        const { code, stdout, stderr } = await kit.run('simulate', ...flags)
        expect(stderr).toBe('')
        const result = JSON.parse(stdout) as CampaignResult
        expect(result.failures.map(({ seed, explanation }) => [`seed ${seed}`, ...explanation])).toEqual([])
        expect(result).toMatchObject({ verdict: 'held', done: seeds, failed: 0, divergences: [] })
        expect(code).toBe(0)
        const campaign = `${mode}, ${n} replicas`
        done.set(campaign, (done.get(campaign) ?? 0) + seeds)
      })
    }
  })
}
