/** Seeds as the command line runs them: on all cores, from the built program. The deep run takes more, and `test/deep/seeds.test.ts` goes on behind them. */
import { afterAll, describe, expect, it } from 'vitest'
import type { AuthenticationMode } from '../../src/messages/cluster.ts'
import type { CampaignResult } from '../../src/simulator/runs/campaign.ts'
import { ProcessKit } from '../integration/process-kit.ts'
import { deeper } from '../kit/depth.ts'

const kit = new ProcessKit()
afterAll(() => kit.cleanUp())

/** Seeds from 1 on, for each mode and size of cluster. */
const SEEDS = deeper<readonly (readonly [mode: AuthenticationMode, n: number, seeds: number])[]>(
  [['signed', 4, 2]],
  [
    ['signed', 4, 70],
    ['signed', 7, 8],
    ['signed', 10, 1],
    ['oral', 4, 8],
    ['oral', 7, 1],
  ],
)

describe('safety and liveness hold', () => {
  for (const [mode, n, seeds] of SEEDS) {
    it(`for seeds 1 to ${seeds}, ${mode}, with ${n} replicas`, async () => {
      const { code, stdout, stderr } = await kit.run(
        ...['simulate', '--seeds', `1..${seeds}`, '--replicas', `${n}`, '--auth', mode, '--json'],
      )
      expect(stderr).toBe('')
      const result = JSON.parse(stdout) as CampaignResult
      expect(result.failures.map(({ seed, explanation }) => [`seed ${seed}`, ...explanation])).toEqual([])
      expect(result).toMatchObject({ verdict: 'held', done: seeds, total: seeds, failed: 0, divergences: [] })
      for (const total of ['restarts', 'viewChanges', 'checkpoints'] as const) {
        // One seed alone need not have each of them.
        if (seeds > 5) expect(result[total], total).toBeGreaterThan(0)
      }
      expect(code).toBe(0)
    })
  }
})
