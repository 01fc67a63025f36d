/**
 * One run from one seed: a cluster, its clients, the faults that the seed draws, then calm. Everything is virtual and
 * in this process; the replicas and clients are the production ones.
 */
import { assert } from '../../base/assert.ts'
import type { ReplicaId } from '../../base/ids.ts'
import { isClusterSize } from '../../base/quorum.ts'
import type { RequestOutcome } from '../../base/request-outcome.ts'
import type { AuthenticationMode, Cluster } from '../../messages/cluster.ts'
import type { CryptoSuite, Peer } from '../../ports.ts'
import type { Recomposition, RejectedMessage } from '../../runtime/replica-runtime-options.ts'
import type { Violation } from '../checkers/checker.ts'
import type { MonitoredInvariant } from '../checkers/invariant-monitor.ts'
import { explainStuck, refusedRequest } from '../checkers/liveness.ts'
import type { SituationObserver } from '../coverage/situation-observer.ts'
import type { AdversaryCatalogue } from '../plan/adversaries.ts'
import { drawPlan } from '../plan/draw-plan.ts'
import type { Fault, Plan } from '../plan/plan.ts'
import type { Trace, TracedStep, TraceListener } from '../trace/trace.ts'
import type { ExtraClients } from '../world/extra-clients.ts'
import type { TrafficObserver } from '../world/frame-traffic.ts'
import type { HistoryEntry, VirtualClient } from '../world/virtual-client.ts'
import type { VirtualTime } from '../world/virtual-clock.ts'
import type { VirtualCluster } from '../world/virtual-cluster.ts'
import { survivePowerFailures } from '../world/virtual-process.ts'
import type { Sabotage } from '../world/virtual-replica.ts'
import { planLines, replayCommand } from './failure-text.ts'
import { begin, compareStates, isDone, prepare, type Run } from './run.ts'

export interface SimulationOptions {
  /** A safe integer of at least 0. */
  readonly seed: number
  /** 4, 7, 10 or 13; drawn from the seed when it is left out. */
  readonly n?: number
  /** Signed unless it says otherwise; a plan says it itself. */
  readonly mode?: AuthenticationMode
  /** Told of every step, as a line of text. */
  readonly trace?: TraceListener
  /** Told of every step. */
  readonly onStep?: (step: TracedStep) => void
  /** Instead of the plan that the seed draws. */
  readonly plan?: Plan
  /** The invariants to watch; all of them when left out. */
  readonly invariants?: readonly MonitoredInvariant[]
  readonly sabotage?: Sabotage
  /** Replicas that run twice with one key; the plan's partitions then name their second halves behind all replicas. */
  readonly twins?: readonly ReplicaId[]
  /** Replicas that are adversaries from their first start on, with what makes them so. They are as many as are given. */
  readonly adversaries?: ReadonlyMap<ReplicaId, Recomposition>
  /** The adversaries that a plan names and a seed draws; without it, a seed draws no traitors. */
  readonly catalogue?: AdversaryCatalogue
  /** Told of every message that a replica refuses. */
  readonly onRejected?: (replica: ReplicaId, rejected: RejectedMessage) => void
  /** Clients that are no part of the load. */
  readonly extraClients?: ExtraClients
  /** Makes what recognises the situations of a run with so many replicas. */
  readonly observe?: (n: number) => SituationObserver
  /** Made for a run, to look at it from outside of the replicas. */
  readonly audit?: (world: { readonly cluster: Cluster; readonly suite: CryptoSuite }) => Audit
  /** Faults beside those of the plan, until the calm; asked again and again, and told each replica's view. */
  readonly reaction?: Reaction
  /** Told of every frame between nodes, when it is sent and when it arrives. */
  readonly traffic?: TrafficObserver
}

/** Looks at what replicas tell the clients of the load, and at what is true. */
export interface Audit {
  onClientFrame(from: Peer, frame: Uint8Array): void
  /** A correct replica executed a batch. */
  onExecuted(outcomes: readonly RequestOutcome[]): void
}

/** The views are those of the replicas by id, null of one that is down. */
export type Reaction = (seen: {
  readonly atMs: number
  readonly views: readonly (number | null)[]
}) => readonly Fault[]

/**
 * `held` nothing was wrong; `safety` an invariant did not hold; `liveness` after the calm something was not done in
 * time; `broke` the program itself failed.
 */
export type Verdict = 'held' | 'safety' | 'liveness' | 'broke'

/** The exit code of a process that gives a verdict. */
export const VERDICT_EXIT_CODES: Readonly<Record<Verdict, number>> = {
  held: 0,
  broke: 127,
  liveness: 128,
  safety: 129,
}

export interface SimulationResult {
  readonly seed: number
  readonly n: number
  readonly verdict: Verdict
  /** The violated invariant, of a `safety` verdict. */
  readonly violation: Violation | null
  /** Lines that say what went wrong and what the run was like; empty when it held. */
  readonly explanation: readonly string[]
  /** The command that repeats this run. */
  readonly replay: string
  /** Equal for two runs of one seed. */
  readonly traceHash: string
  readonly steps: number
  readonly virtualMs: number
  readonly calmAtMs: number
  /** Virtual milliseconds from the calm until all was done; null when it was not. */
  readonly doneMs: number | null
  /** The bound on that time; null when the run ended before the calm. */
  readonly boundMs: number | null
  readonly requests: number
  readonly batches: number
  readonly restarts: number
  /** The highest view that a correct replica was in, and what was behind its last stable checkpoint, in checkpoints. */
  readonly viewChanges: number
  readonly checkpoints: number
  /** Replicas that had lost what they had promised, and take part again. */
  readonly healed: number
}

export interface DetailedResult extends SimulationResult {
  readonly plan: Plan
  /** Every request of every client with the times of its call and its answer. */
  readonly history: readonly HistoryEntry[]
  /** The replicas against which a correct one holds evidence at the end, by id. */
  readonly guilty: readonly ReplicaId[]
}

/** Runs a simulation to its end. */
export function simulate(options: SimulationOptions): DetailedResult {
  const simulation = startSimulation(options)
  while (simulation.next());
  return simulation.conclude()
}

/** A run that goes on one event at a time. */
export interface Simulation {
  readonly plan: Plan
  readonly time: VirtualTime
  readonly trace: Trace
  readonly virtual: VirtualCluster
  readonly clients: readonly VirtualClient[]
  /** The first promise that was broken so far. */
  readonly violation: Violation | null
  /** Lets the next event happen; false when the run is over. */
  next(): boolean
  /** The result of a run that is over, or of one as if it ended here. */
  conclude(): DetailedResult
}

/** Sets up a run, in which nothing has happened yet. */
export function startSimulation(options: SimulationOptions): Simulation {
  const { seed, n } = options
  assert(n === undefined || isClusterSize(n), `no cluster has ${String(n)} replicas`)
  const run = prepare(options, options.plan ?? drawPlan(seed, n, options.mode, options.catalogue?.drawn))
  const { plan, time, trace, virtual, clients, watch } = run
  let failure: unknown = null
  let isOver = false
  /** The program's own failure ends the run: it is a finding, and no reason to lose what was found before. */
  const attempt = (act: () => void): void => {
    try {
      act()
    } catch (error) {
      failure = error
      isOver = true
    }
  }
  attempt(() => begin(run, options.reaction))
  return {
    plan,
    time,
    trace,
    virtual,
    clients,
    get violation() {
      return watch.violation
    },
    next() {
      if (isOver) return false
      attempt(() => {
        if (!isDone(run) && survivePowerFailures(() => time.next())) return
        isOver = true
        if (run.doneMs !== null) compareStates(run)
        watch.onEnd()
      })
      return !isOver
    },
    conclude: () => conclude(run, failure, replayCommand(seed, n, plan.mode)),
  }
}

function conclude(run: Run, failure: unknown, replay: string): DetailedResult {
  const { plan, time, trace, watch, virtual, clients } = run
  const verdict = verdictOf(run, failure)
  const { violation } = watch
  const states = virtual.replicas.flatMap(({ isCorrect, running }) =>
    isCorrect && running !== null ? [running.runtime.state] : [],
  )
  const reached = virtual.replicas.map(({ running }) => running?.runtime.state.ordering.lastExecuted ?? 0)
  return {
    seed: plan.seed,
    n: plan.n,
    verdict,
    violation,
    explanation:
      verdict === 'held' ? [] : [...explain(run, failure), ...planLines(plan), `replay: ${replay}`],
    replay,
    traceHash: trace.hash,
    steps: trace.steps,
    virtualMs: time.now,
    calmAtMs: plan.calmAtMs,
    doneMs: run.doneMs,
    boundMs: run.boundMs,
    requests: clients.reduce((sum, { history }) => sum + history.length, 0),
    batches: Math.max(...reached),
    restarts: virtual.replicas.reduce((sum, { incarnation }) => sum + Math.max(0, incarnation - 1), 0),
    viewChanges: Math.max(0, ...states.map(({ views: { view } }) => view)),
    checkpoints:
      Math.max(0, ...states.map(({ checkpoints: { lowWatermark } }) => lowWatermark)) /
      plan.checkpointInterval,
    healed: virtual.replicas.filter((replica) => replica.isHealed).length,
    plan,
    history: clients.flatMap(({ history }) => history),
    guilty: [...new Set(states.flatMap(({ evidence }) => evidence.guilty))].sort((a, b) => a - b),
  }
}

/** Safety first: a violation often breaks the program a step later. */
function verdictOf({ watch, doneMs, clients }: Run, failure: unknown): Verdict {
  if (watch.violation !== null) return 'safety'
  if (failure !== null) return 'broke'
  return doneMs === null || refusedRequest(clients) !== null ? 'liveness' : 'held'
}

function explain({ watch, clients, virtual, boundMs }: Run, failure: unknown): readonly string[] {
  const { violation } = watch
  if (violation !== null) {
    const { invariant, name, replica, atMs, explanation } = violation
    const who = replica === null ? 'a client' : `replica ${replica}`
    return [`invariant ${invariant}, ${name}, at ${who} after ${atMs.toFixed(3)} ms: ${explanation}`]
  }
  if (failure !== null)
    return [failure instanceof Error ? (failure.stack ?? failure.message) : String(failure)]
  const refused = refusedRequest(clients)
  if (refused !== null) return [refused]
  const head = `not settled within ${Math.round(boundMs ?? 0)} ms after the calm`
  return [head, ...explainStuck(clients, virtual.replicas)]
}
