import { type Attack, lastBackups } from '../attack.ts'
import { onSend } from '../behaviour/behaviour.ts'
import { also, forNothing, set } from '../behaviour/mutations.ts'
import { isVote } from '../behaviour/predicates.ts'
import { all, evidence, noViewChange } from '../verdicts.ts'

export const doubleVote: Attack = {
  name: 'double-vote',
  targets: ['safety'],
  does: 'as backup votes for two digests at once, everywhere',
  source: 'Castro and Liskov, OSDI 1999, section 4.2',
  expects: 'the second vote counts for nothing, and both are kept as evidence',
  traitors: lastBackups,
  behaviour: () => onSend(isVote, also(set(forNothing))),
  judge: all(evidence, noViewChange),
}
