/** The names of the clients of a run's cluster, by role. */
import { type AnyAttack, playedPart } from '../../language/attack.ts'

export const LOAD = ['load-0', 'load-1', 'load-2'] as const
/** Collects the reports of the replicas. */
export const OBSERVER = 'observer'
/** Reads the data that an attack left in the store. */
export const READER = 'reader'
/** The client of the gateway, if an attack needs one. */
const GATEWAY = 'gateway'
/** Attacks, or lends an attack from outside its keys. */
export const HOSTILE = 'hostile'

/** The clients that an attacking client is given: one, or as many as it asks for. */
export function hostileNames(attack: AnyAttack): readonly string[] {
  const count = playedPart(attack)?.client?.identities ?? 1
  return Array.from({ length: count }, (_, index) => (index === 0 ? HOSTILE : `${HOSTILE}-${index}`))
}

export const clientsOf = (attack: AnyAttack): readonly string[] => [
  ...LOAD,
  OBSERVER,
  READER,
  ...hostileNames(attack),
  ...(attack.outside?.needsGateway === true ? [GATEWAY] : []),
]
