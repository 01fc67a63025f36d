/** Runs an attack in the simulator, with every invariant checked after every step. */
import { given } from '../../../src/base/given.ts'
import { type ReplicaId, toReplicaId } from '../../../src/base/ids.ts'
import { faultsMax } from '../../../src/base/quorum.ts'
import { createRandom } from '../../../src/base/random.ts'
import type { AuthenticationMode, Cluster } from '../../../src/messages/cluster.ts'
import { REQUEST_TIMEOUT_TICKS } from '../../../src/pbft/parameters.ts'
import type { Recomposition, RejectedMessage } from '../../../src/runtime/replica-runtime-options.ts'
import { drawPlan } from '../../../src/simulator/plan/draw-plan.ts'
import { inOrder, type Plan, withoutFaults } from '../../../src/simulator/plan/plan.ts'
import { type DetailedResult, type Reaction, simulate } from '../../../src/simulator/runs/simulate.ts'
import type { TracedNote, TracedStep } from '../../../src/simulator/trace/trace.ts'
import { EXACT_CLOCK } from '../../../src/simulator/world/virtual-clock.ts'
import { CALM_NETWORK } from '../../../src/simulator/world/virtual-network.ts'
import { Acts } from '../../language/acts.ts'
import { corrupt } from '../../language/adversary.ts'
import type { Blackboard } from '../../language/adversary-context.ts'
import { type Attack, modeFor } from '../../language/attack.ts'
import { FOREIGN_RECORDINGS } from '../../language/foreign-recordings.ts'
import { controlOf, judge } from '../judge.ts'
import { loadFigures } from '../processes/load-figures.ts'
import { SimulatedWitness } from '../processes/reply-witness.ts'
import type { Facts } from '../run-facts.ts'
import { attackContextOf, type ContextSetting } from './attack-schedule.ts'
import { foreignFrames } from './foreign-cluster.ts'
import { HostileExtraClient } from './hostile-client-run.ts'
import type { Observed } from './observed.ts'
import { Observer } from './observer.ts'
import { invariantsOf, simulatedEvidence } from './simulated-evidence.ts'

/** The beginning of the attack, and its length before the calm, in virtual milliseconds. */
export const ATTACK_BEGINS_AT_MS = 300
const LASTS_MS = 2_700
/** The time within which requests that waited when a view ended are answered, in virtual milliseconds. */
const SETTLES_MS = 200
/** Requests in total, for each second of the attack and f = 1; fewer in larger clusters, where each costs more. */
const REQUESTS_PER_SECOND = 100
/** Many operations in a request, so that each kind is among them often. */
const EVERY_OPERATION = { isWhole: true, operationsMax: 8 } as const
/**
 * For a steady load: the approximate requests of each client per second in a cluster without faults, and the longest
 * pause.
 */
const STEADY_PER_SECOND = 50
const STEADY_PAUSE_MS = 20

export interface SimulatedAttack {
  readonly attack: Attack
  readonly facts: Observed
  readonly result: DetailedResult
  /** The faults found; empty when the store held and did what was expected. */
  readonly faults: readonly string[]
}

export interface AttackSetting {
  readonly n: number
  readonly seed: number
  /** The replicas' mode of authentication; `signed` when absent. */
  readonly auth?: AuthenticationMode
  /** The traitors; by default those of the attack. */
  readonly traitors?: readonly number[]
  /** Called with every step of every replica. */
  readonly onStep?: (step: TracedStep) => void
  /** Called with the cluster before anything happens. */
  readonly onCluster?: (cluster: Cluster) => void
  /** Called with everything else that the trace notes. */
  readonly onNote?: (note: TracedNote) => void
  /** Called with every act of a traitor, after the step that it falsifies. */
  readonly onAct?: (traitor: ReplicaId) => void
  /** Called with every message that a replica refuses. */
  readonly onRejected?: (replica: ReplicaId, rejected: RejectedMessage) => void
  /**
   * Virtual milliseconds of the attack before the calm; the traitors continue after it. A view change takes up to 600.
   */
  readonly lastsMs?: number
}

export function attackInSimulator(attack: Attack, setting: AttackSetting): SimulatedAttack {
  const { n, seed } = setting
  const auth = modeFor(attack, setting.auth ?? 'signed')
  const beginsAtMs = attack.simulated?.beginsAtMs ?? ATTACK_BEGINS_AT_MS
  const lastsMs = (setting.lastsMs ?? LASTS_MS) * (attack.environment?.lasts ?? 1)
  const traitors = setting.traitors?.map((id) => toReplicaId(id)) ?? attack.traitors(n)
  const board: Blackboard = { traitors, notes: new Map() }
  const random = createRandom(seed)
  const acts = new Acts(board)
  const play = (id: ReplicaId): Recomposition =>
    corrupt({
      adversary: attack,
      board,
      random: random.fork(),
      isOn: (ageMs) => ageMs >= beginsAtMs,
      onAct: counting(id, acts, setting),
    })
  const hasTwins = attack.simulated?.hasTwins === true
  const adversaries = new Map<ReplicaId, Recomposition>(hasTwins ? [] : traitors.map((id) => [id, play(id)]))
  const isCorrect = (id: ReplicaId): boolean => !traitors.includes(id)
  const observer = new Observer(isCorrect, beginsAtMs)
  const plan = {
    ...planOf(attack, { n, seed, beginsAtMs, lastsMs, traitors }),
    mode: auth,
    ...requestsOf(attack),
  }
  // A fault of the environment is an act too.
  acts.total += plan.faults.length + (attack.simulated?.plan?.network === undefined ? 0 : 1)
  const guest =
    attack.client === undefined
      ? null
      : new HostileExtraClient(attack.client, { board, fromMs: beginsAtMs, onAct: acts.count })
  const { core, reaction, hasForeignRecordings } = attack.simulated ?? {}
  if (hasForeignRecordings === true) board.notes.set(FOREIGN_RECORDINGS, foreignFrames(plan))
  const liars = new SimulatedWitness()
  const control = controlOf(attack, { n, traitors })
  const result = simulate({
    seed,
    plan,
    adversaries,
    ...given({ twins: hasTwins ? traitors : null, invariants: control && invariantsOf(control) }),
    sabotage: { step: (id, protocol) => observer.watching(id, core?.(protocol) ?? protocol) },
    onStep: (step) => {
      observer.onStep(step)
      setting.onStep?.(step)
    },
    ...given({ onNote: setting.onNote, onCluster: setting.onCluster }),
    ...(attack.control?.breaks === 'answers' ? { audit: liars.attend } : {}),
    onRejected: (replica, message) => {
      if (isCorrect(replica)) observer.onRejected(replica, message)
      setting.onRejected?.(replica, message)
    },
    ...given({ extraClients: guest }),
    ...(reaction === undefined
      ? {}
      : {
          reaction: during(reaction(attackContextOf({ n, seed, lastsMs, traitors })), beginsAtMs, acts.count),
        }),
  })
  const seen = guest?.end() ?? []
  const { viewChanges, guilty } = result
  const { rejected } = observer
  const facts: Observed = {
    n,
    f: faultsMax(n),
    auth,
    traitors,
    acts: acts.total,
    actsByTurn: acts.byTurn,
    viewChanges,
    rejected,
    guilty,
    cutOff: [...observer.cutOff].sort((a, b) => a - b),
    ...given({ told: guest?.told }),
    ...observed(result, observer, beginsAtMs),
    convicted: [...new Set([...observer.convicted, ...liars.named])].sort((a, b) => a - b),
  }
  return { attack, facts, result, faults: [...judge(simulatedEvidence(attack, facts, result)), ...seen] }
}

const counting =
  (id: ReplicaId, acts: Acts, { onAct }: Pick<AttackSetting, 'onAct'>) =>
  (): void => {
    acts.count()
    onAct?.(id)
  }

const requestsOf = ({ needsMacs }: Attack): Pick<Plan, 'requests'> =>
  needsMacs === true ? { requests: 'oral' } : {}

function observed(
  result: DetailedResult,
  observer: Observer,
  beginsAtMs: number,
): Omit<Observed, keyof Facts> {
  const settledAtMs = observer.leftViewAtMs === null ? null : observer.leftViewAtMs + SETTLES_MS
  const { batches, checkpoints, healed, restarts, virtualMs, history, plan } = result
  const { suspected, convicted, served, transfers, nullBatches, aheadMs, waitingTicks } = observer
  const { executedAheadMs, leaseLateMs, lateMs } = observer
  return {
    checkpointInterval: plan.checkpointInterval,
    batches,
    checkpoints,
    healed,
    restarts,
    nullBatches,
    virtualMs,
    attackedMs: virtualMs - beginsAtMs,
    ...loadFigures(history, { beginsAtMs, endsAtMs: virtualMs, settledAtMs }),
    timeoutTicks: {
      first: REQUEST_TIMEOUT_TICKS,
      most: observer.timeoutTicksMost,
      last: observer.timeoutTicksLast,
    },
    suspected: [...suspected].sort(),
    convicted: [...convicted].sort(),
    served,
    refusedOfClients: observer.refusedOfClients,
    blamed: [...observer.blamed].sort(),
    transfers: { ...transfers },
    aheadMs,
    lateMs,
    executedAheadMs,
    leaseLateMs,
    waitingTicks,
  }
}

/** A load with one request at a time, and a short pause. */
const steadyLoad = (forMs: number) => ({
  requestsPerClient: Math.ceil((STEADY_PER_SECOND * forMs) / 1000),
  openMax: 1,
  burstMax: 1,
  pauseMsMax: STEADY_PAUSE_MS,
})

/** A cluster with no fault except the attack and its environment, and a load for the whole run. */
function planOf(attack: Attack, setting: ContextSetting & { readonly beginsAtMs: number }): Plan {
  const { n, seed, beginsAtMs, lastsMs, traitors } = setting
  const { reads: _reads, ...drawn } = withoutFaults(drawPlan(seed, n))
  const { isWhole: _isWhole, administrator: _administrator, ...workload } = drawn.workload
  const burstMax = 4
  const clients = 4
  const requestsPerClient = Math.ceil((REQUESTS_PER_SECOND * lastsMs) / 1000 / n)
  const { plan, hasLateTraitors = false, hasSteadyLoad = false, usesEveryOperation } = attack.simulated ?? {}
  const context = attackContextOf(setting)
  const faults = [
    ...(attack.simulated?.faults?.(context) ?? []),
    ...(attack.environment?.linkFaults?.(context) ?? []),
  ]
  return {
    ...drawn,
    suite: 'simulated',
    // Short intervals, so that every attack includes checkpoints and transfers.
    checkpointInterval: seed % 2 === 0 ? 4 : 8,
    network: CALM_NETWORK,
    disk: { ...drawn.disk, syncMs: [0.5, 1], readMs: 0 },
    clocks: drawn.clocks.map(() => ({ storm: EXACT_CLOCK, calm: EXACT_CLOCK })),
    calmAtMs: beginsAtMs + lastsMs,
    workload: {
      ...workload,
      ...(usesEveryOperation === true ? EVERY_OPERATION : {}),
      clients,
      requestsPerClient,
      openMax: 4,
      burstMax,
      // On average, the last request is sent shortly after the calm.
      pauseMsMax: Math.ceil((2.6 * lastsMs * (burstMax + 1)) / 2 / requestsPerClient),
      ...(hasSteadyLoad ? steadyLoad(beginsAtMs + lastsMs) : {}),
    },
    ...plan,
    faultyMax: faultsMax(n) + (hasLateTraitors ? traitors.length : 0),
    faults: inOrder(faults.map((fault) => ({ ...fault, atMs: beginsAtMs + fault.atMs }))),
  }
}

/** A reaction during the attack, each of whose faults is an act. */
const during =
  (reaction: Reaction, beginsAtMs: number, onAct: () => void): Reaction =>
  (seen) => {
    if (seen.atMs < beginsAtMs) return []
    const faults = reaction({ ...seen, atMs: seen.atMs - beginsAtMs })
    for (const _ of faults) onAct()
    return faults
  }
