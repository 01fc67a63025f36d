/** Runs an attack in the simulator, with every invariant checked after every step. */
import { type ReplicaId, toReplicaId } from '../../src/base/ids.ts'
import { faultsMax } from '../../src/base/quorum.ts'
import { createRandom } from '../../src/base/random.ts'
import { CHECKPOINT_INTERVAL } from '../../src/messages/limits.ts'
import type { RejectionReason } from '../../src/messages/rejection.ts'
import type { Recomposition } from '../../src/runtime/replica-runtime-options.ts'
import { drawPlan } from '../../src/simulator/draw-plan.ts'
import { type Plan, withoutFaults } from '../../src/simulator/plan.ts'
import { type DetailedResult, simulate } from '../../src/simulator/simulate.ts'
import { EXACT_CLOCK } from '../../src/simulator/virtual-clock.ts'
import { CALM_NETWORK } from '../../src/simulator/virtual-network.ts'
import type { Attack } from '../attack.ts'
import { corrupt } from '../behaviour/adversary.ts'
import type { Blackboard } from '../behaviour/place.ts'
import type { Facts } from './facts.ts'

/** Virtual milliseconds: when the attack begins, and from when on everything must be done within the bound. */
const BEGINS_AT_MS = 300
const CALM_AT_MS = 3_000

export interface SimulatedAttack {
  readonly attack: Attack
  readonly facts: Facts
  readonly result: DetailedResult
  /** What was not as it has to be; empty when the store held and did what was expected. */
  readonly faults: readonly string[]
}

export function attackInSimulator(
  attack: Attack,
  setting: { readonly n: number; readonly seed: number; readonly traitors?: readonly number[] },
): SimulatedAttack {
  const { n, seed } = setting
  const traitors = setting.traitors?.map((id) => toReplicaId(id)) ?? attack.traitors(n)
  const board: Blackboard = { traitors, notes: new Map() }
  const random = createRandom(seed)
  let acts = 0
  const play = (): Recomposition =>
    corrupt({
      behaviour: attack.behaviour,
      board,
      random: random.fork(),
      isOn: (ageMs) => ageMs >= BEGINS_AT_MS,
      onAct: () => acts++,
    })
  const adversaries = new Map<ReplicaId, Recomposition>(traitors.map((id) => [id, play()]))
  const rejected = new Map<RejectionReason, number>()
  const result = simulate({
    seed,
    plan: planOf(seed, n),
    adversaries,
    onRejected: (replica, { reason }) => {
      if (adversaries.has(replica)) return
      rejected.set(reason, (rejected.get(reason) ?? 0) + 1)
    },
  })
  const { viewChanges, guilty } = result
  const facts = { n, f: faultsMax(n), traitors, acts, viewChanges, rejected, guilty }
  return { attack, facts, result, faults: faultsOf(attack, facts, result) }
}

function faultsOf(attack: Attack, facts: Facts, result: DetailedResult): readonly string[] {
  const faults = result.explanation.slice(0, 1)
  const innocent = facts.guilty.filter((id) => !facts.traitors.includes(id))
  return [
    ...faults,
    ...(facts.acts === 0 ? ['the adversaries never acted'] : []),
    ...innocent.map((id) => `there is evidence against replica ${id}, which is correct`),
    ...(attack.judge?.(facts) ?? []),
  ]
}

/** A cluster with no fault but the attack, and a load that lasts over all of it. */
function planOf(seed: number, n: number): Plan {
  const drawn = withoutFaults(drawPlan(seed, n))
  const burstMax = 4
  const requestsPerClient = Math.ceil(400 / n)
  return {
    ...drawn,
    suite: 'simulated',
    checkpointInterval: seed % 2 === 0 ? CHECKPOINT_INTERVAL : 8,
    network: CALM_NETWORK,
    clocks: drawn.clocks.map(() => ({ storm: EXACT_CLOCK, calm: EXACT_CLOCK })),
    calmAtMs: CALM_AT_MS,
    workload: {
      ...drawn.workload,
      clients: 4,
      requestsPerClient,
      openMax: 4,
      burstMax,
      pauseMsMax: Math.ceil((2 * CALM_AT_MS * (burstMax + 1)) / 2 / requestsPerClient),
    },
  }
}
