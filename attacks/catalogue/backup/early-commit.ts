import { type Attack, lastBackups } from '../../language/attack.ts'
import { onReceive, onSend, together } from '../../language/behaviour.ts'
import { noViewChange } from '../../language/expectations.ts'
import { drop, flipped } from '../../language/mutations.ts'
import { isKind, isVote } from '../../language/predicates.ts'

export const earlyCommit: Attack = {
  name: 'early-commit',
  world: 'both',
  targets: ['safety'],
  does: 'as backup sends COMMIT for each proposal at once, without preparing, and for a wrong digest every second time',
  source: 'Castro and Liskov, OSDI 1999, section 4.2',
  expects: 'its votes decide nothing that correct replicas would not decide anyway',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () =>
    together(
      onSend(isVote, drop),
      onReceive(isKind('pre-prepare'), ({ message }, place) => {
        if (message?.kind !== 'pre-prepare') return
        const { view, sequence, digest } = message
        const told = place.random.chance(0.5) ? digest : flipped(digest)
        place.broadcast(place.seal({ kind: 'commit', view, sequence, digest: told }))
      }),
    ),
  judge: noViewChange,
}
