/**
 * Twins (Bano and others, 2021): f replicas run twice with one key; each half is honest, with its own disk, on its own
 * side of the network. Together they equivocate in every way that two honest halves can. The scenarios are enumerated:
 * the split of the nodes in each of a few rounds, and thus the side of each primary.
 */

import { assert } from '../../base/assert.ts'
import type { ReplicaId } from '../../base/ids.ts'
import { faultsMax, isClusterSize, quorum } from '../../base/quorum.ts'
import { createRandom } from '../../base/random.ts'
import type { AuthenticationMode } from '../../messages/cluster.ts'
import { drawPlan } from '../plan/draw-plan.ts'
import { type Plan, withoutFaults } from '../plan/plan.ts'
import { CALM_NETWORK } from '../world/virtual-network.ts'
import { type SimulationResult, simulate } from './simulate.ts'

/** Rounds of a scenario, and how long each lasts: long enough for a view change of both sides. */
const ROUNDS = 3
const ROUND_MS = 900
/** The maximum number of scenarios, spread evenly over all of them. */
export const SCENARIOS_MAX = 600

export interface TwinsFailure {
  readonly scenario: string
  readonly explanation: readonly string[]
}

export interface TwinsResult {
  readonly n: number
  readonly scenarios: number
  /** The total number of scenarios, from which those to run are picked evenly. */
  readonly possible: number
  readonly failed: number
  readonly failures: readonly TwinsFailure[]
  readonly viewsMax: number
  readonly seconds: number
}

export function runTwinsCampaign(options: {
  readonly n: number
  readonly scenariosMax?: number
  readonly mode?: AuthenticationMode
}): TwinsResult {
  const { n, scenariosMax = SCENARIOS_MAX, mode = 'signed' } = options
  assert(isClusterSize(n), `no cluster has ${n} replicas`)
  const startedAt = performance.now()
  const splits = splitsOf(n)
  const possible = splits.length ** ROUNDS
  const count = Math.min(possible, scenariosMax)
  const failures: TwinsFailure[] = []
  let viewsMax = 0
  const random = createRandom(n)
  for (let index = 0; index < count; index++) {
    // One of each equal part of all scenarios.
    const from = Math.floor((index * possible) / count)
    const number = from + random.below(Math.max(1, Math.floor(((index + 1) * possible) / count) - from))
    const rounds = Array.from(
      { length: ROUNDS },
      (_, round) => splits[Math.floor(number / splits.length ** round) % splits.length] as Split,
    )
    const result = runScenario({ n, rounds, seed: number, mode })
    viewsMax = Math.max(viewsMax, result.viewChanges)
    if (result.verdict === 'safety' || result.verdict === 'broke') {
      failures.push({ scenario: textOf(n, number, rounds), explanation: result.explanation })
    }
  }
  const seconds = (performance.now() - startedAt) / 1000
  return { n, scenarios: count, possible, failed: failures.length, failures, viewsMax, seconds }
}

/** Bit i is the side of node i: replicas first, then the second halves of replicas 0 .. f - 1. */
type Split = number

/** Every way to split the nodes in two with the halves of each twin apart, node 0 on the first side; and no split. */
function splitsOf(n: number): readonly Split[] {
  const nodes = n + faultsMax(n)
  const splits: Split[] = []
  for (let split = 0; split < 2 ** nodes; split += 2) {
    let areTwinsApart = true
    for (let twin = 0; twin < faultsMax(n); twin++) {
      if (((split >> twin) & 1) === ((split >> (n + twin)) & 1)) areTwinsApart = false
    }
    if (areTwinsApart && isInteresting(n, split)) splits.push(split)
  }
  return splits
}

/** True if a side has a quorum of distinct replicas; otherwise nothing happens. */
function isInteresting(n: number, split: Split): boolean {
  return [0, 1].some((side) => {
    const replicas = new Set<number>()
    for (let node = 0; node < n + faultsMax(n); node++) {
      if (((split >> node) & 1) === side) replicas.add(node < n ? node : node - n)
    }
    return replicas.size >= quorum(n)
  })
}

function runScenario(scenario: {
  readonly n: number
  readonly rounds: readonly Split[]
  readonly seed: number
  readonly mode: AuthenticationMode
}): SimulationResult {
  const { n, rounds, seed, mode } = scenario
  const nodes = n + faultsMax(n)
  const drawn = withoutFaults(drawPlan(seed, n, mode))
  const plan: Plan = {
    ...drawn,
    suite: 'simulated',
    network: CALM_NETWORK,
    disk: { syncMs: [0.5, 1], readMs: 0, isTornAtCrash: false },
    workload: { ...drawn.workload, requestsPerClient: 12, openMax: 2, burstMax: 2, pauseMsMax: 400 },
    faults: rounds.map((split, round) => ({
      kind: 'partition',
      reach: Array.from({ length: nodes }, (_, from) => sideMask(nodes, split, (split >> from) & 1)),
      atMs: round * ROUND_MS,
    })),
    calmAtMs: ROUNDS * ROUND_MS,
  }
  const twins = Array.from({ length: faultsMax(n) }, (_, id) => id as ReplicaId)
  return simulate({ seed, plan, twins })
}

function sideMask(nodes: number, split: Split, side: number): number {
  let mask = 0
  for (let node = 0; node < nodes; node++) if (((split >> node) & 1) === side) mask |= 1 << node
  return mask
}

function textOf(n: number, number: number, rounds: readonly Split[]): string {
  const sides = rounds.map((split) => split.toString(2).padStart(n + faultsMax(n), '0'))
  return `twins, n = ${n}, scenario ${number}: sides by node, the last node first, ${sides.join(' then ')}`
}
