/** Hand-written plans: each leads to a state that seeds rarely reach. */
import { type ReplicaId, replicaIds } from '../../base/ids.ts'
import { createRandom } from '../../base/random.ts'
import { drawPlan } from '../plan/draw-plan.ts'
import { type Fault, inOrder, type Plan, withoutFaults } from '../plan/plan.ts'
import { EXACT_CLOCK } from '../world/virtual-clock.ts'
import { CALM_NETWORK } from '../world/virtual-network.ts'

export interface Scenario {
  readonly name: string
  readonly does: string
  readonly plan: Plan
}

const [R0, R1, R2, R3] = replicaIds(4) as [ReplicaId, ReplicaId, ReplicaId, ReplicaId]

/** A calm cluster of four with a light load; `parts` replaces members. */
function planOf(seed: number, parts: Partial<Plan>): Plan {
  const drawn = withoutFaults(drawPlan(seed, 4))
  return {
    ...drawn,
    suite: 'simulated',
    network: CALM_NETWORK,
    disk: { syncMs: [0.5, 1], readMs: 0.1, isTornAtCrash: true },
    clocks: drawn.clocks.map(() => ({ storm: EXACT_CLOCK, calm: EXACT_CLOCK })),
    workload: { ...drawn.workload, requestsPerClient: 20, openMax: 4, burstMax: 4, pauseMsMax: 100 },
    calmAtMs: 1_000,
    ...parts,
  }
}

/** All replicas repeatedly lose power within a few milliseconds of each other. */
function powerFailures(): Plan {
  const random = createRandom(1)
  const faults: Fault[] = []
  for (let atMs = 30; atMs < 900; atMs += random.between(40, 150)) {
    for (const replica of replicaIds(4)) {
      const downAtMs = atMs + random.below(5)
      faults.push({ kind: 'crash', replica, losesSent: random.chance(0.5), atMs: downAtMs })
      faults.push({ kind: 'restart', replica, atMs: downAtMs + random.between(1, 40) })
    }
  }
  return planOf(1, { faultyMax: 4, faults: inOrder(faults) })
}

const turn = (replica: ReplicaId, traitor: string, atMs = 0): Fault => ({
  kind: 'turn',
  replica,
  traitor,
  number: replica + 1,
  atMs,
})

const isolate = (replica: ReplicaId, atMs: number): Fault => ({
  kind: 'partition',
  reach: replicaIds(4).map((id) => (id === replica ? 1 << id : 0b1111 & ~(1 << replica))),
  atMs,
})

const join = (atMs: number): Fault => ({ kind: 'partition', reach: null, atMs })

/** Enough batches for several checkpoints. */
const LONG_LOAD = { clients: 3, openMax: 2, burstMax: 2, pauseMsMax: 4, operationsMax: 1, keys: 8 } as const

/** Cuts or mends these links, in this direction. */
const links = (kind: 'cut' | 'mend', atMs: number, pairs: readonly (readonly [ReplicaId, ReplicaId])[]) =>
  pairs.map(([from, to]): Fault => ({ kind, from, to, atMs }))

/** All replicas receive from the first primary, and only the primary receives from R1 and R2. */
const WITHOUT_EACH_OTHER = [
  [R1, R2],
  [R2, R1],
  [R1, R3],
  [R2, R3],
  [R3, R0],
  [R3, R1],
  [R3, R2],
] as const

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'power-failures',
    does: 'all replicas lose their power at once, many times',
    plan: powerFailures(),
  },
  {
    name: 'equivocating-primary',
    does: 'the first primary proposes different batches to different replicas',
    plan: planOf(2, { faults: [turn(R0, 'equivocate')] }),
  },
  {
    name: 'conflicting-votes',
    does: 'a backup votes one way to some and another way to the others, under loss',
    plan: planOf(3, { faults: [turn(R2, 'conflicting-vote')], network: { ...CALM_NETWORK, loss: 0.1 } }),
  },
  {
    name: 'isolated-primary',
    does: 'the primary is cut off with proposals under way, and comes back when another one has begun',
    plan: planOf(4, {
      faults: [isolate(R0, 60), join(900), isolate(R1, 1_000), join(2_200)],
      calmAtMs: 2_400,
      workload: { ...LONG_LOAD, requestsPerClient: 60, pauseMsMax: 60 },
    }),
  },
  {
    name: 'flapping-primaries',
    does: 'each view’s primary is cut off in turn, so that certificates of several views meet in one NEW-VIEW',
    plan: planOf(5, {
      faults: inOrder(
        [0, 1, 2, 3, 4, 5, 6, 7].flatMap((round) => [
          isolate(replicaIds(4)[round % 4] as ReplicaId, 40 + 300 * round),
          join(40 + 300 * round + 290),
        ]),
      ),
      calmAtMs: 2_500,
      network: { delayMs: [1, 20], loss: 0.05, duplication: 0, reordering: 0.3 },
      workload: { ...LONG_LOAD, requestsPerClient: 40, pauseMsMax: 100 },
    }),
  },
  {
    name: 'sleeper',
    does: 'a replica sleeps through several checkpoints, and fetches the state',
    plan: planOf(6, {
      faults: [{ kind: 'crash', replica: R3, losesSent: true, atMs: 30 }],
      calmAtMs: 3_000,
      workload: { ...LONG_LOAD, requestsPerClient: 160 },
    }),
  },
  {
    name: 'restart-beyond-checkpoint',
    does: 'every replica restarts in turn after checkpoints were stored and the log was trimmed',
    plan: planOf(7, {
      faults: replicaIds(4).flatMap((replica): readonly Fault[] => [
        { kind: 'crash', replica, losesSent: false, atMs: 2_000 + 100 * replica },
        { kind: 'restart', replica, atMs: 2_050 + 100 * replica },
      ]),
      calmAtMs: 3_000,
      workload: { ...LONG_LOAD, requestsPerClient: 160 },
    }),
  },
  {
    name: 'lost-disk',
    does: 'a replica loses its disk and heals; then another one becomes a traitor',
    plan: planOf(8, {
      faults: [
        { kind: 'lose-disk', replica: R1, atMs: 200 },
        { kind: 'restart', replica: R1, atMs: 220 },
        turn(R2, 'conflicting-vote', 5_900),
      ],
      calmAtMs: 6_000,
      workload: { ...LONG_LOAD, requestsPerClient: 120, pauseMsMax: 40 },
    }),
  },
  {
    name: 'damaged-log',
    does: 'the primary finds its log damaged after a crash',
    plan: planOf(9, {
      faults: [
        { kind: 'rot-log', replica: R0, atMs: 150 },
        { kind: 'restart', replica: R0, atMs: 160 },
      ],
      calmAtMs: 3_000,
    }),
  },
  {
    name: 'lone-certificate',
    does: 'one replica alone prepares a batch; another view decides another one there, and a third view hears of both',
    plan: planOf(10, {
      checkpointInterval: 128,
      faults: [
        ...links('cut', 0, WITHOUT_EACH_OTHER),
        isolate(R0, 4_000),
        ...links('mend', 4_000, WITHOUT_EACH_OTHER),
        join(5_000),
        isolate(R1, 5_300),
      ],
      calmAtMs: 7_000,
      workload: { ...LONG_LOAD, requestsPerClient: 60, pauseMsMax: 100 },
    }),
  },
  {
    name: 'sleeper-leads',
    does: 'a replica that was cut off fetches the state while requests wait with it, and is primary later',
    plan: planOf(11, {
      checkpointInterval: 4,
      faults: [
        isolate(R3, 60),
        join(1_600),
        isolate(R0, 2_000),
        isolate(R1, 2_800),
        isolate(R2, 3_600),
        join(4_600),
      ],
      calmAtMs: 5_000,
      network: { delayMs: [1, 10], loss: 0.25, duplication: 0.1, reordering: 0.3 },
      workload: { ...LONG_LOAD, requestsPerClient: 120, pauseMsMax: 60 },
    }),
  },
  {
    name: 'forgotten-certificates',
    does: 'a replica loses its disk with certificates that few have; a late traitor conceals the same ones',
    plan: planOf(12, {
      checkpointInterval: 128,
      faults: [
        { kind: 'crash', replica: R3, losesSent: true, atMs: 5 },
        { kind: 'restart', replica: R3, atMs: 690 },
        { kind: 'lose-disk', replica: R1, atMs: 700 },
        { kind: 'restart', replica: R1, atMs: 720 },
        turn(R2, 'conceal-prepared', 3_000),
        isolate(R0, 3_050),
      ],
      calmAtMs: 6_000,
      network: { delayMs: [20, 25], loss: 0, duplication: 0, reordering: 0 },
      workload: { ...LONG_LOAD, requestsPerClient: 10 },
    }),
  },
  {
    name: 'unseen-loss',
    does: 'the same while nobody can tell the replica that it forgot something',
    plan: planOf(12, {
      checkpointInterval: 128,
      faults: [
        { kind: 'crash', replica: R3, losesSent: true, atMs: 5 },
        { kind: 'restart', replica: R3, atMs: 690 },
        isolate(R1, 695),
        { kind: 'lose-disk', replica: R1, atMs: 700 },
        { kind: 'restart', replica: R1, atMs: 720 },
        join(1_200),
        turn(R2, 'conceal-prepared', 2_000),
        isolate(R0, 2_050),
      ],
      calmAtMs: 6_000,
      network: { delayMs: [20, 25], loss: 0, duplication: 0, reordering: 0 },
      workload: { ...LONG_LOAD, requestsPerClient: 30, pauseMsMax: 400 },
    }),
  },
  {
    name: 'old-copy-of-a-disk',
    does: 'an operator puts an old copy in the place of a disk, and later one of a healed replica',
    plan: planOf(13, {
      checkpointInterval: 16,
      faults: [
        { kind: 'copy-disk', replica: R1, atMs: 150 },
        { kind: 'old-disk', replica: R1, atMs: 600 },
        { kind: 'restart', replica: R1, atMs: 620 },
        { kind: 'copy-disk', replica: R1, atMs: 5_500 },
        { kind: 'old-disk', replica: R1, atMs: 6_500 },
        { kind: 'restart', replica: R1, atMs: 6_520 },
      ],
      calmAtMs: 8_000,
      workload: { ...LONG_LOAD, requestsPerClient: 60, pauseMsMax: 400 },
    }),
  },
  {
    name: 'old-copy-unseen',
    does: 'the same while nobody can tell the replica that it forgot something: it counts as a traitor',
    plan: planOf(14, {
      faults: [
        { kind: 'copy-disk', replica: R1, atMs: 150 },
        isolate(R1, 590),
        { kind: 'old-disk', replica: R1, atMs: 600 },
        { kind: 'restart', replica: R1, atMs: 620 },
        join(1_200),
      ],
      calmAtMs: 2_000,
    }),
  },
]

export const scenarioNamed = (name: string): Scenario | null =>
  SCENARIOS.find((scenario) => scenario.name === name) ?? null
