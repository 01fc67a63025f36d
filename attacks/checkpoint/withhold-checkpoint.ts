import { type Attack, lastBackups } from '../attack.ts'
import { onSend } from '../behaviour/behaviour.ts'
import { drop } from '../behaviour/mutations.ts'
import { isKind } from '../behaviour/predicates.ts'
import { noViewChange, windowMoved } from '../verdicts.ts'

export const withholdCheckpoint: Attack = {
  name: 'withhold-checkpoint',
  targets: ['liveness'],
  does: 'takes part in everything and says no checkpoint',
  source: 'Castro and Liskov, OSDI 1999, section 4.3',
  expects: 'the window moves without it',
  traitors: lastBackups,
  behaviour: () => onSend(isKind('checkpoint', 'stable-checkpoint'), drop),
  judge: noViewChange,
  inspect: windowMoved,
}
