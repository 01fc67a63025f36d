import { type Attack, firstPrimaries } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { timeoutsShrank, viewChanges } from '../../language/expectations.ts'
import { drop } from '../../language/mutations.ts'
import { and, isKind, whilePrimary } from '../../language/predicates.ts'

export const silentSuccessors: Attack = {
  name: 'silent-successors',
  world: 'both',
  targets: ['liveness'],
  does: 'each of the first f primaries proposes nothing and begins no view',
  source: 'Castro and Liskov, OSDI 1999, section 4.4',
  expects: 'at most f view changes, and timeouts shrink again afterwards',
  traitors: firstPrimaries,
  behaviour: () => onSend(and(isKind('pre-prepare', 'new-view', 'oral-new-view'), whilePrimary), drop),
  judge: viewChanges(1, ({ f }) => f),
  inspect: timeoutsShrank,
  environment: { lasts: 2.5, untilViewChanges: 1 },
}
