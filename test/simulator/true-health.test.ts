/** The status that a client is told while nothing moves, and the checker that compares it with what happens. */
import { describe, expect, test } from 'vitest'
import { drawSwarmPlan, simulateSwarm } from '../../attacks/run/simulated/swarm.ts'
import { type Milliseconds, type ReplicaId, replicaIds, type Timestamp } from '../../src/base/ids.ts'
import { trueHealth } from '../../src/simulator/checkers/true-health.ts'
import { type Fault, type Plan, withoutFaults } from '../../src/simulator/plan/plan.ts'
import { CALM_NETWORK } from '../../src/simulator/world/virtual-network.ts'
import { createClusterKit } from '../kit/cluster-kit.ts'
import { IS_DEEP } from '../kit/depth.ts'
import { ReplicaUnderTest } from '../kit/replica-kit.ts'

const NOTHING = new Uint8Array(0)

/** Four replicas under a load that outlasts the faults. */
function planOf(faults: readonly Fault[]): Plan {
  const drawn = drawSwarmPlan(1, 4)
  return {
    ...withoutFaults(drawn),
    faultyMax: 4,
    network: CALM_NETWORK,
    disk: { syncMs: [0.5, 1], readMs: 1, isTornAtCrash: true },
    workload: {
      ...drawn.workload,
      clients: 2,
      requestsPerClient: 60,
      openMax: 2,
      burstMax: 2,
      pauseMsMax: 40,
    },
    faults,
    calmAtMs: 1_500,
  }
}

/** Their logs are removed; they start, and start again. */
const losing = (replicas: readonly number[]): readonly Fault[] =>
  (replicas as readonly ReplicaId[]).flatMap((replica): readonly Fault[] => [
    { kind: 'lose-disk', replica, atMs: 300 },
    { kind: 'restart', replica, atMs: 320 },
    { kind: 'crash', replica, losesSent: false, atMs: 500 },
    { kind: 'restart', replica, atMs: 520 },
  ])

test.runIf(IS_DEEP)(
  'two of four that lost their logs, started twice: nothing is served, and nobody is told that it is',
  () => {
    const result = simulateSwarm({ seed: 1, n: 4, plan: planOf(losing([1, 2])) })
    expect(result.violation).toBeNull()
    expect(result.verdict).toBe('liveness')
    expect(result.explanation.filter((line) => line.includes('amnesiac'))).toHaveLength(2)
  },
)

test.runIf(IS_DEEP)('one of four that lost its log: the others serve, and it heals', () => {
  const result = simulateSwarm({ seed: 1, n: 4, plan: planOf(losing([1])) })
  expect(result.explanation).toEqual([])
  expect(result.healed).toBe(1)
})

describe('the checker', () => {
  const kit = createClusterKit(4)
  const asked = {
    client: kit.clientId(0),
    timestamp: 1 as Timestamp,
    requestDigest: NOTHING,
    operations: NOTHING,
  }

  /**
   * Asks the correct replicas ten times in so many virtual milliseconds; `amnesiac` of them say that they lost their
   * data. The last `traitors` of four are not correct, and nothing is seen of them.
   */
  function judgedAfter(ms: number, amnesiac: number, answersEach: number, traitors = 0): string | null {
    let now = 0
    const checker = trueHealth(
      4,
      (id) => id < 4 - traitors,
      () => now,
    )
    const states = replicaIds(4 - traitors).map((id) => {
      const replica = new ReplicaUnderTest(kit, id)
      if (id < amnesiac) replica.state.recovery.health = 'amnesiac'
      return replica.state
    })
    const said: (string | null | undefined)[] = [checker.onRequest?.(asked)]
    for (let step = 1; step <= 10; step++) {
      now += ms / 10
      for (let count = 0; count < answersEach; count++) {
        said.push(checker.onAnswer?.({ ...asked, timestamp: 9 as Timestamp, results: NOTHING }))
      }
      for (const [replica, state] of states.entries()) {
        const event = { kind: 'ticked', now: 0 as Milliseconds } as const
        const seen = {
          incarnation: 1,
          isRecovering: false,
          effects: [],
          appendedRecords: 0,
          syncedRecords: 0,
        }
        said.push(checker.onStep?.({ replica: replica as ReplicaId, state, event, ...seen }))
      }
    }
    return said.find((each) => each !== null && each !== undefined) ?? null
  }

  test('sees the status `served` while nothing is served, after a grace period', () => {
    expect(judgedAfter(9_000, 1, 0)).toBeNull()
    expect(judgedAfter(30_000, 1, 0)).toContain('requests are served, and for 10000 ms none was')
    expect(judgedAfter(30_000, 2, 0)).toBeNull()
  })

  test('sees the status `stalled` while everything is served', () => {
    expect(judgedAfter(30_000, 1, 10)).toBeNull()
    expect(judgedAfter(30_000, 2, 10)).toContain('nothing is served')
  })

  test('ignores a service that depends on a traitor', () => {
    expect(judgedAfter(30_000, 1, 10, 1)).toBeNull()
    expect(judgedAfter(30_000, 2, 10, 1)).toContain('nothing is served')
  })
})
