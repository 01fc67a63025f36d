/** Many seeds, as the command line runs them: on all cores, from the built program. */
import { afterAll, describe, expect, it } from 'vitest'
import type { AuthenticationMode } from '../../src/messages/cluster.ts'
import type { CampaignResult } from '../../src/simulator/campaign.ts'
import { ProcessKit } from '../integration/process-kit.ts'

const kit = new ProcessKit()
afterAll(() => kit.cleanUp())

/** Seeds from 1 on, for each mode and size of cluster. */
const SEEDS: readonly (readonly [mode: AuthenticationMode, n: number, seeds: number])[] = [
  ['signed', 4, 240],
  ['signed', 7, 34],
  ['signed', 10, 4],
  ['oral', 4, 19],
  ['oral', 7, 3],
]

describe('safety and liveness hold', () => {
  for (const [mode, n, seeds] of SEEDS) {
    it(`for ${seeds} ${mode} seeds with ${n} replicas`, async () => {
      const { code, stdout, stderr } = await kit.run(
        ...['simulate', '--seeds', `1..${seeds}`, '--replicas', `${n}`, '--auth', mode, '--json'],
      )
      expect(stderr).toBe('')
      const result = JSON.parse(stdout) as CampaignResult
      expect(result.failures.map(({ seed, explanation }) => [`seed ${seed}`, ...explanation])).toEqual([])
      expect(result).toMatchObject({ verdict: 'held', done: seeds, total: seeds, failed: 0, divergences: [] })
      for (const total of ['restarts', 'viewChanges', 'checkpoints'] as const) {
        expect(result[total], total).toBeGreaterThan(0)
      }
      expect(code).toBe(0)
    })
  }
})
