import { faultsMax } from '../../../src/base/quorum.ts'
import { type Attack, primaryAndBackups } from '../../language/attack.ts'
import { onSend, together } from '../../language/behaviour.ts'
import { all, latencyAtMost, windowMoved } from '../../language/expectations.ts'
import { drop } from '../../language/mutations.ts'
import { isKind, toVictims } from '../../language/predicates.ts'

export const writesInTheDark: Attack = {
  name: 'writes-in-the-dark',
  world: 'simulator',
  targets: ['liveness'],
  does: 'f correct replicas and all clients get nothing from the traitors, while an answer needs 2f + 1 replicas',
  source: 'Berger, Reiser and Bessani, DSN 2021: nobody reaches a quorum of replies',
  expects: 'the other correct replicas hand over each decision, so those in the dark reply as well',
  traitors: primaryAndBackups,
  drawn: 'as primary',
  behaviour: () =>
    together(
      onSend(
        toVictims(({ n }) => faultsMax(n)),
        drop,
      ),
      onSend(isKind('reply'), drop),
      onSend(isKind('read-answer'), drop),
    ),
  simulated: { plan: { reads: 'unordered' } },
  inspect: all(latencyAtMost(2_000), windowMoved),
}
