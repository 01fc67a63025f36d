import { describe, expect, it } from 'vitest'
import { simulateSwarm } from '../../attacks/run/simulated/swarm.ts'
import type { ClientId, Timestamp } from '../../src/base/ids.ts'
import type { Checker } from '../../src/simulator/checkers/checker.ts'
import { createCheckers } from '../../src/simulator/checkers/invariant-monitor.ts'
import { linearizable } from '../../src/simulator/checkers/linearizable.ts'
import { totalOrder } from '../../src/simulator/checkers/total-order.ts'
import { drawPlan } from '../../src/simulator/plan/draw-plan.ts'
import { type Plan, withoutFaults } from '../../src/simulator/plan/plan.ts'
import { CALM_NETWORK } from '../../src/simulator/world/virtual-network.ts'
import { IS_DEEP } from '../kit/depth.ts'
import { PLANTED_VIOLATIONS } from './sabotages.ts'

const SEED = 7

/** A plan without faults: what is seen then comes from the sabotage alone. */
const quietPlan = (): Plan => ({ ...withoutFaults(drawPlan(SEED, 4)), network: CALM_NETWORK })

describe('every checker sees the violation that is planted for it', () => {
  for (const {
    invariant,
    name,
    what,
    sabotage,
    isSeenByThisOnly,
    alsoSeenBy,
    says = '',
  } of PLANTED_VIOLATIONS) {
    it(`${invariant}, ${name}: ${what}`, () => {
      const options = { seed: SEED, n: 4, plan: quietPlan() }
      const result = simulateSwarm({ ...options, sabotage, invariants: [invariant] })
      expect(result.verdict).toBe('safety')
      expect(result.violation).toMatchObject({ invariant, name })
      expect(result.violation?.explanation).toContain(says)
      expect(result.explanation.join('\n')).toContain(`strategos simulate --seed ${SEED} --replicas 4`)
      if (!IS_DEEP) return
      // Together with all the others something is seen as well, perhaps by another checker that is earlier.
      const { verdict, violation } = simulateSwarm({ ...options, sabotage })
      expect(verdict).toBe('safety')
      if (isSeenByThisOnly) expect([name, alsoSeenBy]).toContain(violation?.name)
    })
  }

  it('holds where nothing is planted', () => {
    expect(simulateSwarm({ seed: SEED, n: 4, plan: quietPlan() }).explanation).toEqual([])
  })

  it('has a planted violation for every checker there is', () => {
    // The linearizable one sees what a replica executed, and no sabotage of a replica answers otherwise: see below. What
    // shows health is wrong for long, which true-health.test.ts lets it be.
    const planted = new Set([...PLANTED_VIOLATIONS.map(({ name }) => name), 'linearizable', 'true health'])
    const checkers = createCheckers({ n: 4, clients: 3, isCorrect: () => true, now: () => 0 })
    expect(checkers.map(({ name }) => name).filter((name) => !planted.has(name))).toEqual([])
  })

  it('2, total order: a sequence number left out', () => {
    const checker = totalOrder()
    const seen = { replica: 0, incarnation: 1, batch: {}, outcomes: [], application: {} }
    const execute = (sequence: number) =>
      checker.onExecuted?.({ ...seen, sequence } as unknown as Parameters<
        NonNullable<Checker['onExecuted']>
      >[0])
    expect(execute(1)).toBeNull()
    expect(execute(3)).toBe('executed 3 where 2 is next')
  })

  describe('13, linearizable', () => {
    const client = 'c'.repeat(64) as ClientId
    const results = Uint8Array.of(1)
    const operations = new Uint8Array(0)
    const requestDigest = new Uint8Array(32)

    function createHistory() {
      const checker = linearizable()
      const seen = (timestamp: number) => ({ client, timestamp: timestamp as Timestamp })
      return {
        ask: (timestamp: number) => checker.onRequest?.({ ...seen(timestamp), requestDigest, operations }),
        execute(timestamp: number, sequence: number) {
          const outcome = { ...seen(timestamp), results, standing: 'new' }
          const batch = { requests: [{ digest: requestDigest }] }
          const executed = {
            ...{ replica: 0, incarnation: 1, isRestored: false, sequence },
            ...{ batch, outcomes: [outcome] },
          }
          checker.onExecuted?.(executed as unknown as Parameters<NonNullable<Checker['onExecuted']>>[0])
        },
        answer: (timestamp: number, given = results) =>
          checker.onAnswer?.({ ...seen(timestamp), requestDigest, results: given }),
      }
    }

    it('holds while each answer has its place, requests that overlap in either order', () => {
      const { ask, execute, answer } = createHistory()
      for (const timestamp of [1, 2]) ask(timestamp)
      execute(2, 1)
      execute(1, 2)
      expect([answer(1), answer(2)]).toEqual([null, null])
    })

    it('sees an answer that no replica executed, and one that differs from the execution', () => {
      const { ask, execute, answer } = createHistory()
      ask(1)
      expect(answer(1)).toContain('no correct replica had executed it')
      execute(1, 1)
      expect(answer(1, Uint8Array.of(2))).toContain('differs from the result of its execution')
    })

    it('sees an answer from before one that was there when the request was sent', () => {
      const { ask, execute, answer } = createHistory()
      ask(1)
      execute(2, 4)
      execute(1, 5)
      expect(answer(1)).toBeNull()
      ask(2)
      expect(answer(2)).toContain('was executed at 4, and sent after an answer from 5')
    })
  })
})

describe('what is not a violation of safety', () => {
  it.runIf(IS_DEEP)('is stuck, and the run says which requests wait and what each replica has', () => {
    const result = simulateSwarm({
      seed: SEED,
      n: 4,
      plan: quietPlan(),
      sabotage: {
        step: (_replica, protocol) => (state, event) =>
          protocol(state, event).filter(
            (effect) => effect.kind !== 'broadcast' || effect.outgoing.kind !== 'commit',
          ),
      },
    })
    expect(result.verdict).toBe('liveness')
    expect(result.violation).toBeNull()
    const explanation = result.explanation.join('\n')
    expect(explanation).toMatch(/client 0 waits for request 1 since \d+ ms: \d+ retransmissions/)
    expect(explanation).toMatch(
      /replica 3, start 1: view \d+, h 0, executed 0, .*waits \d+ of \d+ ticks for request \d+ .*slots \{1: accepted prepared, 2 prepares, 0 commits, lacks \[0,1,2,3\]/,
    )
  })

  it('breaks, and the run reports where', () => {
    const result = simulateSwarm({
      seed: SEED,
      n: 4,
      plan: quietPlan(),
      sabotage: {
        step: (replica, protocol) => (state, event) => {
          if (replica === 2 && event.kind === 'persisted') throw new Error('planted failure')
          return protocol(state, event)
        },
      },
    })
    expect(result.verdict).toBe('broke')
    expect(result.explanation.join('\n')).toContain('planted failure')
  })
})
