/** Primaries that lie about the time by which leases end. */
import type { Milliseconds } from '../../../src/base/ids.ts'
import { CLOCK_SKEW_MS_MAX, REQUEST_TIMEOUT_TICKS } from '../../../src/pbft/parameters.ts'
import { TICK_MS } from '../../../src/runtime/tick.ts'
import { type Attack, firstPrimaries } from '../../language/attack.ts'
import { all, holds, timelyVotes, viewChanges } from '../../language/expectations.ts'

/** The factor by which a creeping clock is slower. */
const CREEP = 0.01
/**
 * For how long time stands still, and how far it is ahead afterwards: within the span that replicas take; beyond it at the
 * stop, so that only a jump within it ends leases early; and far away. The last one repeats.
 */
const CYCLES = [
  { stopsMs: CLOCK_SKEW_MS_MAX - 50, jumpsMs: CLOCK_SKEW_MS_MAX - 10 },
  { stopsMs: 3 * CLOCK_SKEW_MS_MAX, jumpsMs: CLOCK_SKEW_MS_MAX - 10 },
  { stopsMs: 0, jumpsMs: 10 * CLOCK_SKEW_MS_MAX },
] as const
/** A jump lasts until a batch has been proposed with it. */
const JUMP_LASTS_MS = 100
/** Views that may be needed, each after its timer, and the change from one to the next. */
const ENDS_WITHIN_MS = CLOCK_SKEW_MS_MAX + 3 * REQUEST_TIMEOUT_TICKS * TICK_MS

/**
 * The parts of a replica whose clock lies while the attack is on. The clock lies and not the messages, so that what the
 * replica proposes and what it votes for are one.
 */
const lyingClock =
  (create: () => (time: Milliseconds) => number): NonNullable<Attack['parts']> =>
  (parts, { isOn, onAct }) => {
    const { clock } = parts
    const told = create()
    const now = (): Milliseconds => {
      const time = clock.now()
      if (!isOn()) return time
      onAct()
      return told(time) as Milliseconds
    }
    const every: typeof clock.every = (interval, run) => clock.every(interval, run)
    return { ...parts, clock: { now, every, defer: (run) => clock.defer(run) } }
  }

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
  parts: lyingClock(() => {
    let stopped: number | null = null
    return (time) => {
      stopped ??= time
      return Math.floor(stopped + CREEP * (time - stopped))
    }
  }),
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
  does: 'as primary lets time stand still while leases are granted, and then run ahead, so that they end early',
  source: 'leases end by the time of batches, which the primary proposes',
  expects:
    'no replica votes for a time far from its clock, the primary is replaced, and no lease ends earlier than the two bounds for it allow',
  traitors: firstPrimaries,
  drawn: 'with every operation',
  behaviour: () => ({}),
  parts: lyingClock(() => {
    let stopped: number | null = null
    let jumped: number | null = null
    let cycles = 0
    return (time) => {
      stopped ??= time
      const { stopsMs, jumpsMs } = CYCLES[cycles] ?? CYCLES[2]
      if (time - stopped < stopsMs) return stopped
      jumped ??= time
      if (time - jumped < JUMP_LASTS_MS) return time + jumpsMs
      stopped = jumped = null
      cycles++
      return time
    }
  }),
  environment: { lasts: 5, untilViewChanges: 1 },
  simulated: { usesEveryOperation: true },
  judge: viewChanges(1, ({ f }) => 2 * f),
  inspect: all(
    timelyVotes,
    holds(
      ({ executedAheadMs }) => executedAheadMs <= CLOCK_SKEW_MS_MAX,
      ({ executedAheadMs }) => `leases ended by a time ${executedAheadMs} ms ahead`,
    ),
  ),
}
