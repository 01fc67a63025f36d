import { describe, expect, it } from 'vitest'
import { drawSwarmPlan, SWARM, simulateSwarm } from '../../attacks/run/simulated/swarm.ts'
import { runSwarm } from '../../attacks/run/simulated/swarm-campaign.ts'
import type { ReplicaId, Sequence } from '../../src/base/ids.ts'
import { faultsMax } from '../../src/base/quorum.ts'
import type { AuthenticationMode } from '../../src/messages/cluster.ts'
import { type Fault, type Plan, traitorsOf, withoutFaults } from '../../src/simulator/plan/plan.ts'
import { decodePlan, encodePlan } from '../../src/simulator/plan/plan-file.ts'
import { SCENARIOS } from '../../src/simulator/runs/scenarios.ts'
import { shrink } from '../../src/simulator/runs/shrink.ts'
import { runTwinsCampaign } from '../../src/simulator/runs/twins.ts'
import { StepRecorder, sequenceDiagram } from '../../src/simulator/trace/sequence-diagram.ts'
import type { Sabotage } from '../../src/simulator/world/virtual-replica.ts'
import { deeper, IS_DEEP } from '../kit/depth.ts'

/** Kinds that every plan may draw. */
const FAULT_KINDS: readonly Fault['kind'][] = [
  'crash',
  'crash-within',
  'restart',
  'lose-disk',
  'rot-log',
  'copy-disk',
  'old-disk',
  'rot-pages',
  'fill-disk',
  'slow-disk',
  'fast-disk',
  'pause',
  'resume',
  'set-clock',
  'restart-client',
  'twin-client',
  'cut',
  'mend',
  'clog',
  'unclog',
  'clog-node',
  'unclog-node',
  'partition',
  'lull',
  'storm',
]

/** Of each mode. */
const PLANS = deeper(300, 2_000)

describe('a seed decides everything', () => {
  it.runIf(IS_DEEP)('gives the same trace twice', () => {
    for (const seed of [11, 12]) {
      const first = simulateSwarm({ seed, n: 4 })
      const second = simulateSwarm({ seed, n: 4 })
      expect(second).toEqual(first)
      expect(first.traceHash).toMatch(/^[0-9a-f]{32}$/)
    }
  })

  it('gives another trace for another seed or another size', () => {
    const results = [
      ...deeper([33, 46], [1, 21]).map((seed) => simulateSwarm({ seed, n: 4 })),
      ...deeper([], [simulateSwarm({ seed: 1, n: 7 })]),
    ]
    expect(results.flatMap(({ explanation }) => explanation)).toEqual([])
    expect(new Set(results.map(({ traceHash }) => traceHash)).size).toBe(results.length)
  })

  it('has the same outcome with and without a reader of the trace', () => {
    const lines: string[] = []
    const { traceHash } = simulateSwarm({ seed: 33, n: 4, trace: (line) => lines.push(line) })
    expect(simulateSwarm({ seed: 33, n: 4 }).traceHash).toBe(traceHash)
    expect(
      lines.some((line) => /replica \d {2}received pre-prepare of 0 v 0 s 1 [0-9a-f]{8}/.test(line)),
    ).toBe(true)
  })
})

describe('a plan', () => {
  it('has no more traitors than f, nor a fault after the calm; each kind of fault is drawn, and often not', () => {
    const plansOf = (mode: AuthenticationMode) =>
      Array.from({ length: PLANS }, (_, seed) => drawSwarmPlan(seed, undefined, mode))
    const seen = new Map<string, number>()
    for (const plan of [...plansOf('signed'), ...plansOf('oral')]) {
      const { n, mode, faults, calmAtMs, staysDown, faultyMax, seed } = plan
      const mayFail = plan.reads === 'unordered' || plan.votes === 'unsynced'
      // An outage of many is drawn only with reads or votes that could show what it takes.
      expect([faultsMax(n), ...(mayFail ? [n] : [])]).toContain(faultyMax)
      expect(traitorsOf(plan).length, `seed ${seed}`).toBeLessThanOrEqual(faultsMax(n))
      expect(new Set(staysDown).size).toBeLessThanOrEqual(n)
      expect(faults.every(({ atMs }) => atMs < calmAtMs)).toBe(true)
      expect(faults.every(({ atMs }, index) => atMs >= (faults[index - 1]?.atMs ?? 0))).toBe(true)
      for (const kind of new Set(faults.map((each) => (each.kind === 'turn' ? each.traitor : each.kind)))) {
        const modes = SWARM.drawn.find(({ name }) => name === kind)?.modes ?? [mode]
        expect(modes, `${kind} of seed ${seed}`).toContain(mode)
        seen.set(kind, (seen.get(kind) ?? 0) + 1)
      }
    }
    for (const { name } of SWARM.drawn) expect(seen.get(name) ?? 0, name).toBeGreaterThan(0)
    for (const name of FAULT_KINDS) {
      expect(seen.get(name) ?? 0, name).toBeGreaterThan(PLANS / 100)
      expect(seen.get(name) ?? 0, name).toBeLessThan(1.8 * PLANS)
    }
  })

  it('is the same after it was written to a file and read', () => {
    for (let seed = 0; seed < 20; seed++) {
      const plan = drawSwarmPlan(seed)
      expect(decodePlan(encodePlan(plan), SWARM)).toEqual(plan)
    }
  })

  it('is refused with a sentence when its file is wrong', () => {
    const plan = drawSwarmPlan(1, 4)
    const wrong = (change: object) => decodePlan(encodePlan({ ...plan, ...change } as Plan), SWARM)
    expect(decodePlan('{', SWARM)).toBe('It is not JSON.')
    expect(decodePlan('{"format":"another"}', SWARM)).toContain('It is no plan')
    expect(wrong({ n: 5 })).toContain('no n')
    expect(wrong({ calmAtMs: -1 })).toContain('calmAtMs')
    expect(wrong({ clocks: [] })).toContain('clocks')
    const faults = [{ kind: 'crash', replica: 9, losesSent: true, atMs: 1 }]
    expect(wrong({ faults })).toContain('Fault 1 names no replica')
    const unknown = { kind: 'turn', replica: 1, traitor: 'nobody', number: 1, atMs: 1 }
    expect(wrong({ faults: [unknown] })).toBe(
      'Fault 1 names "nobody", which is no attack that replicas play.',
    )
  })

  it('never lets more replicas be faulty at once than it may', () => {
    const plan = withoutFaults(drawSwarmPlan(3, 4))
    const crash = (replica: number): Fault => ({
      kind: 'crash',
      replica: replica as ReplicaId,
      losesSent: true,
      atMs: 50 + replica,
    })
    const lines: string[] = []
    const faults = [crash(1), crash(2), crash(3)]
    const result = simulateSwarm({ seed: 3, plan: { ...plan, faults }, trace: (line) => lines.push(line) })
    expect(result.explanation).toEqual([])
    expect(lines.filter((line) => line.includes('no room in f for'))).toHaveLength(2)
  })
})

describe('the power fails within a turn', () => {
  for (const point of deeper(['append', 'send'] as const, ['append', 'sync', 'send', 'execute'] as const)) {
    it(`at a point of kind ${point}, and the replica comes back`, () => {
      const plan = { ...withoutFaults(drawSwarmPlan(4, 4)), calmAtMs: 900 }
      const replica = 1 as ReplicaId
      const faults: readonly Fault[] = [
        { kind: 'crash-within', replica, point, after: 1, losesSent: false, atMs: 100 },
        { kind: 'restart', replica, atMs: 700 },
      ]
      const result = simulateSwarm({ seed: 4, plan: { ...plan, faults } })
      expect(result.explanation).toEqual([])
      expect(result.restarts).toBe(1)
    })
  }
})

/** Those that every change is tried with; the deep run takes all. */
const TELLING = ['power-failures', 'isolated-primary']

describe('scenarios written by hand', () => {
  for (const { name, does, plan } of SCENARIOS.filter((each) => IS_DEEP || TELLING.includes(each.name))) {
    it(`${name}: ${does}`, () => {
      expect(simulateSwarm({ seed: plan.seed, plan }).explanation).toEqual([])
    })
  }
})

describe('a failure', () => {
  it('is shrunk to what it needs, drawn, and fails again from its file', () => {
    const forgetful: Sabotage = {
      step: (replica, protocol) => (state, event) => {
        const effects = protocol(state, event)
        if (replica === 1 && state.ordering.lastExecuted === 2) state.ordering.lastExecuted = 0 as Sequence
        return effects
      },
    }
    const first = simulateSwarm({ seed: 11, n: 4, sabotage: forgetful })
    expect(first.verdict).toBe('safety')
    const fails = (plan: Plan): boolean =>
      simulateSwarm({ seed: 11, plan, sabotage: forgetful }).violation?.name === first.violation?.name
    const { plan, tries } = shrink(first.plan, fails, 100)
    expect(tries).toBeLessThanOrEqual(100)
    expect(plan.faults).toEqual([])
    expect(plan.workload.clients * plan.workload.requestsPerClient).toBeLessThan(12)
    expect(fails(decodePlan(encodePlan(plan), SWARM) as Plan)).toBe(true)
    const recorder = new StepRecorder(10)
    simulateSwarm({ seed: 11, plan, sabotage: forgetful, onStep: recorder.note })
    const [head, ...lines] = sequenceDiagram(recorder.steps, 4)
    expect(head).toMatch(/ms {2}R0 +R1 +R2 +R3/)
    expect(lines.some((line) => /[o][-]*>|<[-]*o/.test(line))).toBe(true)
    expect(lines.some((line) => line.includes('received'))).toBe(true)
  })
})

const TWINS_SCENARIOS = deeper(1, 6)

describe('twins', () => {
  it('equivocate, and safety holds', () => {
    const result = runTwinsCampaign({ n: 4, scenariosMax: TWINS_SCENARIOS })
    expect(result).toMatchObject({ scenarios: TWINS_SCENARIOS, failed: 0 })
    expect(result.viewsMax).toBeGreaterThan(0)
  })
})

describe('a campaign', () => {
  it('runs a range of seeds, some of them twice, and reports progress', async () => {
    const progress: number[] = []
    const result = await runSwarm({
      from: 31,
      to: 33,
      n: 4,
      seedsPerRange: 2,
      repeatedShare: 0.3,
      // `seeds.test.ts` has threads of its own.
      ...deeper({ workers: 0 }, {}),
      onProgress: ({ done, total }) => progress.push(done / total),
    })
    expect(result).toMatchObject({ verdict: 'held', done: 3, total: 3, failed: 0, repeated: 1 })
    expect(result.failures).toEqual([])
    expect(result.divergences).toEqual([])
    expect(result.seedsPerSecond).toBeGreaterThan(0)
    expect(result.virtualSecondsPerSecond).toBeGreaterThan(0)
    // Whichever of the two ranges is done first.
    expect([
      [2 / 3, 1],
      [1 / 3, 1],
    ]).toContainEqual(progress)
  })

  it.runIf(IS_DEEP)('runs in one thread the same as in several', async () => {
    const run = async (workers: number) => {
      const result = await runSwarm({
        from: 31,
        to: 32,
        n: 4,
        seedsPerRange: 1,
        repeatedShare: 0,
        workers,
      })
      return [result.verdict, result.done, result.steps, result.requests, result.restarts, result.doneMsMax]
    }
    expect(await run(0)).toEqual(await run(2))
  })
})
