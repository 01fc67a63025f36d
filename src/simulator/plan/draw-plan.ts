/**
 * The plan that a seed draws: the size of the cluster, the kinds of faults in this run, and their times. As in swarm
 * testing, each kind of fault is absent from many runs, because faults that are always present hide one another.
 */
import { type ReplicaId, replicaIds } from '../../base/ids.ts'
import { faultsMax, weakQuorum } from '../../base/quorum.ts'
import { createRandom, type Random } from '../../base/random.ts'
import type { AuthenticationMode } from '../../messages/cluster.ts'
import { CHECKPOINT_INTERVAL } from '../../messages/limits.ts'
import { EXACT_CLOCK } from '../world/virtual-clock.ts'
import type { DiskBehaviour } from '../world/virtual-disk.ts'
import type { NetworkConditions } from '../world/virtual-network.ts'
import type { DrawnAdversary } from './adversaries.ts'
import { drawNetworkFaults, withSwallowing } from './draw-network-faults.ts'
import { drawReplicaFaults } from './draw-replica-faults.ts'
import { type Fault, inOrder, type Plan, type WorkloadPlan } from './plan.ts'
import { quietPhaseOf, withQuietPhase } from './quiet-phase.ts'

/** Small clusters are more frequent: a batch costs n² messages, and most mistakes need no more than four replicas. */
const SIZES: readonly number[] = [4, 4, 4, 7, 7, 10]

/**
 * The maximum clock errors after the calm and before it, in milliseconds, in either direction. Both are far too small
 * for a client to notice.
 */
const CALM_SKEW_MS_MAX = 300
const STORM_SKEW_MS_MAX = 2_000
/** The maximum rate by which a clock runs fast or slow. */
const DRIFT_MAX = 0.03
/** The share of seeds with real signatures, which cost far more than everything else. */
const REAL_SIGNATURES_SHARE = 0.01

/**
 * The checkpoint intervals: short ones reach checkpoints, transfers and recovery often; the long one is the default of
 * real clusters.
 */
const CHECKPOINT_INTERVALS = [4, 8, 16, 32, CHECKPOINT_INTERVAL] as const

/** Draws the plan of a seed, including n if it is not given. Traitors are drawn from these adversaries. */
export function drawPlan(
  seed: number,
  size?: number,
  mode: AuthenticationMode = 'signed',
  adversaries: readonly DrawnAdversary[] = [],
): Plan {
  const random = createRandom(seed)
  const drawnSize = random.pick(SIZES)
  const n = size ?? drawnSize
  const calmAtMs = random.between(300, 1_200)
  const traitors = drawTraitors(random.fork(), { n, calmAtMs, mode, adversaries })
  const everTraitors = traitors.flatMap((each) => (each.kind === 'turn' ? [each.replica] : []))
  const { faults, staysDown } = drawReplicaFaults(random.fork(), {
    n,
    calmAtMs,
    everTraitors,
  })
  const plan: Plan = {
    seed,
    n,
    mode,
    suite: random.chance(REAL_SIGNATURES_SHARE) ? 'sodium' : 'simulated',
    faultyMax: faultsMax(n),
    checkpointInterval: random.pick(CHECKPOINT_INTERVALS),
    staysDown,
    network: drawNetwork(random),
    disk: drawDisk(random),
    clocks: drawClocks(random, n),
    workload: drawWorkload(random, n, calmAtMs),
    faults: inOrder([...traitors, ...faults, ...drawNetworkFaults(random.fork(), n, calmAtMs)]),
    calmAtMs,
  }
  const whole = withQuietPhase(random.fork(), mode === 'oral' ? withDeposed(random.fork(), plan) : plan)
  const restarted = withClientRestarts(random.fork(), whole)
  const twinned = withTwinClients(random.fork(), withSwallowing(random.fork(), restarted))
  const loaded = withWholeLoad(random.fork(), withUnorderedReads(random.fork(), twinned), adversaries)
  const unsynced = withUnsyncedVotes(random.fork(), loaded)
  return withAdministrator(random.fork(), unsynced)
}

/** The share of plans with operations of every kind in which principals have rights. */
const ADMINISTRATOR_SHARE = 1 / 3

/** Makes one of the clients an administrator. */
function withAdministrator(random: Random, plan: Plan): Plan {
  const { workload } = plan
  if (workload.isWhole !== true || !random.chance(ADMINISTRATOR_SHARE)) return plan
  return { ...plan, workload: { ...workload, administrator: random.below(workload.clients) } }
}

/** The share of plans in which clients use all operations of the store. */
const WHOLE_LOAD_SHARE = 0.7
/** The share of these in which the run goes on until leases have ended: it takes two or three seconds more. */
const AWAITED_LEASES_SHARE = 0.3
/** Of their traitors, the share that lies about what only these operations show. */
const STORE_TRAITORS_SHARE = 0.3

function withWholeLoad(random: Random, plan: Plan, adversaries: readonly DrawnAdversary[]): Plan {
  if (!random.chance(WHOLE_LOAD_SHARE)) return plan
  const liars = adversaries.filter(
    ({ harms, modes }) => harms === 'with every operation' && modes.includes(plan.mode),
  )
  const faults = plan.faults.map((fault) =>
    fault.kind === 'turn' && liars.length > 0 && random.chance(STORE_TRAITORS_SHARE)
      ? { ...fault, traitor: random.pick(liars).name }
      : fault,
  )
  const awaited = random.chance(AWAITED_LEASES_SHARE) ? { awaitsLeases: true as const } : {}
  return { ...plan, faults, workload: { ...plan.workload, isWhole: true, ...awaited } }
}

/** The share of plans in which reads are answered without ordering. */
const UNORDERED_READS_SHARE = 0.5
/** The share of these plans in which many replicas crash at once, so that what was not synced is forgotten. */
const OUTAGE_SHARE = 0.5
const OUTAGE_MS = 40
const FORGETS: readonly Fault['kind'][] = ['lose-disk', 'rot-log', 'old-disk', 'fill-disk', 'rot-pages']

/** Lets reads be answered without ordering, and sometimes f + 1 or all replicas restart at once. */
function withUnorderedReads(random: Random, plan: Plan): Plan {
  if (!random.chance(UNORDERED_READS_SHARE)) return plan
  return withOutages(random, { ...plan, reads: 'unordered' })
}

/** The share of signed plans in which proposals and PREPAREs do not wait for the disk. */
const UNSYNCED_VOTES_SHARE = 0.4

/** Lets votes be sent before they are on disk, and sometimes f + 1 or all replicas restart at once. */
function withUnsyncedVotes(random: Random, plan: Plan): Plan {
  if (plan.mode === 'oral' || !random.chance(UNSYNCED_VOTES_SHARE)) return plan
  return withOutages(random, { ...plan, votes: 'unsynced' })
}

function withOutages(random: Random, plan: Plan): Plan {
  // No disk loses data here, because the replicas that could prove the loss may be down too.
  const mayStrike = quietPhaseOf(plan) === null && !plan.faults.some(({ kind }) => FORGETS.includes(kind))
  if (!random.chance(OUTAGE_SHARE) || !mayStrike) return plan
  const { n, calmAtMs } = plan
  const outages = Array.from({ length: random.between(1, 3) }, (): readonly Fault[] => {
    const atMs = random.between(30, calmAtMs - 1)
    const count = random.chance(0.5) ? n : weakQuorum(n)
    const struck = random.shuffle(replicaIds(n)).slice(0, count)
    return struck.flatMap((replica): Fault[] => [
      { kind: 'crash', replica, losesSent: random.chance(0.3), atMs },
      { kind: 'restart', replica, atMs: Math.min(calmAtMs - 1, atMs + random.between(1, OUTAGE_MS)) },
    ])
  })
  return { ...plan, faultyMax: n, faults: inOrder([...plan.faults, ...outages.flat()]) }
}

/**
 * The share of plans in which two processes use one client key at once, and the share of these twins that begin early.
 */
const TWIN_CLIENTS_SHARE = 0.15
const EARLY_TWINS_SHARE = 0.6
const EARLY_MS = 60

function withTwinClients(random: Random, plan: Plan): Plan {
  if (!random.chance(TWIN_CLIENTS_SHARE) || quietPhaseOf(plan) !== null) return plan
  const twins = Array.from(
    { length: random.between(1, 3) },
    (): Fault => ({
      kind: 'twin-client',
      client: random.below(plan.workload.clients),
      copiesCounter: random.chance(0.5),
      // Early twins use the same timestamps as the first process.
      atMs: random.between(0, random.chance(EARLY_TWINS_SHARE) ? EARLY_MS : plan.calmAtMs - 1),
      lastsMs: random.between(50, plan.calmAtMs),
    }),
  )
  return { ...plan, faults: inOrder([...plan.faults, ...twins]) }
}

/** The share of plans in which clients restart, some of them without the counter of their key. */
const CLIENT_RESTARTS_SHARE = 0.3

function withClientRestarts(random: Random, plan: Plan): Plan {
  if (!random.chance(CLIENT_RESTARTS_SHARE)) return plan
  const restarts = Array.from(
    { length: random.between(1, 4) },
    (): Fault => ({
      kind: 'restart-client',
      client: random.below(plan.workload.clients),
      losesCounter: random.chance(0.5),
      atMs: random.between(20, plan.calmAtMs - 1),
    }),
  )
  const quiet = quietPhaseOf(plan)
  const striking = restarts.filter(
    ({ atMs }) => quiet === null || atMs < quiet.fromMs || atMs >= quiet.untilMs,
  )
  return { ...plan, faults: inOrder([...plan.faults, ...striking]) }
}

/**
 * The share of oral plans in which one primary after another falls silent, because oral mode differs most in view
 * changes.
 */
const DEPOSED_SHARE = 0.6
/** The share of these that last long, under a load that reaches many checkpoints while some replicas lag. */
const LONG_SHARE = 0.08
const LONG_REQUESTS = 320

function withDeposed(random: Random, plan: Plan): Plan {
  if (random.chance(LONG_SHARE)) return withLongUnrest(random, plan)
  if (!random.chance(DEPOSED_SHARE)) return plan
  const { n, calmAtMs } = plan
  const pauses: Fault[] = []
  let atMs = random.between(40, 300)
  for (let view = random.chance(0.8) ? 0 : 1; atMs < calmAtMs - 50 && view < n; view++) {
    pauses.push(...silence(random, plan, { replica: (view % n) as ReplicaId, atMs }))
    atMs += random.between(80, 400)
  }
  return { ...plan, faults: inOrder([...plan.faults, ...pauses]) }
}

/** A pause that is long enough for a view to end. */
function silence(
  random: Random,
  { calmAtMs }: Pick<Plan, 'calmAtMs'>,
  { replica, atMs }: { readonly replica: ReplicaId; readonly atMs: number },
): readonly Fault[] {
  const untilMs = atMs + random.between(150, 500)
  const pause: Fault = { kind: 'pause', replica, atMs }
  return untilMs < calmAtMs ? [pause, { kind: 'resume', replica, atMs: untilMs }] : [pause]
}

function withLongUnrest(random: Random, plan: Plan): Plan {
  const { n, workload } = plan
  const calmAtMs = plan.calmAtMs + random.between(1_500, 2_500)
  const faults: Fault[] = []
  let view = 0
  for (let atMs = random.between(40, 300); atMs < calmAtMs - 50; atMs += random.between(150, 500)) {
    faults.push(...silence(random, { calmAtMs }, { replica: (view++ % n) as ReplicaId, atMs }))
    if (random.chance(0.8)) continue
    const replica = random.pick(replicaIds(n))
    faults.push({ kind: 'clog-node', replica, atMs })
    const untilMs = atMs + random.between(500, 1_200)
    if (untilMs < calmAtMs) faults.push({ kind: 'unclog-node', replica, atMs: untilMs })
  }
  const requestsPerClient = Math.ceil(LONG_REQUESTS / n)
  const pauseMsMax = Math.ceil((4 * calmAtMs) / requestsPerClient)
  return {
    ...plan,
    checkpointInterval: CHECKPOINT_INTERVALS[0],
    calmAtMs,
    faults: inOrder([...plan.faults, ...faults]),
    workload: { ...workload, requestsPerClient, openMax: 3, burstMax: 3, pauseMsMax },
  }
}

/** Draws up to f traitors, some from the beginning and some that turn later. */
function drawTraitors(
  random: Random,
  context: {
    readonly n: number
    readonly calmAtMs: number
    readonly mode: AuthenticationMode
    readonly adversaries: readonly DrawnAdversary[]
  },
): readonly Fault[] {
  const { n, calmAtMs, mode, adversaries } = context
  if (adversaries.length === 0 || random.chance(0.45)) return []
  const candidates = random.shuffle(replicaIds(n))
  // The first primary can do the most harm; without signatures also the next one, which makes a NEW-VIEW.
  const first = mode === 'oral' ? (random.below(2) as ReplicaId) : FIRST_PRIMARY
  if (random.chance(0.5)) candidates.unshift(...candidates.splice(candidates.indexOf(first), 1))
  const isLate = random.chance(0.3)
  return candidates.slice(0, random.between(1, faultsMax(n))).map((replica) => ({
    kind: 'turn',
    replica,
    traitor: drawTraitor(random, { mode, adversaries }, random.chance(replica === first ? 0.7 : 0.3)),
    number: random.below(2 ** 30),
    atMs: isLate ? random.between(0, calmAtMs - 1) : 0,
  }))
}

const FIRST_PRIMARY = 0 as ReplicaId

function drawTraitor(
  random: Random,
  {
    mode,
    adversaries,
  }: { readonly mode: AuthenticationMode; readonly adversaries: readonly DrawnAdversary[] },
  isPrimary: boolean,
): string {
  const harms = isPrimary ? 'as primary' : 'anywhere'
  const candidates = adversaries.filter((each) => each.harms === harms && each.modes.includes(mode))
  // Without signatures there are more lies to tell.
  const special = mode === 'oral' ? candidates.filter(({ modes }) => modes.length === 1) : []
  return random.pick(special.length > 0 && random.chance(0.6) ? special : candidates).name
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

function drawWorkload(random: Random, n: number, calmAtMs: number): WorkloadPlan {
  // Fewer requests in a large cluster, for the same reason.
  const requestsPerClient = Math.ceil((4 * random.between(20, 32)) / n)
  const burstMax = random.between(4, 24)
  return {
    clients: 3,
    requestsPerClient,
    openMax: random.pick([2, 8, 32]),
    burstMax,
    // On average, the requests are spread over the time until shortly after the calm.
    pauseMsMax: Math.ceil((2.4 * calmAtMs * (burstMax + 1)) / 2 / requestsPerClient),
    operationsMax: random.pick([1, 3, 8]),
    keys: random.pick([2, 4, 16]),
  }
}
