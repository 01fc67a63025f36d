/**
 * What one seed draws: the size of the cluster, the faults that are on in this run and when they strike. Swarm style:
 * each kind of fault is off in many runs, because faults that are always on hide one another.
 */
import { assert } from '../base/assert.ts'
import { type ReplicaId, replicaIds } from '../base/ids.ts'
import { faultsMax } from '../base/quorum.ts'
import { createRandom, type Random } from '../base/random.ts'
import { type ClockError, EXACT_CLOCK } from './virtual-clock.ts'
import type { DiskBehaviour } from './virtual-disk.ts'
import type { NetworkConditions } from './virtual-network.ts'

const SIZES: readonly number[] = [4, 7, 10]

/** Clock errors after the calm, and before it: in milliseconds, either way. Both stay far below what a client notices. */
const CALM_SKEW_MS_MAX = 300
const STORM_SKEW_MS_MAX = 2_000
/** How much faster or slower than time a clock may run. */
const DRIFT_MAX = 0.03

/** No replica crashes before all of them were started. */
const CRASH_FROM_MS = 20

/** One thing that strikes at a time. Whatever it breaks, the calm mends. */
export type Incident = { readonly atMs: number } & (
  | { readonly kind: 'crash'; readonly replica: ReplicaId; readonly losesSent: boolean }
  | { readonly kind: 'restart'; readonly replica: ReplicaId }
  | { readonly kind: 'cut' | 'mend'; readonly from: ReplicaId; readonly to: ReplicaId }
  /** `sides[i]` is the side of replica i; null joins the sides again. */
  | { readonly kind: 'partition'; readonly sides: readonly number[] | null }
)

export interface WorkloadPlan {
  readonly clients: number
  readonly requestsPerClient: number
  /** Requests that a client has open at once. */
  readonly openMax: number
  /** Requests that a client sends together, at most; then it pauses for at most so many virtual milliseconds. */
  readonly burstMax: number
  readonly pauseMsMax: number
  readonly operationsMax: number
  readonly keys: number
}

export interface Plan {
  readonly seed: number
  readonly n: number
  /** Replicas that take everything in and say nothing, from beginning to end. They count in f. */
  readonly silent: readonly ReplicaId[]
  readonly network: NetworkConditions
  readonly disk: DiskBehaviour
  /** Each replica's clock until the calm, and from then on. */
  readonly clocks: readonly { readonly storm: ClockError; readonly calm: ClockError }[]
  readonly workload: WorkloadPlan
  /** In the order of time, and all before the calm. */
  readonly incidents: readonly Incident[]
  /** When everything heals, in virtual milliseconds. */
  readonly calmAtMs: number
}

/** Draws the plan of a seed; n is drawn too where it is not given. */
export function drawPlan(seed: number, size?: number): Plan {
  const random = createRandom(seed)
  const drawnSize = random.pick(SIZES)
  const n = size ?? drawnSize
  const calmAtMs = random.between(300, 1_200)
  const silent = drawSilent(random, n)
  return {
    seed,
    n,
    silent,
    network: drawNetwork(random),
    disk: drawDisk(random),
    clocks: drawClocks(random, n),
    workload: drawWorkload(random, calmAtMs),
    incidents: [
      ...drawCrashes(random, { n, silent, calmAtMs }),
      ...drawCuts(random, n, calmAtMs),
      ...drawPartitions(random, n, calmAtMs),
    ].sort((a, b) => a.atMs - b.atMs),
    calmAtMs,
  }
}

/** Up to f backups of view 0. Its primary stays correct: nothing replaces it yet. */
function drawSilent(random: Random, n: number): readonly ReplicaId[] {
  const backups = random.shuffle(replicaIds(n).slice(1))
  return random.chance(0.5) ? backups.slice(0, random.between(1, faultsMax(n))) : []
}

function drawNetwork(random: Random): NetworkConditions {
  const slow = random.chance(0.3)
  const least = random.between(0, slow ? 20 : 3)
  return {
    delayMs: [least, least + random.between(1, slow ? 120 : 12)],
    loss: random.chance(0.6) ? random.pick([0.01, 0.05, 0.15, 0.3]) : 0,
    duplication: random.chance(0.4) ? random.pick([0.02, 0.1, 0.3]) : 0,
    reordering: random.chance(0.5) ? random.pick([0.05, 0.3, 1]) : 0,
  }
}

function drawDisk(random: Random): DiskBehaviour {
  const least = random.pick([0, 0.5, 2])
  return {
    syncMs: [least, least + random.pick([0.5, 5, 40])],
    readMs: random.pick([0, 1, 10]),
    isTornAtCrash: random.chance(0.5),
  }
}

function drawClocks(random: Random, n: number): Plan['clocks'] {
  const isExact = random.chance(0.4)
  const stormSkew = random.chance(0.3) ? STORM_SKEW_MS_MAX : CALM_SKEW_MS_MAX
  return replicaIds(n).map(() => {
    if (isExact) return { storm: EXACT_CLOCK, calm: EXACT_CLOCK }
    const rate = 1 + DRIFT_MAX * (2 * random.next() - 1)
    return {
      storm: { skewMs: random.between(-stormSkew, stormSkew), rate },
      calm: { skewMs: random.between(-CALM_SKEW_MS_MAX, CALM_SKEW_MS_MAX), rate },
    }
  })
}

function drawWorkload(random: Random, calmAtMs: number): WorkloadPlan {
  const requestsPerClient = random.between(20, 32)
  const burstMax = random.between(4, 24)
  return {
    clients: 3,
    requestsPerClient,
    openMax: random.pick([2, 8, 32]),
    burstMax,
    // On average the requests are spread over the time before the calm and a little more.
    pauseMsMax: Math.ceil((2.4 * calmAtMs * (burstMax + 1)) / 2 / requestsPerClient),
    operationsMax: random.pick([1, 3, 8]),
    keys: random.pick([2, 8, 64]),
  }
}

/** Crashes and restarts. At most f replicas are silent or down at any moment; the primary may be one of them. */
function drawCrashes(
  random: Random,
  context: { readonly n: number; readonly silent: readonly ReplicaId[]; readonly calmAtMs: number },
): readonly Incident[] {
  const { n, silent, calmAtMs } = context
  const spare = faultsMax(n) - silent.length
  if (spare === 0 || random.chance(0.3)) return []
  const candidates = replicaIds(n).filter((id) => !silent.includes(id))
  const incidents: Incident[] = []
  // Each of `spare` places is taken by one replica at a time, so no more than that are down together.
  const victims = random.shuffle(candidates)
  const perPlace = Math.max(1, Math.floor(victims.length / spare))
  for (let place = 0; place < spare; place++) {
    const own = victims.slice(place * perPlace, (place + 1) * perPlace)
    let atMs = random.between(CRASH_FROM_MS, 300)
    while (atMs < calmAtMs - 10) {
      const replica = random.pick(own)
      const upAtMs = atMs + random.pick([0, random.between(1, 30), random.between(30, 500)])
      incidents.push({ kind: 'crash', replica, losesSent: random.chance(0.5), atMs })
      // What is down at the calm is started by it.
      if (upAtMs < calmAtMs) incidents.push({ kind: 'restart', replica, atMs: upAtMs })
      atMs = upAtMs + random.between(1, 400)
    }
  }
  return incidents
}

function drawCuts(random: Random, n: number, calmAtMs: number): readonly Incident[] {
  if (random.chance(0.6)) return []
  const incidents: Incident[] = []
  for (let count = random.between(1, 2 * n); count > 0; count--) {
    const [from, to] = random.shuffle(replicaIds(n))
    assert(from !== undefined && to !== undefined, 'a cluster has two replicas')
    const atMs = random.between(0, calmAtMs - 1)
    const untilMs = atMs + random.between(1, 600)
    incidents.push({ kind: 'cut', from, to, atMs })
    if (untilMs < calmAtMs) incidents.push({ kind: 'mend', from, to, atMs: untilMs })
  }
  return incidents
}

function drawPartitions(random: Random, n: number, calmAtMs: number): readonly Incident[] {
  if (random.chance(0.6)) return []
  const incidents: Incident[] = []
  let atMs = random.between(1, 400)
  while (atMs < calmAtMs - 1) {
    const untilMs = Math.min(atMs + random.between(10, 500), calmAtMs - 1)
    const sides = replicaIds(n).map(() => random.below(2))
    incidents.push({ kind: 'partition', sides, atMs })
    incidents.push({ kind: 'partition', sides: null, atMs: untilMs })
    atMs = untilMs + random.between(10, 500)
  }
  return incidents
}

/** The most replicas that are silent or down at one moment of the plan. At most f. */
export function faultyAtOnceMax(plan: Plan): number {
  const down = new Set<ReplicaId>()
  let most = plan.silent.length
  for (const incident of plan.incidents) {
    if (incident.kind === 'crash') down.add(incident.replica)
    if (incident.kind === 'restart') down.delete(incident.replica)
    most = Math.max(most, plan.silent.length + down.size)
  }
  return most
}
