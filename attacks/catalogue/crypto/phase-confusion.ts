import { type Attack, lastBackups } from '../../language/attack.ts'
import { onSend, together } from '../../language/behaviour.ts'
import { all, noViewChange, refused } from '../../language/expectations.ts'
import { also, shownAs } from '../../language/mutations.ts'
import { isKind } from '../../language/predicates.ts'

export const phaseConfusion: Attack = {
  name: 'phase-confusion',
  world: 'both',
  targets: ['safety'],
  does: 'presents the signature of its PREPARE as that of a COMMIT, and the reverse',
  source: 'two payloads of one form need tags of their own under the signature',
  expects: 'refused, because the kind is signed too',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () =>
    together(
      onSend(isKind('prepare'), also(shownAs('commit'))),
      onSend(isKind('commit'), also(shownAs('prepare'))),
    ),
  judge: all(refused('signed-as-another-kind'), noViewChange),
}
