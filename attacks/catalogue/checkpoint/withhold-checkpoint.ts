import { type Attack, lastBackups } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { noViewChange, windowMoved } from '../../language/expectations.ts'
import { drop } from '../../language/mutations.ts'
import { isKind } from '../../language/predicates.ts'

export const withholdCheckpoint: Attack = {
  name: 'withhold-checkpoint',
  world: 'both',
  targets: ['liveness'],
  does: 'takes part in everything but sends no CHECKPOINT',
  source: 'Castro and Liskov, OSDI 1999, section 4.3',
  expects: 'the window moves without it',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () => onSend(isKind('checkpoint', 'stable-checkpoint'), drop),
  judge: noViewChange,
  inspect: windowMoved,
}
