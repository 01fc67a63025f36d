import { faultsMax } from '../../../src/base/quorum.ts'
import { type Attack, primaryAndBackups } from '../../language/attack.ts'
import { onSend, together } from '../../language/behaviour.ts'
import { drop } from '../../language/mutations.ts'
import { and, isKind, not, toReplicas, toVictims } from '../../language/predicates.ts'
import { staleReadsOf } from '../../language/stale-application.ts'

export const staleReads: Attack = {
  name: 'stale-reads',
  world: 'simulator',
  targets: ['safety'],
  does: 'lets one correct replica execute before all others, and answers reads from the state before the last batch',
  source: 'Castro and Liskov, TOCS 2002, section 5.1.3: reads need 2f + 1 equal answers, and so do writes',
  expects: 'no read is older than a write that was answered, because any two quorums share a correct replica',
  traitors: primaryAndBackups,
  drawn: 'as primary',
  // f correct replicas hear nothing; of the others, one alone gets COMMITs, so it executes first.
  behaviour: () =>
    together(
      onSend(
        toVictims(({ n }) => faultsMax(n)),
        drop,
      ),
      onSend(and(isKind('commit'), toReplicas, not(toVictims(({ n }) => faultsMax(n) + 1))), drop),
    ),
  parts: staleReadsOf(1),
  simulated: {
    plan: { reads: 'unordered', network: { delayMs: [0, 12], loss: 0, duplication: 0, reordering: 1 } },
  },
}
