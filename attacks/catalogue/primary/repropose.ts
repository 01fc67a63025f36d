import type { Request } from '../../../src/messages/message.ts'
import { type Attack, firstPrimary } from '../../language/attack.ts'
import { onSend, together } from '../../language/behaviour.ts'
import { viewChanges } from '../../language/expectations.ts'
import { drop, rebatch, set } from '../../language/mutations.ts'
import { and, isKind, whilePrimary } from '../../language/predicates.ts'

export const repropose: Attack = {
  name: 'repropose',
  world: 'both',
  targets: ['safety'],
  does: 'as primary orders requests that were executed long ago, twice in one batch',
  source: 'Castro and Liskov, OSDI 1999, section 4.1: exactly-once semantics',
  expects: 'each is executed once, and the batch is accepted all the same',
  traitors: firstPrimary,
  drawn: 'as primary',
  behaviour: () => {
    let old: readonly Request[] = []
    return together(
      onSend(
        and(isKind('pre-prepare'), whilePrimary),
        set(
          rebatch(({ requests }) => {
            if (old.length === 0) old = requests
            return { requests: [...old, ...requests, ...old] }
          }),
        ),
      ),
      // An exhibit of its honest proposal, beside the one it sent, would convict it.
      onSend(isKind('exhibit'), drop),
    )
  },
  // Repetitions take time to check: by the clocks of real processes such a primary may be found slow, rightly.
  judge: viewChanges(0, ({ measured }) => (measured === undefined ? 0 : 1)),
}
