/** Primaries that lie about the time by which leases end. */
import type { Milliseconds } from '../../../src/base/ids.ts'
import { CLOCK_SKEW_MS_MAX, REQUEST_TIMEOUT_TICKS } from '../../../src/pbft/parameters.ts'
import { TICK_MS } from '../../../src/runtime/tick.ts'
import { type Attack, firstPrimaries } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { all, holds, viewChanges } from '../../language/expectations.ts'
import { rebatch, set } from '../../language/mutations.ts'
import { and, isKind, whilePrimary } from '../../language/predicates.ts'

/** The factor by which a creeping clock is slower. */
const CREEP = 0.01
/** Proposed times from the true one: just inside what replicas take, just beyond it, and far away. */
const SHIFTS_MS = [
  ...[-CLOCK_SKEW_MS_MAX + 50, -CLOCK_SKEW_MS_MAX + 50, CLOCK_SKEW_MS_MAX - 10],
  ...[-CLOCK_SKEW_MS_MAX - 100, CLOCK_SKEW_MS_MAX + 200],
  ...[-10 * CLOCK_SKEW_MS_MAX, 10 * CLOCK_SKEW_MS_MAX],
]
/** Views that may be needed, each after its timer, and the change from one to the next. */
const ENDS_WITHIN_MS = CLOCK_SKEW_MS_MAX + 3 * REQUEST_TIMEOUT_TICKS * TICK_MS

export const freezeLeases: Attack = {
  name: 'freeze-leases',
  world: 'simulator',
  targets: ['liveness'],
  does: 'as primary lets the time of batches creep, so that no lease ends',
  source: 'leases end by the time of batches, which the primary proposes',
  expects:
    'backups see that a lease is overdue and replace the primary, and leases end soon after their time',
  traitors: firstPrimaries,
  drawn: 'with every operation',
  behaviour: () => ({}),
  // Its clock and not its messages: what it proposes and what it votes for are one.
  parts: (parts, { isOn, onAct }) => {
    const { clock } = parts
    let stopped: number | null = null
    const now = (): Milliseconds => {
      const time = clock.now()
      if (!isOn()) return time
      stopped ??= time
      onAct()
      return Math.floor(stopped + CREEP * (time - stopped)) as Milliseconds
    }
    const every: typeof clock.every = (interval, run) => clock.every(interval, run)
    return { ...parts, clock: { now, every, defer: (run) => clock.defer(run) } }
  },
  environment: { lasts: 5, untilViewChanges: 1 },
  simulated: { usesEveryOperation: true },
  judge: viewChanges(1, ({ f }) => 2 * f),
  inspect: holds(
    ({ leaseLateMs, f }) => leaseLateMs <= f * ENDS_WITHIN_MS,
    ({ leaseLateMs }) => `a lease was overdue for ${leaseLateMs} ms`,
  ),
}

export const earlyLease: Attack = {
  name: 'early-lease',
  world: 'simulator',
  targets: ['safety'],
  does: 'as primary grants leases at times long past and then lets the time run ahead, so that they end early',
  source: 'leases end by the time of batches, which the primary proposes',
  expects:
    'no replica votes for a time far from its clock, and no lease ends earlier than the two bounds for it allow',
  traitors: firstPrimaries,
  drawn: 'with every operation',
  behaviour: () =>
    onSend(
      and(isKind('pre-prepare'), whilePrimary),
      set(
        rebatch(({ time }, { random }) => {
          if (time === 0) return { time }
          return { time: (time + random.pick(SHIFTS_MS)) as Milliseconds }
        }),
      ),
    ),
  environment: { lasts: 3 },
  simulated: { usesEveryOperation: true },
  inspect: all(
    holds(
      ({ aheadMs }) => aheadMs <= CLOCK_SKEW_MS_MAX,
      ({ aheadMs }) => `a correct replica voted for a time ${aheadMs} ms ahead of its clock`,
    ),
    holds(
      ({ lateMs }) => lateMs <= TICK_MS,
      ({ lateMs }) =>
        `a correct replica voted for a time ${lateMs} ms further behind its clock than T allows`,
    ),
    holds(
      ({ executedAheadMs }) => executedAheadMs <= CLOCK_SKEW_MS_MAX,
      ({ executedAheadMs }) => `leases ended by a time ${executedAheadMs} ms ahead`,
    ),
  ),
}
