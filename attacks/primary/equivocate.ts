import { type Attack, firstPrimary } from '../attack.ts'
import { onSend } from '../behaviour/behaviour.ts'
import { otherBatch, set, equivocate as tellHalf } from '../behaviour/mutations.ts'
import { and, isKind, whilePrimary } from '../behaviour/predicates.ts'
import { all, evidence, oneViewChangeOnEvidence } from '../verdicts.ts'

export const equivocate: Attack = {
  name: 'equivocate',
  targets: ['safety'],
  does: 'as primary proposes different batches for one (v, s) to two halves of the backups',
  source: 'Castro and Liskov, OSDI 1999, section 4.2',
  expects: 'at most one of them prepares; both signed proposals are kept as evidence, on which the view ends',
  traitors: firstPrimary,
  behaviour: () => onSend(and(isKind('pre-prepare'), whilePrimary), tellHalf(set(otherBatch))),
  judge: all(evidence, oneViewChangeOnEvidence),
}
