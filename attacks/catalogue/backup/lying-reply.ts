import { type Attack, primaryAndBackups } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { noViewChange } from '../../language/expectations.ts'
import { lie } from '../../language/mutations.ts'
import { isKind } from '../../language/predicates.ts'
import { FALSE_RESULTS } from '../../language/results.ts'

export const lyingReply: Attack = {
  name: 'lying-reply',
  world: 'both',
  targets: ['safety'],
  does: 'sends clients the same wrong results as the other traitors',
  source: 'Castro and Liskov, OSDI 1999, section 4.1',
  expects: 'no client believes it, because f + 1 replies must match',
  traitors: primaryAndBackups,
  drawn: 'anywhere',
  behaviour: () =>
    onSend(
      isKind('reply'),
      lie(() => FALSE_RESULTS),
    ),
  judge: noViewChange,
}
