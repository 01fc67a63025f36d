import { type Attack, lastBackups } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { noViewChange } from '../../language/expectations.ts'
import { drop } from '../../language/mutations.ts'
import { and, isKind, toSome } from '../../language/predicates.ts'

export const withholdCommit: Attack = {
  name: 'withhold-commit',
  world: 'both',
  targets: ['liveness'],
  does: 'as backup withholds its COMMITs, and everything else that shows a decision, from some replicas',
  source: 'Berger, Reiser and Bessani, DSN 2021, on replicas in the dark',
  expects: 'they learn decisions from the others, so no view changes',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () => onSend(and(isKind('commit', 'decision'), toSome()), drop),
  judge: noViewChange,
}
