/** An entry of the catalogue: what an attack is, who plays it, and what has to be seen when it is over. */
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

/** Returns what was not as expected, as sentences. */
export type Judge<F = Facts> = (facts: F) => readonly string[]

/** The world that an attack runs in: real processes, or a simulation of them. */
export type World = 'processes' | 'simulator'

/** A limit of the store and what an attack sends against it, both in the unit that `what` names. */
export interface Excess {
  readonly what: string
  readonly limit: number
  readonly sent: number
}

/** The smallest cluster, in which every attack of replicas has a traitor. */
export const CLUSTER_SIZE_LEAST = 4

interface Described {
  readonly name: string
  /** The party that plays it, when that is not replicas, or not replicas alone. */
  readonly plays?: 'replicas' | 'client' | 'stranger' | 'network' | 'machines'
  readonly targets: readonly Target[]
  /** One sentence: what the adversary does. */
  readonly does: string
  /** The author who described it, or the system in which it was seen. */
  readonly source: string
  /** The expectation beyond what holds under every attack; one sentence. */
  readonly expects: string
  /** The limits that it is aimed at, each with what it sends: always more. */
  readonly exceeds?: readonly Excess[]
  /** Wherever it ran. */
  readonly judge?: Judge
  /** The only mode that has what the attack forges or shows: its clusters are made so, whatever is asked for. */
  readonly mode?: AuthenticationMode
  /** Set when requests must have MACs: its clusters are made so, whatever is asked for. */
  readonly needsMacs?: true
  /** Further sentences that a report gives beside the verdict. */
  readonly tells?: (facts: Facts | Observed) => readonly string[]
}

/** An attack that the simulator can run, and processes too when it says so. */
export interface Attack extends Described, Adversary {
  readonly world: 'both' | 'simulator'
  /** The replicas that play it, unless others are asked for. */
  readonly traitors: (n: number) => readonly ReplicaId[]
  /** Set when seeds of the simulator draw it for traitors, under any faults: the role in which it harms. */
  readonly drawn?: DrawnAdversary['harms']
  /** The hostile client that plays it, or plays along. */
  readonly client?: ClientRole
  /** Of a control: with these traitors it must break, and with f of them it must hold. */
  readonly control?: Control
  /** The environment's part in the attack, in every world that it runs in. */
  readonly environment?: Environment
  /** Beside it in the simulator: what no run of processes can arrange, or does without. */
  readonly simulated?: SimulatedEnvironment
  /** The judge of a simulated run, in which everything can be seen. */
  readonly inspect?: Judge<Observed>
  /** Its form on processes, where the network or the machines play it rather than replicas or a client. */
  readonly outside?: OutsideForm
}

/** An attack that only processes can suffer: by a client, strangers on the wire, or the machines. */
export interface ProcessAttack extends Described, Partial<Adversary> {
  readonly world: 'processes'
  readonly plays: 'client' | 'stranger' | 'network' | 'machines'
  readonly outside: OutsideForm
  /** Replicas that play along. */
  readonly traitors?: (n: number) => readonly ReplicaId[]
}

export type AnyAttack = Attack | ProcessAttack

/** An attack on processes from outside of the replicas. */
export interface OutsideForm {
  /** Set when it attacks a gateway. */
  readonly needsGateway?: true
  /** The files that each correct replica and the gateway may have open; as many as the machine allows, where absent. */
  readonly openFiles?: number
  /**
   * Attacks for `harness.milliseconds` and undoes what it did. Gives what it saw that must not be, as sentences; rejects
   * when the run is interrupted.
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

/** The mode of the cluster that an attack is launched against when this one is asked for. */
export function modeFor(attack: AnyAttack, asked: AuthenticationMode): AuthenticationMode {
  const [only = asked, ...others] = modesOf(attack)
  return others.length === 0 ? only : asked
}

/** The adversary that plays an attack as a replica; undefined where no replica plays it. */
export function adversaryOf({
  plays = 'replicas',
  behaviour,
  parts,
  traitors,
}: AnyAttack): Adversary | undefined {
  const isPlayed = plays === 'replicas' || (traitors?.(CLUSTER_SIZE_LEAST).length ?? 0) > 0
  return behaviour === undefined || !isPlayed ? undefined : { behaviour, ...given({ parts }) }
}

/** The replicas' part of an attack; null where nothing but its form outside of the replicas attacks processes. */
export const playedPart = (attack: AnyAttack): Attack | null =>
  runsInSimulator(attack) && attack.outside === undefined ? attack : null

/** Everything that is not the traitors' own doing, and that processes behind proxies have as well as a simulation. */
export interface Environment {
  /** Links that are cut and mended, in milliseconds from the beginning of the attack to its end. */
  readonly linkFaults?: (context: AttackContext) => readonly LinkFault[]
  /** On a slow machine it goes on until every correct replica has executed so many batches since it began. */
  readonly untilExecuted?: number
  /** On a slow machine it goes on until correct replicas have left so many views since it began. */
  readonly untilViewChanges?: number
  /** The factor by which it must last longer than other attacks for its expectation to show. */
  readonly lasts?: number
}

/** The part of the environment that only a simulation can arrange. */
export interface SimulatedEnvironment {
  /** The faults that occur, in milliseconds from the beginning of the attack to its end. */
  readonly faults?: (context: AttackContext) => readonly Fault[]
  /** Further faults that follow from what is seen, with times as in `faults`; made anew for each run. */
  readonly reaction?: (context: AttackContext) => Reaction
  readonly plan?: Partial<Pick<Plan, 'network' | 'suite' | 'checkpointInterval' | 'reads'>>
  /** True if clients ask again soon after each answer, so that what they get tells what the cluster can do. */
  readonly hasSteadyLoad?: boolean
  /** The time without a fault before the attack begins, in milliseconds, if not 300. */
  readonly beginsAtMs?: number
  /** True if a cluster with the same keys ran before, and the traitors have what passed there: `FOREIGN_RECORDINGS`. */
  readonly hasForeignRecordings?: boolean
  /** True if the traitors are honest until all faults are over: only then do they count as faulty. */
  readonly hasLateTraitors?: boolean
  /** The protocol of the correct replicas in place of the right one. */
  readonly core?: (right: StepFunction) => StepFunction
  /** True if each traitor runs twice with one key, both of them honest. */
  readonly hasTwins?: boolean
}

export interface AttackContext {
  readonly n: number
  readonly f: number
  readonly traitors: readonly ReplicaId[]
  readonly correct: readonly ReplicaId[]
  /** The correct replicas that lead first, next, and last. */
  readonly first: ReplicaId
  readonly next: ReplicaId
  readonly last: ReplicaId
  readonly random: Random
  /** The length of the attack before the network is calm, in milliseconds. */
  readonly lastsMs: number
}

/**
 * The promise that a control breaks: that correct replicas execute the same batches; that clients believe only what a
 * correct replica executed; or that requests are answered, as long as the traitors are away.
 */
export interface Control {
  readonly breaks: 'agreement' | 'answers' | 'progress'
  /**
   * True if signatures give all traitors away: votes that contradict each other, or results that are not those of the
   * decided batches.
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
/** One more than the store tolerates, the first primary among them: for controls. */
export const oneTooMany = (n: number): readonly ReplicaId[] => replicaIds(n).slice(0, weakQuorum(n))
export const nobody = (): readonly ReplicaId[] => []
