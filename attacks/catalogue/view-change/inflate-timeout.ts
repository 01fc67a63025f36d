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
  does: 'lets its first view fail, so that timeouts grow, and is as slow as they allow in its next view',
  source: 'Amir and others, DSN 2008 (Prime), section 3.2',
  expects: 'timeouts shrink again in views that make progress',
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
