/** Faults beyond what a seed draws, each for a rule that only they reach. */
import { describe, expect, it } from 'vitest'
import { drawSwarmPlan, simulateSwarm } from '../../attacks/run/simulated/swarm.ts'
import { type ReplicaId, replicaIds } from '../../src/base/ids.ts'
import { createRandom } from '../../src/base/random.ts'
import { LOG_WINDOW } from '../../src/messages/limits.ts'
import { type Fault, type Plan, withoutFaults } from '../../src/simulator/plan/plan.ts'
import { CALM_NETWORK } from '../../src/simulator/world/virtual-network.ts'
import { deeper, IS_DEEP } from '../kit/depth.ts'

const PRIMARY = 0 as ReplicaId
const SLEEPER = 2 as ReplicaId

/** Every replica loses its power again and again, all within a few milliseconds of each other. */
function powerFailures(plan: Plan): Plan {
  const random = createRandom(plan.seed)
  const faults: Fault[] = []
  for (let atMs = 30; atMs < plan.calmAtMs - 100; atMs += random.between(50, 200)) {
    for (const replica of replicaIds(plan.n)) {
      const downAtMs = atMs + random.below(5)
      faults.push({ kind: 'crash', replica, losesSent: random.chance(0.5), atMs: downAtMs })
      faults.push({ kind: 'restart', replica, atMs: downAtMs + random.between(0, 40) })
    }
  }
  return { ...withoutFaults(plan), faultyMax: plan.n, faults: faults.sort((a, b) => a.atMs - b.atMs) }
}

describe('outages', () => {
  it('PBFT-6: nothing is forgotten when all replicas lose their power at once', () => {
    for (let seed = 1; seed <= deeper(1, 10); seed++) {
      const result = simulateSwarm({ seed, n: 4, plan: powerFailures(drawSwarmPlan(seed, 4)) })
      expect(result.explanation, `seed ${seed}`).toEqual([])
      expect(result.restarts).toBeGreaterThan(0)
    }
  })

  it.runIf(IS_DEEP)(
    'PBFT-1.11: a replica that slept through more than the log window gets level from the logs of the others',
    () => {
      const drawn = drawSwarmPlan(1, 4)
      const plan: Plan = {
        ...withoutFaults(drawn),
        faultyMax: 4,
        network: CALM_NETWORK,
        disk: { syncMs: [0.5, 1], readMs: 1, isTornAtCrash: true },
        workload: { ...drawn.workload, requestsPerClient: 150, openMax: 2, burstMax: 2, pauseMsMax: 4 },
        faults: [
          { kind: 'crash', replica: SLEEPER, losesSent: true, atMs: 20 },
          // What served the sleeper has nothing in memory either.
          { kind: 'crash', replica: PRIMARY, losesSent: true, atMs: 2_999 },
        ],
        calmAtMs: 3_000,
      }
      const result = simulateSwarm({ seed: 1, n: 4, plan })
      expect(result.explanation).toEqual([])
      expect(result.batches).toBeGreaterThan(LOG_WINDOW)
    },
  )
})
