import { type Attack, firstPrimary } from '../attack.ts'
import { onSend } from '../behaviour/behaviour.ts'
import { rebatch, set } from '../behaviour/mutations.ts'
import { and, isKind, whilePrimary } from '../behaviour/predicates.ts'
import { tampered } from '../behaviour/requests.ts'
import { all, refused, viewChanges } from '../verdicts.ts'

export const tamperRequest: Attack = {
  name: 'tamper-request',
  targets: ['safety'],
  does: "as primary changes the operations of clients' requests and computes all digests anew",
  source: 'Castro and Liskov, OSDI 1999, section 4.1',
  expects: "refused, because the client's signature does not cover the change; one view change",
  traitors: firstPrimary,
  behaviour: () =>
    onSend(
      and(isKind('pre-prepare'), whilePrimary),
      set(rebatch(({ requests }, place) => ({ requests: requests.map((each) => tampered(each, place)) }))),
    ),
  judge: all(refused('bad-signature', 'digest-mismatch'), viewChanges(1)),
}
