import { type Attack, firstPrimary } from '../attack.ts'
import { onReceive, onSend, onTick, together } from '../behaviour/behaviour.ts'
import { delay } from '../behaviour/mutations.ts'
import { and, isKind, whilePrimary } from '../behaviour/predicates.ts'

/** It gets slower by a tick each fifth of a second. */
const SLOWER_EVERY_TICKS = 20

export const adaptiveSlow: Attack = {
  name: 'adaptive-slow',
  targets: ['performance'],
  does: 'as primary gets slower bit by bit, and half as slow whenever somebody wants to be rid of it',
  source: 'after the delay attacks of Amir and others, DSN 2008 (Prime)',
  expects: 'what it takes from the throughput is bounded and published',
  traitors: firstPrimary,
  behaviour: () => {
    let ticks = 0
    return together(
      onTick(SLOWER_EVERY_TICKS, ({ isPrimary }) => {
        if (isPrimary) ticks++
      }),
      onReceive(isKind('view-change'), () => {
        ticks = Math.floor(ticks / 2)
      }),
      onSend(
        and(isKind('pre-prepare'), whilePrimary),
        delay(() => ticks),
      ),
    )
  },
}
