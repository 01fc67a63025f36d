import { type Attack, firstPrimaries } from '../attack.ts'
import { onSend } from '../behaviour/behaviour.ts'
import { delay } from '../behaviour/mutations.ts'
import { isKind } from '../behaviour/predicates.ts'
import { isolated } from '../strikes.ts'
import { transferBegan } from '../verdicts.ts'

export const slowSource: Attack = {
  name: 'slow-source',
  targets: ['performance'],
  does: 'gives a replica that fetches the state one page now and then',
  source: 'Castro and Liskov, TOCS 2002, section 5.3.2',
  expects: 'another source is asked, and the transfer ends',
  traitors: firstPrimaries,
  behaviour: () =>
    onSend(
      isKind('page', 'decision'),
      delay(({ random }) => random.between(30, 200)),
    ),
  inspect: transferBegan,
  surroundings: {
    lasts: 1.5,
    strikes: ({ n, last, lastsMs }) => isolated(n, last, { from: 0, to: 0.9 * lastsMs }),
  },
}
