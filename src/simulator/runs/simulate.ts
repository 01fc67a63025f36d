/**
 * A run from a seed: a cluster, its clients, the faults that the seed draws, and then the calm. Everything is virtual
 * and in this process; replicas and clients are the production code.
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
import type { Trace, TracedNote, TracedStep, TraceListener } from '../trace/trace.ts'
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
  /** The cluster size: 4, 7, 10 or 13; by default drawn from the seed. */
  readonly n?: number
  /** The mode of authentication; signed by default. A plan has its own. */
  readonly mode?: AuthenticationMode
  /** Called with every step, as a line of text. */
  readonly trace?: TraceListener
  /** Called with every step. */
  readonly onStep?: (step: TracedStep) => void
  /** Called with the cluster before anything happens. */
  readonly onCluster?: (cluster: Cluster) => void
  /** Called with anything else that is noted: faults, requests and answers of clients. */
  readonly onNote?: (note: TracedNote) => void
  /** Replaces the plan that the seed draws. */
  readonly plan?: Plan
  /** The invariants to check; all by default. */
  readonly invariants?: readonly MonitoredInvariant[]
  readonly sabotage?: Sabotage
  /** Replicas that run twice with one key; the plan's partitions then list their second halves after all replicas. */
  readonly twins?: readonly ReplicaId[]
  /**
   * Replicas that are adversaries from their first start on, with their factories. The plan's limit does not apply to
   * them.
   */
  readonly adversaries?: ReadonlyMap<ReplicaId, Recomposition>
  /** The adversaries that plans name and seeds draw; without it, a seed draws no traitors. */
  readonly catalogue?: AdversaryCatalogue
  /** Called with every message that a replica refuses. */
  readonly onRejected?: (replica: ReplicaId, rejected: RejectedMessage) => void
  /** Clients outside the load. */
  readonly extraClients?: ExtraClients
  /** Makes the observer of situations for a run with n replicas. */
  readonly observe?: (n: number) => SituationObserver
  /** Makes an observer of a run from outside the replicas. */
  readonly audit?: (world: { readonly cluster: Cluster; readonly suite: CryptoSuite }) => Audit
  /** Draws faults in addition to those of the plan, until the calm; called repeatedly with each replica's view. */
  readonly reaction?: Reaction
  /** Told of every frame between nodes, when it is sent and when it arrives. */
  readonly traffic?: TrafficObserver
}

/** Sees the answers to the clients of the load, and the executed batches. */
export interface Audit {
  onClientFrame(from: Peer, frame: Uint8Array): void
  /** A correct replica executed a batch. */
  onExecuted(outcomes: readonly RequestOutcome[]): void
}

/** `views` are the views of the replicas by id, null for one that is down. */
export type Reaction = (seen: {
  readonly atMs: number
  readonly views: readonly (number | null)[]
}) => readonly Fault[]

/**
 * `held`: no violation; `safety`: an invariant was violated; `liveness`: after the calm, something was not finished in time; `broke`: the program itself failed.
 */
export type Verdict = 'held' | 'safety' | 'liveness' | 'broke'

/** The exit code of each verdict. */
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
  /** Lines that describe the failure and the run; empty if it held. */
  readonly explanation: readonly string[]
  /** The command that repeats this run. */
  readonly replay: string
  /** A hash of the trace, equal for two runs of a seed. */
  readonly traceHash: string
  readonly steps: number
  readonly virtualMs: number
  readonly calmAtMs: number
  /** Virtual milliseconds from the calm to the end of the work; null if it did not end. */
  readonly doneMs: number | null
  /** The bound on that time; null if the run ended before the calm. */
  readonly boundMs: number | null
  readonly requests: number
  readonly batches: number
  readonly restarts: number
  /** The highest view of a correct replica, and the number of its stable checkpoints. */
  readonly viewChanges: number
  readonly checkpoints: number
  /** The replicas that had lost promises and take part again. */
  readonly healed: number
}

export interface DetailedResult extends SimulationResult {
  readonly plan: Plan
  /** Every request of every client, with the times of its call and its answer. */
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

/** Safety comes first, because a violation often breaks the program a step later. */
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
