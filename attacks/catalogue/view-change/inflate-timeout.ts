import { type Attack, firstPrimaries } from '../../language/attack.ts'
import { onSend, together } from '../../language/behaviour.ts'
import { timeoutsShrank } from '../../language/expectations.ts'
import { delay, drop } from '../../language/mutations.ts'
import { and, isKind, not, type When, whilePrimary } from '../../language/predicates.ts'

/** In the first round of primaries. */
const early: When = (_, { state, n }) => state.views.view < n

/** Of the patience that it has brought about. */
const SHARE = 0.4

export const inflateTimeout: Attack = {
  name: 'inflate-timeout',
  world: 'both',
  targets: ['performance'],
  does: 'lets its first view fail, so that everybody gets more patient, and is as slow as that allows in its next',
  source: 'Amir and others, DSN 2008 (Prime), section 3.2',
  expects: 'views that deliver make everybody as impatient as before',
  traitors: firstPrimaries,
  behaviour: () =>
    together(
      onSend(and(isKind('pre-prepare', 'new-view', 'oral-new-view'), whilePrimary, early), drop),
      onSend(
        and(isKind('pre-prepare'), whilePrimary, not(early)),
        delay(({ state }) => Math.floor(SHARE * state.patience.timeoutTicks)),
      ),
    ),
  inspect: timeoutsShrank,
  environment: { lasts: 2.5 },
}
