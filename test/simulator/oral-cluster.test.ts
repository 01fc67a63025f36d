/** Production replicas and clients of oral mode on virtual time: what is signed, and what has MACs. */
import { describe, expect, test } from 'vitest'
import { drawSwarmPlan, simulateSwarm } from '../../attacks/run/simulated/swarm.ts'
import { MeasuredCluster } from '../../src/costs/measured-cluster.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { epochOf } from '../../src/messages/macs.ts'
import { EPOCH_TICKS } from '../../src/runtime/authentication/pairwise-keys.ts'
import { withoutFaults } from '../../src/simulator/plan/plan.ts'
import { SCENARIOS } from '../../src/simulator/runs/scenarios.ts'
import { EPOCH_MS } from '../../src/simulator/world/virtual-clock.ts'
import { deeper, IS_DEEP } from '../kit/depth.ts'

function orderedBy(
  mode: 'signed' | 'oral',
  n: number,
  requests: 'signed' | 'oral' = 'signed',
): MeasuredCluster {
  const cluster = new MeasuredCluster({
    n,
    mode,
    requests,
    suite: suiteNamed('sodium'),
    clients: 1,
    checkpointInterval: 128,
    chains: [],
    countsCrypto: true,
  })
  cluster.ask()
  cluster.runUntilAnswered()
  cluster.settle()
  cluster.reset()
  cluster.ask()
  cluster.runUntilAnswered()
  cluster.settle()
  return cluster
}

const countsOf = (counts: ReadonlyMap<string, number>): Record<string, number> => Object.fromEntries(counts)

describe.each([4, 7])('oral mode, n = %i', (n) => {
  const { crypto, replicas } = orderedBy('oral', n)

  test('a put is ordered and answered; nothing but the request is signed', () => {
    expect(new Set(replicas.map(({ state }) => state.ordering.lastExecuted))).toEqual(new Set([2]))
    expect(countsOf(crypto.made)).toEqual({ request: 1 })
    expect([...crypto.checked.keys()]).toEqual(['request'])
  })

  test('each replica makes n - 1 MACs for a message to all, and each receiver checks its own', () => {
    expect(countsOf(crypto.macsMade)).toEqual({
      'pre-prepare': n - 1,
      prepare: (n - 1) * (n - 1),
      commit: n * (n - 1),
      reply: n,
    })
    const { 'pre-prepare': prePrepares, prepare, commit, reply } = countsOf(crypto.macsChecked)
    expect(prePrepares).toBe(n - 1)
    // Votes and replies that come when there are enough are not worth a check.
    expect(prepare).toBeLessThanOrEqual((n - 1) * (n - 1))
    expect(commit).toBeLessThanOrEqual(n * (n - 1))
    expect(reply).toBeLessThanOrEqual(n)
    expect(crypto.macs).toBe(
      [...crypto.macsMade.values(), ...crypto.macsChecked.values()].reduce((sum, count) => sum + count, 0),
    )
  })
})

test.each([4, 7])(
  'requests with MACs, n = %i: nothing at all is signed, and every replica checks its MAC',
  (n) => {
    const { crypto, replicas } = orderedBy('oral', n, 'oral')
    expect(new Set(replicas.map(({ state }) => state.ordering.lastExecuted))).toEqual(new Set([2]))
    expect(countsOf(crypto.made)).toEqual({})
    expect(crypto.macsMade.get('request')).toBe(n)
    expect(crypto.macsChecked.get('request')).toBe(n)
  },
)

test('signed mode makes no MAC inside a message', () => {
  expect(orderedBy('signed', 4).crypto.macs).toBe(0)
})

test('keys are renewed under load without a refusal', () => {
  const epochMs = EPOCH_TICKS * 10
  const plan = withoutFaults(drawSwarmPlan(3, 4, 'oral'))
  // The next epoch begins in the middle of the load.
  const skewMs = epochMs - (EPOCH_MS % epochMs) - plan.calmAtMs / 2
  const clock = { skewMs, rate: 1 }
  const epochs = new Set<number>()
  const rejected: string[] = []
  const { verdict } = simulateSwarm({
    seed: 3,
    plan: { ...plan, clocks: plan.clocks.map(() => ({ storm: clock, calm: clock })) },
    onRejected: (_, { reason }) => rejected.push(reason),
    onStep: ({ event }) => {
      if (event.kind !== 'received' || event.message.kind !== 'commit') return
      epochs.add(epochOf(event.message.authentication))
    },
  })
  expect(verdict).toBe('held')
  expect(rejected.filter((reason) => reason.includes('mac'))).toEqual([])
  const first = Math.floor((EPOCH_MS + skewMs) / epochMs)
  expect([...epochs].sort()).toEqual([first, first + 1])
})

test.each(deeper([2], [2, 3, 5, 8, 13]))('requests with MACs, through whatever seed %i draws', (seed) => {
  const { verdict, explanation } = simulateSwarm({
    seed,
    plan: { ...drawSwarmPlan(seed, 4, 'oral'), requests: 'oral' },
  })
  expect([verdict, explanation]).toEqual(['held', []])
})

/** Those that depend most on what replaces certificates; `simulate --scenarios --auth oral` runs all. */
const VOUCHED = ['lone-certificate', 'forgotten-certificates', 'lost-disk', 'sleeper-leads']

test.runIf(IS_DEEP).each(SCENARIOS.filter(({ name }) => VOUCHED.includes(name)))(
  '$name: $does',
  ({ plan }) => {
    const { verdict, explanation } = simulateSwarm({ seed: plan.seed, plan: { ...plan, mode: 'oral' } })
    expect([verdict, explanation]).toEqual(['held', []])
  },
)
