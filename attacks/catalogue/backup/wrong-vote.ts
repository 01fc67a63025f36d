import { type Attack, lastBackups } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { noViewChange } from '../../language/expectations.ts'
import { forNothing, set } from '../../language/mutations.ts'
import { isVote } from '../../language/predicates.ts'

export const wrongVote: Attack = {
  name: 'wrong-vote',
  world: 'both',
  targets: ['safety'],
  does: 'as backup votes for digests that no primary proposed',
  source: 'Castro and Liskov, OSDI 1999, section 4.2',
  expects: 'its votes do not count, and the others need none of them',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () => onSend(isVote, set(forNothing)),
  judge: noViewChange,
}
