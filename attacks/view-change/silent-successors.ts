import { type Attack, firstPrimaries } from '../attack.ts'
import { onSend } from '../behaviour/behaviour.ts'
import { drop } from '../behaviour/mutations.ts'
import { and, isKind, whilePrimary } from '../behaviour/predicates.ts'
import { timeoutsShrank, viewChanges } from '../verdicts.ts'

export const silentSuccessors: Attack = {
  name: 'silent-successors',
  targets: ['liveness'],
  does: 'each of the first f primaries proposes nothing and begins no view',
  source: 'Castro and Liskov, OSDI 1999, section 4.4',
  expects: 'at most f view changes, and timeouts shrink again afterwards',
  traitors: firstPrimaries,
  behaviour: () => onSend(and(isKind('pre-prepare', 'new-view', 'oral-new-view'), whilePrimary), drop),
  judge: viewChanges(1, ({ f }) => f),
  inspect: timeoutsShrank,
  surroundings: { lasts: 2.5 },
}
