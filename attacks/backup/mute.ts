import { type Attack, lastBackups } from '../attack.ts'
import { onSend } from '../behaviour/behaviour.ts'
import { drop } from '../behaviour/mutations.ts'
import { always } from '../behaviour/predicates.ts'
import { noViewChange } from '../verdicts.ts'

export const mute: Attack = {
  name: 'mute',
  targets: ['performance'],
  does: 'as backup hears everything and says nothing to anyone',
  source: 'Castro and Liskov, OSDI 1999, section 2',
  expects: 'no view change',
  traitors: lastBackups,
  behaviour: () => onSend(always, drop),
  judge: noViewChange,
}
