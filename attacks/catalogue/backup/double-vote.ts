import { type Attack, lastBackups } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { all, evidence, noViewChange } from '../../language/expectations.ts'
import { also, forNothing, set } from '../../language/mutations.ts'
import { isVote } from '../../language/predicates.ts'

export const doubleVote: Attack = {
  name: 'double-vote',
  world: 'both',
  targets: ['safety'],
  does: 'as backup votes for two digests at once, to every replica',
  source: 'Castro and Liskov, OSDI 1999, section 4.2',
  expects: 'the second vote does not count, and both are kept as evidence',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () => onSend(isVote, also(set(forNothing))),
  judge: all(evidence, noViewChange),
}
