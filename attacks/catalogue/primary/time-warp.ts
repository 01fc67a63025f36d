import type { Milliseconds } from '../../../src/base/ids.ts'
import { CLOCK_SKEW_MS_MAX } from '../../../src/pbft/parameters.ts'
import { type Attack, firstPrimary } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { timelyVotes } from '../../language/expectations.ts'
import { rebatch, set } from '../../language/mutations.ts'
import { and, isKind, whilePrimary } from '../../language/predicates.ts'

export const timeWarp: Attack = {
  name: 'time-warp',
  world: 'both',
  targets: ['safety', 'liveness'],
  does: 'as primary proposes batch times far ahead, just inside the limit, long past, and standing still',
  source: 'leases and locks expire by the time of batches',
  expects:
    'no replica votes for a time far from its clock, and a primary that proposes one while requests wait is replaced',
  traitors: firstPrimary,
  drawn: 'as primary',
  behaviour: () => {
    let stopped: number | null = null
    return onSend(
      and(isKind('pre-prepare'), whilePrimary),
      set(
        rebatch(({ time }, { random }) => {
          stopped ??= time
          const told = [1, stopped, time + CLOCK_SKEW_MS_MAX - 10, time + 10 * CLOCK_SKEW_MS_MAX]
          return { time: random.pick(told) as Milliseconds }
        }),
      ),
    )
  },
  inspect: timelyVotes,
}
