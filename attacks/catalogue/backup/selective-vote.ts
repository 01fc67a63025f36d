import { type Attack, lastBackups } from '../../language/attack.ts'
import { onSend, together } from '../../language/behaviour.ts'
import { noViewChange } from '../../language/expectations.ts'
import { delay, drop } from '../../language/mutations.ts'
import { and, isVote, toVictims, withProbability } from '../../language/predicates.ts'

export const selectiveVote: Attack = {
  name: 'selective-vote',
  world: 'both',
  targets: ['performance'],
  does: 'as backup votes late, and never to one replica',
  source: 'Amir and others, DSN 2008 (Prime), section 3',
  expects: 'the others need none of its votes, so no view changes',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () =>
    together(
      onSend(and(isVote, toVictims(1)), drop),
      onSend(
        and(isVote, withProbability(0.7)),
        delay(({ random }) => random.between(1, 40)),
      ),
    ),
  judge: noViewChange,
}
