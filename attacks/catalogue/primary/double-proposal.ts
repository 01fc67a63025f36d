import { type Attack, firstPrimary } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { all, evidence, viewChanges } from '../../language/expectations.ts'
import { also, otherBatch, precededBy, set } from '../../language/mutations.ts'
import { and, isKind, toSome, whilePrimary } from '../../language/predicates.ts'

export const doubleProposal: Attack = {
  name: 'double-proposal',
  world: 'both',
  targets: ['safety'],
  does: 'as primary proposes two batches for one (v, s) to every backup, in different orders',
  source: 'Castro and Liskov, OSDI 1999, section 4.2',
  expects: 'at most one of them prepares; where proposals are signed, both are kept as evidence',
  traitors: firstPrimary,
  drawn: 'as primary',
  behaviour: () => {
    const lie = set(otherBatch)
    const isFirst = toSome()
    return onSend(and(isKind('pre-prepare'), whilePrimary), (intercepted, place) =>
      (isFirst(intercepted, place) ? precededBy(lie) : also(lie))(intercepted, place),
    )
  },
  judge: all(evidence, viewChanges(0, 1)),
}
