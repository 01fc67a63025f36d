import { type Attack, firstPrimaries } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { transferBegan } from '../../language/expectations.ts'
import { isolated } from '../../language/faults.ts'
import { delay } from '../../language/mutations.ts'
import { isKind } from '../../language/predicates.ts'

export const slowSource: Attack = {
  name: 'slow-source',
  world: 'simulator',
  targets: ['performance'],
  does: 'serves a page only now and then to a replica that fetches the state',
  source: 'Castro and Liskov, TOCS 2002, section 5.3.2',
  expects: 'another source is asked, and the transfer ends',
  traitors: firstPrimaries,
  drawn: 'anywhere',
  behaviour: () =>
    onSend(
      isKind('page', 'decision'),
      delay(({ random }) => random.between(30, 200)),
    ),
  inspect: transferBegan,
  environment: {
    lasts: 2,
  },
  simulated: {
    faults: ({ n, last, lastsMs }) => isolated(n, last, { from: 0, to: 0.9 * lastsMs }),
  },
}
