import { type Attack, firstPrimary } from '../attack.ts'
import { onSend } from '../behaviour/behaviour.ts'
import { oneOf, shift } from '../behaviour/mutations.ts'
import { and, isKind, toVictims } from '../behaviour/predicates.ts'
import { all, evidence, oneViewChangeOnEvidence } from '../verdicts.ts'

export const sequenceShift: Attack = {
  name: 'sequence-shift',
  targets: ['safety'],
  does: 'as primary gives one backup its proposals under the sequence number before or after',
  source: 'seen to break agreement in a published implementation',
  expects: 'both signed halves are kept as evidence, on which the view ends',
  traitors: firstPrimary,
  behaviour: () =>
    onSend(and(isKind('pre-prepare'), toVictims(1)), oneOf(shift('sequence', 1), shift('sequence', -1))),
  judge: all(evidence, oneViewChangeOnEvidence),
}
