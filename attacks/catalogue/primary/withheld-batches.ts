import { weakQuorum } from '../../../src/base/quorum.ts'
import { type Attack, firstPrimary } from '../../language/attack.ts'
import { onSend, together } from '../../language/behaviour.ts'
import { viewChanges } from '../../language/expectations.ts'
import { drop } from '../../language/mutations.ts'
import { and, isKind, not, toVictims, whilePrimary } from '../../language/predicates.ts'

export const withheldBatches: Attack = {
  name: 'withheld-batches',
  world: 'both',
  targets: ['liveness'],
  does: 'as primary sends its batches to f + 1 replicas only, and answers no request for one',
  source:
    'Castro and Liskov, TOCS 2002, section 4.5: a batch without a signature is had from those that have it',
  expects: 'the others fetch it from one of those, or the view ends once',
  traitors: firstPrimary,
  drawn: 'as primary',
  behaviour: () =>
    together(
      onSend(isKind('batch', 'decision'), drop),
      onSend(and(isKind('pre-prepare'), whilePrimary, not(toVictims(({ n }) => weakQuorum(n)))), drop),
    ),
  judge: viewChanges(0, 1),
}
