/** Interventions: what somebody who looks on does to single frames, kept in the plan and repeated by it. */
import { describe, expect, test } from 'vitest'
import { drawSwarmPlan, SWARM } from '../../attacks/run/simulated/swarm.ts'
import { kindIn } from '../../src/messages/frame.ts'
import { type Plan, withoutFaults } from '../../src/simulator/plan/plan.ts'
import { decodePlan, encodePlan } from '../../src/simulator/plan/plan-file.ts'
import { simulate, startSimulation } from '../../src/simulator/runs/simulate.ts'
import type { FrameIntervention, SentFrame } from '../../src/simulator/world/frame-traffic.ts'
import { CALM_NETWORK } from '../../src/simulator/world/virtual-network.ts'

const DRAWN = withoutFaults(drawSwarmPlan(3, 4))
const PLAN: Plan = {
  ...DRAWN,
  workload: { ...DRAWN.workload, clients: 1, requestsPerClient: 6 },
  network: CALM_NETWORK,
  suite: 'simulated',
  calmAtMs: 100,
}

/** All frames of a run, the times at which they arrived, and its result. */
function watched(plan: Plan) {
  const sent: SentFrame[] = []
  const arrived = new Map<number, number>()
  const result = simulate({
    seed: plan.seed,
    plan,
    traffic: { onSent: (frame) => sent.push(frame), onArrived: (number, atMs) => arrived.set(number, atMs) },
  })
  return { sent, arrived, result }
}

/** The hash of the trace when this time is reached, and the frames sent so far. */
function hashBefore(plan: Plan, atMs: number): string {
  const simulation = startSimulation({ seed: plan.seed, plan })
  let hash = ''
  while (simulation.time.now < atMs) {
    hash = simulation.trace.hash
    if (!simulation.next()) break
  }
  return hash
}

describe('a run whose frames are watched', () => {
  const { sent, arrived, result } = watched(PLAN)

  test('is the same run', () => {
    expect(result.traceHash).toBe(simulate({ seed: PLAN.seed, plan: PLAN }).traceHash)
    expect(result.verdict).toBe('held')
  })

  test('its frames are numbered in their order, and arrive when they were said to', () => {
    expect(sent.map(({ number }) => number)).toEqual(sent.map((_, index) => index))
    expect(arrived.size).toBeGreaterThan(50)
    for (const { number, arrivesAtMs } of sent) {
      if (arrived.has(number)) expect(arrived.get(number)).toBeCloseTo(arrivesAtMs ?? -1, 6)
    }
  })

  const prepare = sent.find(({ frame, to }) => kindIn(frame) === 'prepare' && to.kind === 'replica')
  if (prepare === undefined || prepare.arrivesAtMs === null) throw new Error('no PREPARE was sent')
  const { number, arrivesAtMs, sentAtMs } = prepare

  test.each<[FrameIntervention, number | undefined]>([
    [{ frame: number, does: 'drop' }, undefined],
    [{ frame: number, does: 'delay', byMs: 40 }, arrivesAtMs + 40],
    [{ frame: number, does: 'deliver', atMs: sentAtMs + 0.25 }, sentAtMs + 0.25],
  ])('%j changes that frame, and nothing before it', (intervention, expected) => {
    const plan = { ...PLAN, interventions: [intervention] }
    const other = watched(plan)
    expect(other.result.verdict).toBe('held')
    expect(other.result.traceHash).not.toBe(result.traceHash)
    const at = other.arrived.get(number)
    if (expected === undefined) expect(at).toBeUndefined()
    else expect(at).toBeCloseTo(expected, 6)
    const changedAtMs = Math.min(arrivesAtMs, expected ?? arrivesAtMs)
    expect(hashBefore(plan, changedAtMs)).toBe(hashBefore(PLAN, changedAtMs))
    expect(hashBefore(plan, changedAtMs)).not.toBe('')
  })

  test('they are part of the plan as text', () => {
    const plan: Plan = { ...PLAN, interventions: [{ frame: number, does: 'delay', byMs: 1.5 }] }
    expect(decodePlan(encodePlan(plan), SWARM)).toEqual(plan)
  })

  test.each([
    ['{}', '"interventions" must be a list.'],
    ['[{"frame":-1,"does":"drop"}]', 'Intervention 1 has no number in "frame".'],
    ['[{"frame":1,"does":"burn"}]', /Intervention 1 neither drops/],
    ['[{"frame":1,"does":"delay","byMs":"1"}]', /Intervention 1 neither drops/],
    ['[null]', /Intervention 1 has no number/],
  ])('%s is refused with a sentence', (interventions, sentence) => {
    const text = encodePlan(PLAN).replace('"faults"', `"interventions": ${interventions}, "faults"`)
    expect(decodePlan(text, SWARM)).toMatch(sentence)
  })
})
