import { type Attack, oneTooMany } from '../attack.ts'
import { onSend, together } from '../behaviour/behaviour.ts'
import { equivocate, set } from '../behaviour/mutations.ts'
import { and, isKind, isVote, whilePrimary } from '../behaviour/predicates.ts'
import { otherWorld, voteInOtherWorld } from '../behaviour/worlds.ts'

export const twoWorlds: Attack = {
  name: 'two-worlds',
  targets: ['safety'],
  does: 'f + 1 traitors, the primary among them, show two histories to two halves of the correct replicas',
  source: 'Bracha and Toueg, JACM 1985: no protocol survives it',
  expects: 'agreement breaks, the run says so, and signatures that contradict each other name every traitor',
  traitors: oneTooMany,
  behaviour: () =>
    together(
      onSend(and(isKind('pre-prepare'), whilePrimary), equivocate(set(otherWorld))),
      onSend(isVote, equivocate(set(voteInOtherWorld))),
    ),
  control: { breaks: 'agreement', namesTraitors: true },
}
