import { type Attack, lastBackups } from '../../language/attack.ts'
import { deafTo } from '../../language/behaviour.ts'
import { noViewChange } from '../../language/expectations.ts'
import { fromReplicas } from '../../language/predicates.ts'

export const deafReplica: Attack = {
  name: 'deaf-replica',
  world: 'both',
  targets: ['liveness'],
  does: 'receives from clients only, takes the primary for dead, and keeps asking for another view',
  source: 'a link that fails in one direction',
  expects: 'no replica follows it, and the others are as fast as without it',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () => deafTo(fromReplicas),
  judge: noViewChange,
}
