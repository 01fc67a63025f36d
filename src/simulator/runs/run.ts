/** One run as it goes on: everything that it is made of, what is arranged at its beginning, and when it is done. */
import { given } from '../../base/given.ts'
import type { Sequence } from '../../base/ids.ts'
import { createRandom, type Random } from '../../base/random.ts'
import { storeParametersOf } from '../../messages/cluster.ts'
import type { Checker } from '../checkers/checker.ts'
import { createCheckers, InvariantMonitor } from '../checkers/invariant-monitor.ts'
import { areLeasesOver, isLoadOver, isSettled, lastBegun, settleBoundMs } from '../checkers/liveness.ts'
import type { Plan } from '../plan/plan.ts'
import { Trace } from '../trace/trace.ts'
import { ExtraClientAdmission, type ExtraClientHost } from '../world/extra-clients.ts'
import { simulatedSuites } from '../world/fast-suite.ts'
import type { VirtualClient } from '../world/virtual-client.ts'
import { VirtualClock, VirtualTime } from '../world/virtual-clock.ts'
import { createIdentities, createVirtualCluster, type VirtualCluster } from '../world/virtual-cluster.ts'
import { addTwin, createClients } from './load-clients.ts'
import type { Audit, Reaction, SimulationOptions } from './simulate.ts'

/** The interval at which the run is checked for having settled, in virtual milliseconds. */
const SETTLED_POLL_MS = 10
/** The interval at which a reaction is asked for, in virtual milliseconds. */
const REACTION_MS = 10

export interface Run {
  readonly plan: Plan
  readonly time: VirtualTime
  readonly trace: Trace
  readonly watch: InvariantMonitor
  readonly virtual: VirtualCluster
  readonly clients: readonly VirtualClient[]
  boundMs: number | null
  /** The sequence number that the first correct replica had executed when the load was over, after the calm. */
  final: Sequence | null
  doneMs: number | null
  isOverdue: boolean
}

/** Makes everything that a run has. */
export function prepare(options: SimulationOptions, plan: Plan): Run {
  const random = createRandom(plan.seed).fork()
  const time = new VirtualTime()
  const trace = new Trace(options.trace ?? null, options.onStep ?? null, options.onNote ?? null)
  const { invariants, extraClients } = options
  const identities = createIdentities(plan, simulatedSuites[plan.suite], extraClients?.admitted ?? 0)
  const checkers = createCheckers({
    n: plan.n,
    clients: plan.workload.clients + (extraClients?.admitted ?? 0),
    isCorrect: (id) => virtual.replicas[id]?.isCorrect ?? false,
    now: () => time.now,
    founders: storeParametersOf(identities.cluster).administrators,
    ...given({ invariants }),
  })
  let audit: Audit | null = null
  const auditor: Checker = {
    invariant: 0,
    name: 'no invariant: an audit',
    onExecuted({ outcomes }) {
      audit?.onExecuted(outcomes)
      return null
    },
  }
  const observer = options.observe?.(plan.n) ?? null
  const lookingOn = observer === null ? [auditor] : [auditor, observer.checker]
  const watch = new InvariantMonitor([...checkers, ...lookingOn], () => time.now)
  const sabotage = options.sabotage ?? {}
  const virtual: VirtualCluster = createVirtualCluster({
    plan,
    identities,
    time,
    random: random.fork(),
    watch,
    trace,
    sabotage,
    ...given({ twins: options.twins, adversaries: options.adversaries, observer: observer ?? undefined }),
    ...given({ onRejected: options.onRejected }),
    ...given({ catalogue: options.catalogue, traffic: options.traffic }),
    restartClient: (client, losesCounter) => clients[client]?.restart(losesCounter) ?? false,
    twinClient: (twin) => addTwin(clients, twin, { plan, time, trace, watch, virtual, random, audit }),
  })
  options.onCluster?.(virtual.cluster)
  audit = options.audit?.(virtual) ?? null
  const clients = createClients({ plan, time, trace, watch, virtual, random, audit })
  extraClients?.arrive(hostOf({ plan, time, watch, virtual, random, clients }))
  const parts = { plan, time, trace, watch, virtual, clients }
  return { ...parts, boundMs: null, final: null, doneMs: null, isOverdue: false }
}

function hostOf(context: {
  readonly plan: Plan
  readonly time: VirtualTime
  readonly watch: InvariantMonitor
  readonly virtual: VirtualCluster
  readonly random: Random
  readonly clients: readonly VirtualClient[]
}): ExtraClientHost {
  const { plan, time, watch, virtual, random, clients } = context
  const { cluster, suite, network, replicaSigners, clientSigners, agreementSecrets } = virtual
  const admission = new ExtraClientAdmission({
    cluster,
    suite,
    replicaSigners,
    network,
    time,
    random: random.fork(),
  })
  return {
    cluster,
    suite,
    signers: clientSigners.slice(plan.workload.clients),
    agreementSecrets: agreementSecrets.client.slice(plan.workload.clients),
    clock: new VirtualClock(time),
    random: random.fork(),
    connect: (security) => admission.connect(security),
    signed: (request) => watch.onSigned(request),
    isLoadOver: () => isLoadOver(clients),
  }
}

/** Starts the replicas, and arranges what the plan says. */
export function begin(run: Run, reaction?: Reaction): void {
  const { plan, time, watch, virtual, clients } = run
  virtual.start()
  for (const fault of plan.faults) time.after(fault.atMs, () => virtual.strike(fault))
  if (reaction !== undefined) react(run, reaction)
  time.after(plan.calmAtMs, () => {
    virtual.calm()
    for (const client of clients) if (client.twinOf !== null) client.end()
    const boundMs = settleBoundMs(plan, clients, virtual.replicas)
    run.boundMs = boundMs
    time.every(
      () => SETTLED_POLL_MS,
      () => {
        const elapsed = time.now - plan.calmAtMs
        if (run.final === null && isLoadOver(clients)) {
          run.final = lastBegun(virtual.replicas)
          watch.onLoadOver(run.final)
          compareStates(run)
        }
        const isDone = run.final !== null && isSettled(virtual.replicas, run.final)
        if (isDone && areLeasesOver(plan, virtual.replicas)) run.doneMs = elapsed
        else run.isOverdue = elapsed > boundMs
      },
    )
  })
}

/** True for a run that needs to go no further. */
export const isDone = ({ watch, doneMs, isOverdue }: Run): boolean =>
  watch.violation !== null || doneMs !== null || isOverdue

function react({ plan, time, virtual }: Run, reaction: Reaction): void {
  const stop = time.every(
    () => REACTION_MS,
    () => {
      if (time.now >= plan.calmAtMs) return stop()
      const views = virtual.replicas.map(({ running }) => running?.runtime.state.views.view ?? null)
      for (const fault of reaction({ atMs: time.now, views })) virtual.strike(fault)
    },
  )
}

/** Compares the states behind equal numbers once more, of replicas that are not in the middle of a batch. */
export function compareStates({ virtual, watch }: Run): void {
  for (const { id, isCorrect, isExecuting, running } of virtual.replicas) {
    if (!isCorrect || isExecuting || running === null) continue
    const { lastExecuted } = running.runtime.state.ordering
    watch.onSettled({ replica: id, lastExecuted, application: running.application })
  }
}
