/** An entry of the catalogue: what an attack is, who plays it, and what has to be seen when it is over. */
import { type ReplicaId, replicaIds } from '../src/base/ids.ts'
import { faultsMax } from '../src/base/quorum.ts'
import type { Behaviour } from './behaviour/behaviour.ts'
import type { Field } from './outside/field.ts'
import type { Facts } from './run/facts.ts'

/** What an attack is after. */
export type Target = 'safety' | 'liveness' | 'performance' | 'resources' | 'accuracy'

interface Described {
  readonly name: string
  readonly targets: readonly Target[]
  /** One sentence: what the adversary does. */
  readonly does: string
  /** Who described it, or where it was seen. */
  readonly source: string
  /** What is expected beside what holds under every attack; one sentence. */
  readonly expects: string
  /** What of the expectation was not met, as sentences. */
  readonly judge?: (facts: Facts) => readonly string[]
}

/** An attack that replicas play: in the simulator and in processes alike. */
export interface Attack extends Described {
  readonly plays?: 'replicas'
  /** The replicas that play it, unless others are asked for. */
  readonly traitors: (n: number) => readonly ReplicaId[]
  /** Made anew for each traitor. */
  readonly behaviour: () => Behaviour
}

/** An attack from outside of the replicas, in processes only: by a client, a stranger, the network or the machines. */
export interface OutsideAttack extends Described {
  readonly plays: 'client' | 'stranger' | 'network' | 'machines'
  /**
   * Attacks for `field.milliseconds` and undoes what it did. Gives what it saw that must not be, as sentences; rejects
   * when the run is interrupted.
   */
  readonly run: (field: Field) => Promise<readonly string[]>
  /** Replicas that play along, and how. */
  readonly traitors?: (n: number) => readonly ReplicaId[]
  readonly behaviour?: () => Behaviour
}

export type AnyAttack = Attack | OutsideAttack

export const isPlayedByReplicas = (attack: AnyAttack): attack is Attack => !('run' in attack)

/** The first primary, and those that follow it. */
export const firstPrimaries = (n: number): readonly ReplicaId[] => replicaIds(n).slice(0, faultsMax(n))
export const firstPrimary = (n: number): readonly ReplicaId[] => replicaIds(n).slice(0, 1)
/** Replicas that lead last. */
export const lastBackups = (n: number): readonly ReplicaId[] => replicaIds(n).slice(-faultsMax(n))
/** The first primary and f - 1 backups. */
export const primaryAndBackups = (n: number): readonly ReplicaId[] => [
  ...firstPrimary(n),
  ...replicaIds(n).slice(n - faultsMax(n) + 1),
]
