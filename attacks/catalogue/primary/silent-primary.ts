import { type Attack, firstPrimary } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { outageAtMost, viewChanges } from '../../language/expectations.ts'
import { drop } from '../../language/mutations.ts'
import { and, isKind, whilePrimary } from '../../language/predicates.ts'

export const silentPrimary: Attack = {
  name: 'silent-primary',
  world: 'both',
  targets: ['liveness'],
  does: 'as primary proposes nothing, but keeps voting',
  source: 'Castro and Liskov, OSDI 1999, section 4.4',
  expects: 'one view change, and an outage slightly longer than one timeout',
  traitors: firstPrimary,
  drawn: 'as primary',
  environment: { untilViewChanges: 1 },
  behaviour: () => onSend(and(isKind('pre-prepare'), whilePrimary), drop),
  judge: viewChanges(1),
  inspect: outageAtMost(1_000),
}
