/** The attacks that a page may launch on replicas of a cluster that runs. */
import type { AuthenticationMode } from '../../src/messages/cluster.ts'
import { CATALOGUE } from '../catalogue/catalogue.ts'
import { type Attack, adversaryOf, modesOf, runsInProcesses } from '../language/attack.ts'

export interface LiveAttack {
  readonly name: string
  readonly does: string
  readonly expects: string
  /** True if it acts only where its replica is the primary. */
  readonly isOfPrimary: boolean
  /** The number of replicas that have to play it before it breaks the store, as it then must; null for one that never may. */
  readonly breaksFrom: number | null
}

/** Attacks that replicas play alone: with no other disk, network or client, and whenever they are told to. */
const isLive = (attack: Attack): boolean =>
  runsInProcesses(attack) &&
  adversaryOf(attack) !== undefined &&
  attack.parts === undefined &&
  attack.client === undefined &&
  attack.outside === undefined &&
  attack.environment?.linkFaults === undefined &&
  attack.needsMacs !== true &&
  attack.simulated?.core === undefined

/** Returns the attacks for a cluster of this mode, in the order of the catalogue. */
export const liveAttacks = (auth: AuthenticationMode, f: number): readonly LiveAttack[] =>
  [...CATALOGUE.values()]
    .filter((attack) => isLive(attack) && modesOf(attack).includes(auth) && attack.name !== 'soak')
    .map(({ name, does, expects, drawn, control }) => ({
      name,
      does,
      expects,
      isOfPrimary: drawn === 'as primary',
      breaksFrom: control === undefined ? null : f + 1,
    }))
