import { type Attack, lastBackups } from '../../language/attack.ts'
import { deafTo } from '../../language/behaviour.ts'
import { noViewChange } from '../../language/expectations.ts'
import { fromReplicas } from '../../language/predicates.ts'

export const deafReplica: Attack = {
  name: 'deaf-replica',
  world: 'both',
  targets: ['liveness'],
  does: 'hears clients and no replica, takes the primary for dead and asks for another view for ever',
  source: 'a link that fails in one direction',
  expects: 'nobody follows it, and the others are as fast as without it',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () => deafTo(fromReplicas),
  judge: noViewChange,
}
