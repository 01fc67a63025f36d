import { type Attack, firstPrimary } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { all, evidence, oneViewChangeOnEvidence } from '../../language/expectations.ts'
import { otherBatch, set, equivocate as tellHalf } from '../../language/mutations.ts'
import { and, isKind, whilePrimary } from '../../language/predicates.ts'

export const equivocate: Attack = {
  name: 'equivocate',
  world: 'both',
  targets: ['safety'],
  does: 'as primary proposes different batches for one (v, s) to two halves of the backups',
  source: 'Castro and Liskov, OSDI 1999, section 4.2',
  expects: 'at most one of them prepares; both signed proposals are kept as evidence, on which the view ends',
  traitors: firstPrimary,
  drawn: 'as primary',
  behaviour: () => onSend(and(isKind('pre-prepare'), whilePrimary), tellHalf(set(otherBatch))),
  judge: all(evidence, oneViewChangeOnEvidence),
}
