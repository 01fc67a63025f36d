import { type Attack, lastBackups } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { noViewChange, windowMoved } from '../../language/expectations.ts'
import { forNothing, set } from '../../language/mutations.ts'
import { isKind } from '../../language/predicates.ts'

export const corruptCheckpoint: Attack = {
  name: 'corrupt-checkpoint',
  world: 'both',
  targets: ['safety'],
  does: 'announces a wrong root at every checkpoint, the same as the other traitors',
  source: 'Castro and Liskov, OSDI 1999, section 4.3',
  expects: 'checkpoints become stable with the right root, and the window moves',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () => onSend(isKind('checkpoint'), set(forNothing)),
  judge: noViewChange,
  inspect: windowMoved,
}
