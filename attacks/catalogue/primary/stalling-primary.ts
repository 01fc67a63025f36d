import { type Attack, firstPrimary } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { outageAtMost, viewChanges } from '../../language/expectations.ts'
import { and, isKind, whilePrimary } from '../../language/predicates.ts'

const PROPOSALS_MAX = 12

export const stallingPrimary: Attack = {
  name: 'stalling-primary',
  world: 'both',
  targets: ['liveness'],
  does: 'as primary proposes a few more batches and then stops, earlier for some backups than for others',
  source: 'Castro and Liskov, OSDI 1999, section 4.4',
  expects: 'one view change, and no batch that only a few replicas received is lost',
  traitors: firstPrimary,
  drawn: 'as primary',
  environment: { untilViewChanges: 1 },
  behaviour: () => {
    let left: number | null = null
    return onSend(and(isKind('pre-prepare'), whilePrimary), ({ peer, frame }, { random, n }) => {
      left ??= random.between(0, PROPOSALS_MAX * (n - 1))
      return left-- > 0 ? [{ to: peer, frame }] : []
    })
  },
  judge: viewChanges(1),
  inspect: outageAtMost(1_000),
}
