/** The costs of the store: the production replicas in a calm cluster, one scenario for each thing that they do. */
import { assert } from '../base/assert.ts'
import { given } from '../base/given.ts'
import type { ReplicaId } from '../base/ids.ts'
import { faultsMax } from '../base/quorum.ts'
import type { AuthenticationMode } from '../messages/cluster.ts'
import type { FrameKindName } from '../messages/kinds.ts'
import { CHECKPOINT_INTERVAL, CHECKPOINT_INTERVAL_MIN } from '../messages/limits.ts'
import { step as protocolStep } from '../pbft/step.ts'
import type { CryptoSuite, Peer } from '../ports.ts'
import type { StepFunction } from '../runtime/replica-runtime.ts'
import { sumOf } from './counting-suite.ts'
import type { CostTrace, Counts, Measured, Stopwatch } from './counts.ts'
import { MeasuredCluster } from './measured-cluster.ts'

const ORDERING: readonly FrameKindName[] = ['pre-prepare', 'prepare', 'commit']
const WITH_CLIENTS: readonly FrameKindName[] = ['request', ...ORDERING, 'reply']
const CHECKPOINT: readonly FrameKindName[] = ['checkpoint']
const VIEW_CHANGE: Readonly<Record<AuthenticationMode, readonly FrameKindName[]>> = {
  signed: ['view-change', 'new-view'],
  oral: ['oral-view-change', 'view-change-ack', 'oral-new-view', 'view-change-fetch', 'view-change-delivery'],
}
const CHAINS = [ORDERING, WITH_CLIENTS, CHECKPOINT, VIEW_CHANGE.signed, VIEW_CHANGE.oral]

/** Decisions that are measured one after the other, a multiple of sixteen (rule 5.4); what is told is the cost of one. */
const DECISIONS = 48
const WARM_UP = 10
export const LARGE_BATCH = 100
/** An odd number. */
const TIMED_RUNS = 3
/** A view change is measured between two heartbeats: how often that is tried, and how much later each time. */
const ATTEMPTS_MAX = 16
const ATTEMPT_MS = 13
/** A heartbeat that was sent so long ago has arrived. */
const HEARTBEAT_UNDER_WAY_MS = 2
/** Until replicas that start have asked each other what they know of them. */
const STARTING_MS = 1_000

export interface StoreSetting {
  readonly n: number
  readonly mode: AuthenticationMode
  readonly suite: CryptoSuite
  /** Null where nobody asks for the time. */
  readonly stopwatch: Stopwatch | null
}

/** A course of events in a cluster. It says when counting begins, and what the processor's time is taken of. */
interface Scenario {
  readonly clients: number
  readonly checkpointInterval: number
  readonly step?: (id: ReplicaId) => StepFunction | null
  /**
   * Gives the decisions that were made while it was counted; null where a heartbeat fell into it, for then something may
   * have been sent twice. The next attempt happens at another time.
   */
  play(cluster: MeasuredCluster, timed: (run: () => void) => void, attempt: number): number | null
}

/** A row of the table: these kinds of frames in this scenario. */
interface Row {
  readonly protocol: string
  readonly convention: string
  readonly kinds: readonly FrameKindName[]
  /** True if the row is about all that happened meanwhile, so that hashes and processor time are its own. */
  readonly isWhole: boolean
}

/** The name of a row: in oral mode it says so. */
export const rowName = (protocol: string, mode: AuthenticationMode): string =>
  mode === 'signed' ? protocol : `${protocol}, oral`

export function measureStore(setting: StoreSetting): readonly Measured[] {
  const { mode } = setting
  const messages =
    mode === 'signed' ? 'VIEW-CHANGE and NEW-VIEW' : 'VIEW-CHANGE, its acknowledgements and NEW-VIEW'
  return [
    ...measure(setting, oneByOne(null), [
      {
        protocol: 'PBFT between replicas',
        convention: 'PRE-PREPARE, PREPARE and COMMIT of a batch of one request',
        kinds: ORDERING,
        isWhole: false,
      },
      {
        protocol: 'PBFT with request and replies',
        convention:
          'those, the REQUEST, which every sixteenth time goes to a backup too (rule 5.4), and a REPLY of each replica; a put of 100 bytes',
        kinds: WITH_CLIENTS,
        isWhole: true,
      },
    ]),
    measureLargeBatch(setting),
    ...measure(setting, oneByOne((setting.n - 1) as ReplicaId), [
      {
        protocol: 'PBFT, one backup crashed, between replicas',
        convention: 'PRE-PREPARE, PREPARE and COMMIT; what is sent to the one that is down counts',
        kinds: ORDERING,
        isWhole: false,
      },
    ]),
    ...measure(setting, untilCheckpoint, [
      { protocol: 'checkpoint', convention: 'CHECKPOINT', kinds: CHECKPOINT, isWhole: false },
    ]),
    ...measure(setting, viewChange('alive', mode), [
      {
        protocol: 'view change, all alive',
        convention: `${messages}; the old primary takes no requests, and takes part in the rest`,
        kinds: VIEW_CHANGE[mode],
        isWhole: true,
      },
    ]),
    ...measure(setting, viewChange('dead', mode), [
      {
        protocol: 'view change, old primary dead',
        convention: `${messages}; what is sent to the one that is down counts`,
        kinds: VIEW_CHANGE[mode],
        isWhole: true,
      },
    ]),
  ]
}

function measure(setting: StoreSetting, scenario: Scenario, rows: readonly Row[]): readonly Measured[] {
  const { counted, decisions, attempt } = count(setting, scenario)
  const { stopwatch } = setting
  const isTimed = stopwatch !== null && rows.some(({ isWhole }) => isWhole)
  const cpu = isTimed ? time({ ...setting, stopwatch }, scenario, attempt) : null
  const { n, mode } = setting
  return rows.map(({ protocol, convention, kinds, isWhole }) => ({
    protocol: rowName(protocol, mode),
    n,
    f: faultsMax(n),
    convention,
    counts: countsOf(counted, { kinds, isWhole, decisions, cpu: isWhole ? cpu : null }),
  }))
}

/** Runs a scenario until no heartbeat falls into it. */
function count(
  setting: StoreSetting,
  scenario: Scenario,
): { readonly counted: MeasuredCluster; readonly decisions: number; readonly attempt: number } {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const counted = createCluster(setting, scenario, true)
    const decisions = scenario.play(counted, (run) => run(), attempt)
    if (decisions !== null) return { counted, decisions, attempt }
  }
  assert(false, 'heartbeats leave room between them')
}

/** Counting costs time, so the time is taken of runs without it; the median of some. */
function time(
  setting: StoreSetting & { readonly stopwatch: Stopwatch },
  scenario: Scenario,
  attempt: number,
): number {
  const times = Array.from({ length: TIMED_RUNS }, () => {
    let taken = 0
    const timed = (run: () => void): void => {
      const start = setting.stopwatch()
      run()
      taken += setting.stopwatch() - start
    }
    scenario.play(createCluster(setting, scenario, false), timed, attempt)
    return taken
  })
  return times.sort((a, b) => a - b)[(TIMED_RUNS - 1) / 2] as number
}

function createCluster(
  { n, mode, suite }: StoreSetting,
  { clients, checkpointInterval, step }: Scenario,
  countsCrypto: boolean,
): MeasuredCluster {
  const cluster = new MeasuredCluster({
    n,
    mode,
    suite,
    clients,
    checkpointInterval,
    chains: CHAINS,
    countsCrypto,
    ...given({ step }),
  })
  cluster.wait(STARTING_MS)
  return cluster
}

function countsOf(
  { meter, crypto }: MeasuredCluster,
  row: Pick<Row, 'kinds' | 'isWhole'> & { readonly decisions: number; readonly cpu: number | null },
): Counts {
  const { kinds, isWhole, decisions, cpu } = row
  const perDecision = (counts: ReadonlyMap<string, number>): number => sumOf(counts, kinds) / decisions
  return {
    messages: perDecision(meter.messages),
    bytes: perDecision(meter.bytes),
    signaturesMade: perDecision(crypto.made),
    signaturesChecked: perDecision(crypto.checked),
    macsMade: perDecision(crypto.macsMade),
    macsChecked: perDecision(crypto.macsChecked),
    tagsMade: perDecision(meter.tagsMade),
    tagsChecked: perDecision(meter.tagsChecked),
    hashes: isWhole ? crypto.hashes / decisions : null,
    rounds: meter.rounds[CHAINS.indexOf(kinds)] ?? null,
    cpuMicroseconds: cpu === null ? null : cpu / decisions,
  }
}

/** One request and what it causes, as a trace. */
export function traceStore(setting: StoreSetting): CostTrace {
  const scenario = oneByOne(null)
  const cluster = createCluster(setting, scenario, false)
  const client = cluster.peers.at(-1)
  assert(client !== undefined, 'there is a client')
  cluster.ask()
  cluster.runUntilAnswered()
  cluster.wait(STARTING_MS)
  cluster.meter.trace(WITH_CLIENTS)
  cluster.ask()
  cluster.runUntilAnswered()
  const at = cluster.meter.mark(client)
  cluster.settle()
  const laneOf = ({ id }: Peer): number => cluster.peers.findIndex((peer) => peer.id === id)
  return {
    protocol: 'PBFT with request and replies',
    lanes: cluster.peers.map(({ kind, id }) => (kind === 'replica' ? `replica ${id}` : 'client')),
    arrows: cluster.meter.traced.map(({ from, to, kind, sentAt, receivedAt }) => ({
      from: laneOf(from),
      to: laneOf(to),
      sentAt,
      receivedAt,
      phase: WITH_CLIENTS.indexOf(kind as FrameKindName),
      says: kind.toUpperCase(),
    })),
    decisions: [{ lane: laneOf(client), at, says: 'answered' }],
  }
}

/** Requests, each asked when everything about the one before is over. */
function oneByOne(crashed: ReplicaId | null): Scenario {
  const askOne = (cluster: MeasuredCluster): void => {
    cluster.meter.begin()
    cluster.ask()
    cluster.runUntilAnswered()
    cluster.settle()
  }
  return {
    clients: 1,
    checkpointInterval: CHECKPOINT_INTERVAL,
    play(cluster, timed) {
      if (crashed !== null) cluster.crash(crashed)
      for (let count = 0; count < WARM_UP; count++) askOne(cluster)
      cluster.reset()
      timed(() => {
        for (let count = 0; count < DECISIONS; count++) askOne(cluster)
      })
      return DECISIONS
    },
  }
}

/**
 * A batch takes what gathered while earlier ones were in flight: two requests keep the pipeline full while the others
 * arrive. What the two cost alone is taken off.
 */
function measureLargeBatch(setting: StoreSetting): Measured {
  const scenario = (others: number): Scenario => ({
    clients: LARGE_BATCH + 1,
    checkpointInterval: CHECKPOINT_INTERVAL,
    play(cluster, timed) {
      const executed = (): number => cluster.replicas[0]?.state.ordering.lastExecuted ?? 0
      // Each once before: whoever comes for the first time agrees on keys with every replica in oral mode.
      for (let client = 0; client <= LARGE_BATCH; client++) cluster.ask(client)
      cluster.runUntilAnswered()
      cluster.settle()
      cluster.reset()
      const before = executed()
      timed(() => {
        cluster.ask()
        cluster.ask()
        cluster.wait(0.5)
        for (let client = 1; client <= others; client++) cluster.ask(client)
        cluster.runUntilAnswered()
        cluster.settle()
      })
      assert(executed() - before === (others > 0 ? 3 : 2), 'the others make one batch')
      return 1
    },
  })
  const row: Row = {
    protocol: `PBFT, a batch of ${LARGE_BATCH} requests`,
    convention: `all of a batch of one put of 100 bytes from each of ${LARGE_BATCH} clients`,
    kinds: WITH_CLIENTS,
    isWhole: true,
  }
  const [all] = measure(setting, scenario(LARGE_BATCH), [row])
  const [two] = measure(setting, scenario(0), [row])
  assert(all !== undefined && two !== undefined, 'a row was asked for')
  return { ...all, counts: { ...difference(all.counts, two.counts), rounds: null } }
}

function difference(all: Counts, part: Counts): Counts {
  const names = Object.keys(all) as (keyof Counts)[]
  const without = (name: keyof Counts): number | null =>
    all[name] === null || part[name] === null ? null : all[name] - part[name]
  return Object.fromEntries(names.map((name) => [name, without(name)])) as unknown as Counts
}

/** Batches up to the first checkpoint. */
const untilCheckpoint: Scenario = {
  clients: 1,
  checkpointInterval: CHECKPOINT_INTERVAL_MIN,
  play(cluster) {
    cluster.reset()
    for (let count = 0; count < CHECKPOINT_INTERVAL_MIN; count++) {
      cluster.ask()
      cluster.runUntilAnswered()
      cluster.meter.begin()
      cluster.settle()
    }
    const isStable = cluster.replicas.every(
      ({ state }) => state.checkpoints.lowWatermark === CHECKPOINT_INTERVAL_MIN,
    )
    assert(isStable, 'the checkpoint is stable everywhere')
    return 1
  },
}

/** A request that the first primary does not take, so that the view ends. Before it one was ordered. */
function viewChange(oldPrimary: 'alive' | 'dead', mode: AuthenticationMode): Scenario {
  return {
    clients: 1,
    checkpointInterval: CHECKPOINT_INTERVAL,
    step: (id) => (id === 0 ? takingOneRequest() : null),
    play(cluster, timed, attempt) {
      cluster.ask()
      cluster.runUntilAnswered()
      cluster.settle()
      const [, ...others] = cluster.replicas
      if (oldPrimary === 'dead') cluster.crash(0 as ReplicaId)
      const live = oldPrimary === 'dead' ? others : cluster.replicas
      cluster.wait(attempt * ATTEMPT_MS)
      cluster.reset()
      cluster.ask()
      cluster.runUntil(() => VIEW_CHANGE[mode].some((kind) => cluster.meter.messages.has(kind)))
      const since = cluster.meter.quietFor('status')
      const heartbeats = cluster.meter.messages.get('status')
      timed(() =>
        cluster.runUntil(() => live.every(({ state }) => state.views.view === 1 && state.views.isActive)),
      )
      if (since < HEARTBEAT_UNDER_WAY_MS || cluster.meter.messages.get('status') !== heartbeats) return null
      cluster.runUntilAnswered()
      cluster.settle()
      return 1
    },
  }
}

/** The protocol of a replica that is deaf for requests after the first one. */
function takingOneRequest(): StepFunction {
  let taken = 0
  return (state, event) => {
    const isRequest = event.kind === 'received' && event.message.kind === 'request'
    return isRequest && taken++ > 0 ? [] : protocolStep(state, event)
  }
}
