import { type Attack, firstPrimary } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { all, evidence, oneViewChangeOnEvidence } from '../../language/expectations.ts'
import { oneOf, shift } from '../../language/mutations.ts'
import { and, isKind, toVictims } from '../../language/predicates.ts'

export const sequenceShift: Attack = {
  name: 'sequence-shift',
  world: 'both',
  targets: ['safety'],
  does: 'as primary gives one backup its proposals under the sequence number before or after',
  source: 'seen to break agreement in a published implementation',
  expects: 'both signed halves are kept as evidence, on which the view ends',
  traitors: firstPrimary,
  drawn: 'as primary',
  behaviour: () =>
    onSend(and(isKind('pre-prepare'), toVictims(1)), oneOf(shift('sequence', 1), shift('sequence', -1))),
  judge: all(evidence, oneViewChangeOnEvidence),
}
