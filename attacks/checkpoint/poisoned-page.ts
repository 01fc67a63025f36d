import { type Attack, firstPrimaries } from '../attack.ts'
import { onSend } from '../behaviour/behaviour.ts'
import { type Change, flipped, set } from '../behaviour/mutations.ts'
import { isKind } from '../behaviour/predicates.ts'
import { isolated } from '../strikes.ts'
import { refused, transferBegan } from '../verdicts.ts'

const poisoned: Change = (content) =>
  content.kind === 'page' ? { ...content, page: flipped(content.page) } : content

export const poisonedPage: Attack = {
  name: 'poisoned-page',
  targets: ['safety'],
  does: 'gives a replica that fetches the state pages with a flipped bit',
  source: 'Castro and Liskov, TOCS 2002, section 5.3.2',
  expects: "each page is checked against its parent's hash, and another source is asked",
  traitors: firstPrimaries,
  behaviour: () => onSend(isKind('page'), set(poisoned)),
  judge: refused('digest-mismatch'),
  inspect: transferBegan,
  surroundings: {
    lasts: 1.5,
    strikes: ({ n, last, lastsMs }) => isolated(n, last, { from: 0, to: 0.9 * lastsMs }),
  },
}
