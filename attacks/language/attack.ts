/** An entry of the catalogue: an attack, the parties that play it, and its expected outcome. */
import { given } from '../../src/base/given.ts'
import { type ReplicaId, replicaIds } from '../../src/base/ids.ts'
import { faultsMax, weakQuorum } from '../../src/base/quorum.ts'
import type { Random } from '../../src/base/random.ts'
import type { AuthenticationMode } from '../../src/messages/cluster.ts'
import type { StepFunction } from '../../src/runtime/replica-runtime-options.ts'
import type { DrawnAdversary } from '../../src/simulator/plan/adversaries.ts'
import type { Fault, LinkFault, Plan } from '../../src/simulator/plan/plan.ts'
import type { Reaction } from '../../src/simulator/runs/simulate.ts'
import type { Facts } from '../run/run-facts.ts'
import type { Observed } from '../run/simulated/observed.ts'
import type { Adversary } from './adversary.ts'
import type { ClientRole } from './client-behaviour.ts'
import type { ClusterHarness } from './cluster-harness.ts'

/** The aim of an attack. */
export type Target = 'safety' | 'liveness' | 'performance' | 'resources' | 'accuracy'

/** Returns the unmet expectations, as sentences. */
export type Judge<F = Facts> = (facts: F) => readonly string[]

/** The world in which an attack runs: real processes, or a simulation of them. */
export type World = 'processes' | 'simulator'

/** A limit of the store and the amount that an attack sends, both in the unit that `what` names. */
export interface Excess {
  readonly what: string
  readonly limit: number
  readonly sent: number
}

/** The smallest cluster, in which every attack of replicas has a traitor. */
export const CLUSTER_SIZE_LEAST = 4

interface Described {
  readonly name: string
  /** The party that plays it, if not only replicas do. */
  readonly plays?: 'replicas' | 'client' | 'stranger' | 'network' | 'machines'
  readonly targets: readonly Target[]
  /** One sentence: what the adversary does. */
  readonly does: string
  /** Its source: the author who described it, or the system in which it occurred. */
  readonly source: string
  /** The expectation in addition to those of every attack; one sentence. */
  readonly expects: string
  /** The limits that it attacks, each with the amount that it sends, which always exceeds the limit. */
  readonly exceeds?: readonly Excess[]
  /** The judge of a run in either world. */
  readonly judge?: Judge
  /**
   * The only mode with the messages that the attack forges. Its clusters have this mode, regardless of the options.
   */
  readonly mode?: AuthenticationMode
  /** Set if requests must have MACs. Its clusters have them, regardless of the options. */
  readonly needsMacs?: true
  /** Additional sentences in the report beside the verdict. */
  readonly tells?: (facts: Facts | Observed) => readonly string[]
}

/** An attack that runs in the simulator, and also on processes if `world` says so. */
export interface Attack extends Described, Adversary {
  readonly world: 'both' | 'simulator'
  /** The replicas that play it by default. */
  readonly traitors: (n: number) => readonly ReplicaId[]
  /** Set if seeds of the simulator draw it for traitors, under any faults; names the role in which it does harm. */
  readonly drawn?: DrawnAdversary['harms']
  /** The hostile client that plays it, alone or with replicas. */
  readonly client?: ClientRole
  /** Set for a control: with these traitors the store must break, and with f of them it must hold. */
  readonly control?: Control
  /** The environment's part in the attack, in every world that it runs in. */
  readonly environment?: Environment
  /** The additional environment in the simulator, which processes cannot arrange or do not need. */
  readonly simulated?: SimulatedEnvironment
  /** The judge of a simulated run, in which everything is visible. */
  readonly inspect?: Judge<Observed>
  /** Its form on processes, if the network or the machines play it instead of replicas or a client. */
  readonly outside?: OutsideForm
}

/** An attack that runs only on processes: by a client, strangers on the wire, or the machines. */
export interface ProcessAttack extends Described, Partial<Adversary> {
  readonly world: 'processes'
  readonly plays: 'client' | 'stranger' | 'network' | 'machines'
  readonly outside: OutsideForm
  /** The replicas that also play it. */
  readonly traitors?: (n: number) => readonly ReplicaId[]
}

export type AnyAttack = Attack | ProcessAttack

/** An attack on processes from outside the replicas. */
export interface OutsideForm {
  /** Set if it attacks a gateway. */
  readonly needsGateway?: true
  /** The limit of open files of each correct replica and of the gateway; the machine's limit if absent. */
  readonly openFiles?: number
  /**
   * Attacks for `harness.milliseconds` and undoes its changes. Returns the violations that it saw, as sentences;
   * rejects if the run is interrupted.
   */
  readonly run: (harness: ClusterHarness) => Promise<readonly string[]>
}

export const runsInSimulator = (attack: AnyAttack): attack is Attack => attack.world !== 'processes'
export const runsInProcesses = (attack: AnyAttack): boolean => attack.world !== 'simulator'

/** The worlds that can run an attack. */
export const worldsOf = (attack: AnyAttack): readonly World[] => [
  ...(runsInProcesses(attack) ? (['processes'] as const) : []),
  ...(runsInSimulator(attack) ? (['simulator'] as const) : []),
]

/** The modes of the clusters that an attack can be launched against. */
export function modesOf({ mode, needsMacs }: AnyAttack): readonly AuthenticationMode[] {
  if (mode !== undefined) return [mode]
  return needsMacs === true ? ['oral'] : ['signed', 'oral']
}

/** The mode of the cluster that an attack runs against if this mode is requested. */
export function modeFor(attack: AnyAttack, asked: AuthenticationMode): AuthenticationMode {
  const [only = asked, ...others] = modesOf(attack)
  return others.length === 0 ? only : asked
}

/** The adversary that plays an attack as a replica; undefined if no replica plays it. */
export function adversaryOf({
  plays = 'replicas',
  behaviour,
  parts,
  traitors,
}: AnyAttack): Adversary | undefined {
  const isPlayed = plays === 'replicas' || (traitors?.(CLUSTER_SIZE_LEAST).length ?? 0) > 0
  return behaviour === undefined || !isPlayed ? undefined : { behaviour, ...given({ parts }) }
}

/** The replicas' part of an attack; null if processes are attacked only from outside the replicas. */
export const playedPart = (attack: AnyAttack): Attack | null =>
  runsInSimulator(attack) && attack.outside === undefined ? attack : null

/** The environment of an attack, apart from the traitors, that processes behind proxies share with a simulation. */
export interface Environment {
  /** The links that are cut and mended, in milliseconds from the beginning of the attack. */
  readonly linkFaults?: (context: AttackContext) => readonly LinkFault[]
  /**
   * On a slow machine the attack continues until every correct replica has executed this many batches since it began.
   */
  readonly untilExecuted?: number
  /** On a slow machine the attack continues until correct replicas have left this many views since it began. */
  readonly untilViewChanges?: number
  /** The factor by which it must last longer than other attacks for its expectation to show. */
  readonly lasts?: number
}

/** The part of the environment that only a simulation can arrange. */
export interface SimulatedEnvironment {
  /** The faults, in milliseconds from the beginning of the attack. */
  readonly faults?: (context: AttackContext) => readonly Fault[]
  /** Makes, for each run, a source of further faults that react to events, with times as in `faults`. */
  readonly reaction?: (context: AttackContext) => Reaction
  readonly plan?: Partial<Pick<Plan, 'network' | 'suite' | 'checkpointInterval' | 'reads'>>
  /** True if clients use every operation of the store, leases and reads of the history among them. */
  readonly usesEveryOperation?: true
  /** True if clients send again soon after each answer, so that their throughput is the cluster's. */
  readonly hasSteadyLoad?: boolean
  /** The time without a fault before the attack begins, in milliseconds; 300 by default. */
  readonly beginsAtMs?: number
  /**
   * True if a cluster with the same keys ran before, and the traitors have its recorded frames: `FOREIGN_RECORDINGS`.
   */
  readonly hasForeignRecordings?: boolean
  /** True if the traitors are honest, and not counted as faulty, until all faults are over. */
  readonly hasLateTraitors?: boolean
  /** Replaces the protocol of the correct replicas by a faulty one. */
  readonly core?: (right: StepFunction) => StepFunction
  /** True if each traitor runs as two honest instances with one key. */
  readonly hasTwins?: boolean
}

export interface AttackContext {
  readonly n: number
  readonly f: number
  readonly traitors: readonly ReplicaId[]
  readonly correct: readonly ReplicaId[]
  /** The correct replicas, in the order in which they lead. */
  readonly first: ReplicaId
  readonly next: ReplicaId
  readonly last: ReplicaId
  readonly random: Random
  /** The length of the attack before the network is calm, in milliseconds. */
  readonly lastsMs: number
}

/**
 * The promise that a control breaks: `agreement`, that correct replicas execute the same batches; `answers`, that
 * clients believe only results that a correct replica computed; `progress`, that requests are answered, for as long as
 * the traitors are silent.
 */
export interface Control {
  readonly breaks: 'agreement' | 'answers' | 'progress'
  /**
   * True if signatures expose all traitors: contradicting votes, or results that do not follow from the decided
   * batches.
   */
  readonly namesTraitors?: boolean
}

/** The first primary, and those that follow it. */
export const firstPrimaries = (n: number): readonly ReplicaId[] => replicaIds(n).slice(0, faultsMax(n))
export const firstPrimary = (n: number): readonly ReplicaId[] => replicaIds(n).slice(0, 1)
/** The primaries that come after the first one. */
export const nextPrimaries = (n: number): readonly ReplicaId[] => replicaIds(n).slice(1, 1 + faultsMax(n))
/** Replicas that lead last. */
export const lastBackups = (n: number): readonly ReplicaId[] => replicaIds(n).slice(-faultsMax(n))
/** The first primary and f - 1 backups. */
export const primaryAndBackups = (n: number): readonly ReplicaId[] => [
  ...firstPrimary(n),
  ...replicaIds(n).slice(n - faultsMax(n) + 1),
]
/** One more traitor than the store tolerates, including the first primary, for controls. */
export const oneTooMany = (n: number): readonly ReplicaId[] => replicaIds(n).slice(0, weakQuorum(n))
export const nobody = (): readonly ReplicaId[] => []
