import { type Attack, firstPrimary } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { noViewChange } from '../../language/expectations.ts'
import { oneOf, shift } from '../../language/mutations.ts'
import { and, isKind, toVictims } from '../../language/predicates.ts'

export const viewShift: Attack = {
  name: 'view-shift',
  world: 'both',
  targets: ['safety', 'liveness'],
  does: 'as primary gives one backup its proposals in the view before or after, or a thousand views later',
  source: 'small-scope mutations after ByzzFuzz (Winter and others, OOPSLA 2023)',
  expects: 'they are dropped, and no replica moves to those views',
  traitors: firstPrimary,
  drawn: 'as primary',
  behaviour: () =>
    onSend(
      and(isKind('pre-prepare', 'prepare', 'commit'), toVictims(1)),
      oneOf(shift('view', 1), shift('view', -1), shift('view', 1_000)),
    ),
  judge: noViewChange,
}
