import { type Attack, firstPrimaries } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { refused, transferBegan } from '../../language/expectations.ts'
import { isolated } from '../../language/faults.ts'
import { type Change, flipped, set } from '../../language/mutations.ts'
import { isKind } from '../../language/predicates.ts'

const poisoned: Change = (content) =>
  content.kind === 'page' ? { ...content, page: flipped(content.page) } : content

export const poisonedPage: Attack = {
  name: 'poisoned-page',
  world: 'simulator',
  targets: ['safety'],
  does: 'serves pages with a flipped bit to a replica that fetches the state',
  source: 'Castro and Liskov, TOCS 2002, section 5.3.2',
  expects: "each page is checked against its parent's hash, and another source is asked",
  traitors: firstPrimaries,
  drawn: 'anywhere',
  behaviour: () => onSend(isKind('page'), set(poisoned)),
  judge: refused('digest-mismatch'),
  inspect: transferBegan,
  environment: {
    lasts: 2,
  },
  simulated: {
    faults: ({ n, last, lastsMs }) => isolated(n, last, { from: 0, to: 0.9 * lastsMs }),
  },
}
