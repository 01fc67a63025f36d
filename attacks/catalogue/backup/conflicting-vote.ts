import { type Attack, lastBackups } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { noViewChange } from '../../language/expectations.ts'
import { forNothing, set } from '../../language/mutations.ts'
import { and, isVote, toSome } from '../../language/predicates.ts'

export const conflictingVote: Attack = {
  name: 'conflicting-vote',
  world: 'both',
  targets: ['safety'],
  does: 'as backup sends its votes to some and conflicting ones to the others',
  source: 'Castro and Liskov, OSDI 1999, section 4.2',
  expects: 'no two correct replicas decide differently, and no view changes',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () => onSend(and(isVote, toSome()), set(forNothing)),
  judge: noViewChange,
}
