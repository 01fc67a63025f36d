/** A run stopped after some steps, and the page that opens it. */
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { drawSwarmPlan, SWARM } from '../../attacks/run/simulated/swarm.ts'
import { type Plan, withoutFaults } from '../../src/simulator/plan/plan.ts'
import { encodePlan } from '../../src/simulator/plan/plan-file.ts'
import { decodePlanLink, encodePlanLink } from '../../src/simulator/plan/plan-link.ts'
import { simulate } from '../../src/simulator/runs/simulate.ts'
import type { Moment } from '../../src/simulator/trace/moment.ts'
import { runHere, Scratch } from './command-kit.ts'

const scratch = new Scratch()
afterAll(() => scratch.remove())

const DRAWN = withoutFaults(drawSwarmPlan(3, 4))
const PLAN: Plan = {
  ...DRAWN,
  suite: 'simulated',
  calmAtMs: 100,
  workload: { ...DRAWN.workload, clients: 1, requestsPerClient: 3, pauseMsMax: 10 },
}
const file = scratch.path('plan.json')
writeFileSync(file, encodePlan(PLAN))

async function momentAt(steps: number): Promise<Moment> {
  const { stdout, code } = await runHere(['simulate', '--plan', file, '--steps', `${steps}`, '--json'])
  expect(code).toBe(0)
  return JSON.parse(stdout) as Moment
}

describe('--steps', () => {
  test('stops where the run is after so many steps, and at the end of a shorter one', async () => {
    const hashes: string[] = []
    const { traceHash, steps } = simulate({
      seed: PLAN.seed,
      plan: PLAN,
      onStep: () => hashes.push(''),
    })
    expect(hashes).toHaveLength(steps)
    const [first, again] = [await momentAt(60), await momentAt(60)]
    expect(first).toEqual(again)
    // A replica that rested takes the steps of its ticks together.
    expect(first.steps).toBeGreaterThanOrEqual(60)
    const later = await momentAt(first.steps + 1)
    expect(later.traceHash).not.toBe(first.traceHash)
    expect((await momentAt(10_000_000)).traceHash).toBe(traceHash)
  })

  test('shows where each replica stands', async () => {
    const moment = await momentAt(10_000_000)
    const fingerprints = moment.replicas.map(({ state }) => state?.fingerprint)
    expect(moment.replicas).toHaveLength(4)
    expect(new Set(fingerprints).size).toBe(1)
    expect(moment.replicas[0]?.state?.lastExecuted).toBeGreaterThan(0)
    const { stdout } = await runHere(['simulate', '--plan', file, '--steps', '60'])
    expect(stdout).toMatch(
      /^6\d steps, [\d.]+ virtual ms, trace [0-9a-f]{32}\n\nreplica +view +executed +state +open\n0 /,
    )
  })
})

describe('the playground', () => {
  test('is written with the run in it, under the policy that it was built with', async () => {
    const page = scratch.path('run.html')
    const { code, stderr } = await runHere(['simulate', '--plan', file, '--playground', page])
    expect([code, stderr]).toEqual([0, `${page} is the playground with this run: open it in a browser.\n`])
    const html = readFileSync(page, 'utf8')
    const [, text = ''] = /<meta name="opened-at" content="([^"]+)">/.exec(html) ?? []
    expect(decodePlanLink(text.replaceAll('&amp;', '&'), SWARM)).toEqual({
      plan: PLAN,
      step: 0,
      level: null,
    })
  })

  test('a link holds a plan, a step and a level, and nothing else passes for one', () => {
    const run = { plan: PLAN, step: 7, level: 'crash' }
    const text = encodePlanLink(run)
    expect(text).toMatch(/^[\w=&-]+$/)
    expect(decodePlanLink(text, SWARM)).toEqual(run)
    expect(decodePlanLink('', SWARM)).toBeNull()
    expect(decodePlanLink('step=1', SWARM)).toBeNull()
    expect(decodePlanLink('plan=*', SWARM)).toMatch(/not whole/)
    expect(decodePlanLink('plan=e30', SWARM)).toMatch(/cannot be run/)
    expect(decodePlanLink(text.replace('step=7', 'step=-1'), SWARM)).toMatchObject({ step: 0 })
  })
})
