import { type Attack, lastBackups } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { noViewChange } from '../../language/expectations.ts'
import { drop } from '../../language/mutations.ts'
import { always } from '../../language/predicates.ts'

export const mute: Attack = {
  name: 'mute',
  world: 'both',
  targets: ['performance'],
  does: 'as backup receives everything and sends nothing',
  source: 'Castro and Liskov, OSDI 1999, section 2',
  expects: 'no view change',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () => onSend(always, drop),
  judge: noViewChange,
}
