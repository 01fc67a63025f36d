/** Plans that the playground begins with, and what somebody who plays changes in them. */

import { CATALOGUE } from '../../../../attacks/catalogue/catalogue.ts'
import { modesOf } from '../../../../attacks/language/attack.ts'
import { drawSwarmPlan, SWARM } from '../../../../attacks/run/simulated/swarm.ts'
import type { ReplicaId } from '../../../../src/base/ids.ts'
import type { AuthenticationMode } from '../../../../src/messages/cluster.ts'
import { type Fault, inOrder, type Plan, withoutFaults } from '../../../../src/simulator/plan/plan.ts'
import type { FrameIntervention } from '../../../../src/simulator/world/frame-traffic.ts'
import { EXACT_CLOCK } from '../../../../src/simulator/world/virtual-clock.ts'
import type { NetworkConditions } from '../../../../src/simulator/world/virtual-network.ts'

export interface Setup {
  readonly seed: number
  readonly n: number
  readonly mode: AuthenticationMode
  readonly network: NetworkName
  /** Requests of each of the two clients. */
  readonly requests?: number
  readonly calmAtMs?: number
}

const QUIET_WAYS = { loss: 0, duplication: 0, reordering: 0 }

/** Slow enough for the eye to follow. */
const NETWORKS = {
  even: { ...QUIET_WAYS, delayMs: [6, 8] },
  uneven: { ...QUIET_WAYS, delayMs: [2, 24] },
  lossy: { loss: 0.1, duplication: 0.05, reordering: 0.2, delayMs: [2, 24] },
} as const satisfies Readonly<Record<string, NetworkConditions>>

export type NetworkName = keyof typeof NETWORKS
export const NETWORK_NAMES = Object.keys(NETWORKS) as readonly NetworkName[]

/** The name of a plan's network; null for one that no setup makes. */
export const networkOf = ({ network }: Plan): NetworkName | null =>
  NETWORK_NAMES.find((name) => JSON.stringify(NETWORKS[name]) === JSON.stringify(network)) ?? null

export const FIRST_SETUP: Setup = { seed: 1, n: 4, mode: 'signed', network: 'even' }

/** A small cluster without a fault, two clients, and a few requests of each. */
export function planOf({ seed, n, mode, network, requests = 5, calmAtMs = 1_500 }: Setup): Plan {
  const { reads: _reads, requests: _requests, ...drawn } = withoutFaults(drawSwarmPlan(seed, n, mode))
  return {
    ...drawn,
    suite: 'simulated',
    checkpointInterval: 4,
    network: NETWORKS[network],
    disk: { ...drawn.disk, syncMs: [0.5, 1], readMs: 0 },
    clocks: drawn.clocks.map(() => ({ storm: EXACT_CLOCK, calm: EXACT_CLOCK })),
    workload: {
      ...drawn.workload,
      clients: 2,
      requestsPerClient: requests,
      openMax: 1,
      burstMax: 1,
      pauseMsMax: 80,
      operationsMax: 1,
      keys: 2,
    },
    calmAtMs,
  }
}

/** The whole millisecond after a time: a fault at it changes nothing that was seen so far. */
const after = (atMs: number): number => Math.floor(atMs) + 1

export const withFault = (plan: Plan, fault: Fault): Plan => ({
  ...plan,
  faults: inOrder([...plan.faults, fault]),
})

/** The plan in which a replica stops now, and stays so. */
export const withCrash = (plan: Plan, replica: ReplicaId, nowMs: number): Plan => ({
  ...withFault(plan, { kind: 'crash', replica, losesSent: false, atMs: after(nowMs) }),
  staysDown: [...new Set([...plan.staysDown, replica])],
})

/** The plan in which a replica that is down starts again now. */
export const withRestart = (plan: Plan, replica: ReplicaId, nowMs: number): Plan => ({
  ...withFault(plan, { kind: 'restart', replica, atMs: after(nowMs) }),
  staysDown: plan.staysDown.filter((each) => each !== replica),
})

/** The plan in which a replica becomes a traitor now. */
export const withTraitor = (plan: Plan, replica: ReplicaId, traitor: string, nowMs: number): Plan =>
  withFault(plan, { kind: 'turn', replica, traitor, number: plan.seed, atMs: after(nowMs) })

export function withoutFault(plan: Plan, index: number): Plan {
  const faults = plan.faults.filter((_, each) => each !== index)
  const crashed = new Set(faults.flatMap((each) => (each.kind === 'crash' ? [each.replica] : [])))
  return { ...plan, faults, staysDown: plan.staysDown.filter((id) => crashed.has(id)) }
}

/** The plan with an intervention in place of the one that its frame had. */
export const withIntervention = (plan: Plan, intervention: FrameIntervention): Plan => ({
  ...plan,
  interventions: [...(withoutIntervention(plan, intervention.frame).interventions ?? []), intervention],
})

export function withoutIntervention(plan: Plan, frame: number): Plan {
  const { interventions = [], ...rest } = plan
  const others = interventions.filter((each) => each.frame !== frame)
  return others.length === 0 ? rest : { ...rest, interventions: others }
}

/** The traitors that a plan of this mode may name, each with what it does. */
export const traitorsFor = (
  mode: AuthenticationMode,
): readonly { readonly name: string; readonly does: string }[] =>
  [...CATALOGUE.values()].filter((attack) => SWARM.has(attack.name) && modesOf(attack).includes(mode))
