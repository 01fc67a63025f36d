import { type Attack, firstPrimary } from '../attack.ts'
import { onSend } from '../behaviour/behaviour.ts'
import { delay } from '../behaviour/mutations.ts'
import { and, isKind, whilePrimary } from '../behaviour/predicates.ts'

/** Of the time after which the backups would leave its view: a request also waits for the proposal before its own. */
const SHARE = 0.4

export const slowPrimary: Attack = {
  name: 'slow-primary',
  targets: ['performance'],
  does: 'as primary proposes everything just before the backups would lose patience',
  source: 'Clement and others, NSDI 2009 (Aardvark), section 3',
  expects: 'a primary that delivers so much less than it could is replaced',
  traitors: firstPrimary,
  behaviour: () =>
    onSend(
      and(isKind('pre-prepare'), whilePrimary),
      delay(({ state }) => Math.floor(SHARE * state.timeoutTicks)),
    ),
}
