import { describe, expect, it } from 'vitest'
import { drawSwarmPlan, SWARM, simulateSwarm } from '../../attacks/run/simulated/swarm.ts'
import { replicaIds } from '../../src/base/ids.ts'
import { REQUEST_TIMEOUT_TICKS } from '../../src/pbft/parameters.ts'
import { TICK_MS } from '../../src/runtime/tick.ts'
import { inOrder, type Plan } from '../../src/simulator/plan/plan.ts'
import { decodePlan, encodePlan } from '../../src/simulator/plan/plan-file.ts'
import { quietPhaseOf } from '../../src/simulator/plan/quiet-phase.ts'
import { deeper, IS_DEEP } from '../kit/depth.ts'

const PLANS = deeper(500, 1_000)
const TIMER_MS = REQUEST_TIMEOUT_TICKS * TICK_MS

describe('a quiet phase', () => {
  it('is in some plans, lasts several timers, and nothing strikes in it', () => {
    let quiet = 0
    let idle = 0
    let followed = 0
    for (let seed = 0; seed < PLANS; seed++) {
      const plan = drawSwarmPlan(seed)
      const phase = quietPhaseOf(plan)
      if (phase === null) continue
      const { fromMs, untilMs, isIdle } = phase
      quiet++
      if (isIdle) idle++
      expect(untilMs - fromMs).toBeGreaterThanOrEqual(3 * TIMER_MS)
      expect(untilMs).toBeLessThan(plan.calmAtMs)
      const others = plan.faults.filter(({ kind }) => kind !== 'lull' && kind !== 'storm')
      expect(others.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs)).toEqual([])
      if (others.some(({ atMs }) => atMs >= untilMs)) followed++
      expect(decodePlan(encodePlan(plan), SWARM)).toEqual(plan)
    }
    expect(quiet).toBeGreaterThan(PLANS / 20)
    expect(quiet).toBeLessThan(PLANS / 5)
    expect(idle).toBeGreaterThan(quiet / 4)
    expect(followed).toBeGreaterThan(quiet / 2)
  })

  /** Everything is down or cut until a lull, and again from the storm on. */
  function interrupted(isIdle: boolean): Plan {
    const plan = drawSwarmPlan(5, 4)
    const cut = replicaIds(4).map((id) => 1 << id)
    return {
      ...plan,
      network: { delayMs: [1, 2], loss: 1, duplication: 0, reordering: 0 },
      staysDown: [],
      workload: { ...plan.workload, pauseMsMax: 200, burstMax: 2, openMax: 2, requestsPerClient: 40 },
      faults: inOrder([
        { kind: 'crash', replica: replicaIds(4)[1] ?? (0 as never), losesSent: true, atMs: 50 },
        { kind: 'partition', reach: cut, atMs: 60 },
        { kind: 'lull', isIdle, atMs: 300 },
        { kind: 'storm', atMs: 3_300 },
      ]),
      calmAtMs: 4_000,
    }
  }

  it('heals everything, answers what waited, and lets the faults return', () => {
    const { explanation, history, restarts } = simulateSwarm({ seed: 5, plan: interrupted(false) })
    expect(explanation).toEqual([])
    expect(restarts).toBe(1)
    const answered = history.map(({ answeredAtMs }) => answeredAtMs ?? 0)
    expect(answered.filter((atMs) => atMs < 300)).toEqual([])
    expect(answered.filter((atMs) => atMs > 300 && atMs < 3_300).length).toBeGreaterThan(20)
    expect(answered.filter((atMs) => atMs > 3_310 && atMs < 4_000)).toEqual([])
  })

  it.runIf(IS_DEEP)('leaves the cluster idle where it says so', () => {
    const { explanation, history } = simulateSwarm({ seed: 5, plan: interrupted(true) })
    expect(explanation).toEqual([])
    const asked = history.filter(({ invokedAtMs }) => invokedAtMs > 1_300 && invokedAtMs < 3_300)
    expect(asked).toEqual([])
    expect(history.some(({ invokedAtMs }) => invokedAtMs >= 3_300)).toBe(true)
  })
})
