import { type Attack, oneTooMany } from '../../language/attack.ts'
import { onSend, together } from '../../language/behaviour.ts'
import { apart } from '../../language/faults.ts'
import { drop, equivocate, halvesOf, set } from '../../language/mutations.ts'
import { and, isKind, isVote, whilePrimary } from '../../language/predicates.ts'
import { otherWorld, voteInOtherWorld } from '../../language/worlds.ts'

export const twoWorlds: Attack = {
  name: 'two-worlds',
  world: 'both',
  targets: ['safety'],
  does: 'f + 1 traitors, the primary among them, show two histories to two halves of the correct replicas, which cannot reach each other',
  source: 'Bracha and Toueg, JACM 1985: no protocol survives it',
  expects: 'agreement breaks, the run says so, and signatures that contradict each other name every traitor',
  traitors: oneTooMany,
  behaviour: () =>
    together(
      onSend(and(isKind('pre-prepare'), whilePrimary), equivocate(set(otherWorld))),
      onSend(isVote, equivocate(set(voteInOtherWorld))),
      // A replica that catches up from these messages would learn the other history.
      onSend(isKind('batch', 'decision', 'exhibit'), equivocate(drop)),
    ),
  // Else the halves compare what they were told, and replace the primary, often before either has decided.
  environment: {
    linkFaults: ({ correct, lastsMs }) => apart(halvesOf(correct), { from: 0, to: lastsMs }),
    // The first of them were on their way before.
    untilExecuted: 32,
  },
  control: { breaks: 'agreement', namesTraitors: true },
}
