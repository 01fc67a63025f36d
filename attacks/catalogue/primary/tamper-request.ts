import { type Attack, firstPrimary } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { all, refused, viewChanges } from '../../language/expectations.ts'
import { rebatch, set } from '../../language/mutations.ts'
import { and, isKind, whilePrimary } from '../../language/predicates.ts'
import { tampered } from '../../language/requests.ts'

export const tamperRequest: Attack = {
  name: 'tamper-request',
  world: 'both',
  targets: ['safety'],
  does: "as primary changes the operations of clients' requests and computes all digests anew",
  source: 'Castro and Liskov, OSDI 1999, section 4.1',
  expects: "refused, because the client's signature does not cover the change; one view change",
  traitors: firstPrimary,
  drawn: 'as primary',
  environment: { untilViewChanges: 1 },
  behaviour: () =>
    onSend(
      and(isKind('pre-prepare'), whilePrimary),
      set(rebatch(({ requests }, place) => ({ requests: requests.map((each) => tampered(each, place)) }))),
    ),
  judge: all(refused('bad-signature', 'digest-mismatch'), viewChanges(1)),
}
