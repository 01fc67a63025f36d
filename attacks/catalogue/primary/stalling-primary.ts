import { type Attack, firstPrimary } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { outageAtMost, viewChanges } from '../../language/expectations.ts'
import { and, isKind, whilePrimary } from '../../language/predicates.ts'

const PROPOSALS_MAX = 12

export const stallingPrimary: Attack = {
  name: 'stalling-primary',
  world: 'both',
  targets: ['liveness'],
  does: 'as primary proposes a few batches more and then nothing, to some backups a little sooner than to others',
  source: 'Castro and Liskov, OSDI 1999, section 4.4',
  expects: 'one view change, and nothing is lost of what few had heard of',
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
