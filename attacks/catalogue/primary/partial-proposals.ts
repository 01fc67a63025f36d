import { type Attack, firstPrimary } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { viewChanges } from '../../language/expectations.ts'
import { drop } from '../../language/mutations.ts'
import { and, isKind, not, toSome, whilePrimary } from '../../language/predicates.ts'

export const partialProposals: Attack = {
  name: 'partial-proposals',
  world: 'both',
  targets: ['liveness'],
  does: 'as primary sends its proposals to some replicas only',
  source: 'Berger, Reiser and Bessani, DSN 2021, on replicas in the dark',
  expects: 'the others fetch what they lack, or the view ends once',
  traitors: firstPrimary,
  drawn: 'as primary',
  behaviour: () => onSend(and(isKind('pre-prepare'), whilePrimary, not(toSome())), drop),
  judge: viewChanges(0, 1),
}
