import { WAITING_FACTOR_MAX, WAITING_SLACK_TICKS } from '../../src/pbft/parameters.ts'
import { type Attack, firstPrimary } from '../attack.ts'
import { onReceive, onSend, onTick, together } from '../behaviour/behaviour.ts'
import { delay } from '../behaviour/mutations.ts'
import { and, isKind, type When, whilePrimary } from '../behaviour/predicates.ts'
import { all, lossAtMost, onProcesses, settledAtLeast, tellLoss, viewChanges } from '../verdicts.ts'

/** Of the longest waiting that nobody complains of: it begins there, and goes up by this share each half second. */
const GREED = 0.1
const GREEDIER_EVERY_TICKS = 50
/**
 * What waiting for as long as is allowed takes from clients that ask one thing after another, where requests wait for a
 * tick without it.
 */
const LOSS_MAX = 1 - 1 / (WAITING_FACTOR_MAX + WAITING_SLACK_TICKS)

const isComplaint: When = ({ message }) =>
  message?.kind === 'view-change' ||
  message?.kind === 'oral-view-change' ||
  (message?.kind === 'status' && message.complaint !== null)

export const adaptiveSlow: Attack = {
  name: 'adaptive-slow',
  targets: ['performance'],
  does: 'as primary lets requests wait as long as its detectors allow and a little longer, until one complains',
  source: 'after the delay attacks of Amir and others, DSN 2008 (Prime)',
  expects: 'what it takes from the throughput is bounded and published, and nothing once it is detected',
  traitors: firstPrimary,
  judge: all(viewChanges(0, 1), onProcesses(lossAtMost(0.6))),
  inspect: all(settledAtLeast(0.9), lossAtMost(LOSS_MAX)),
  tells: tellLoss,
  surroundings: { hasSteadyLoad: true, beginsAtMs: 4_000, lasts: 4 },
  behaviour: () => {
    let usualTicks: number | null = null
    let greed = 1
    return together(
      onTick(GREEDIER_EVERY_TICKS, () => {
        greed += GREED
      }),
      onReceive(isComplaint, () => {
        greed /= 2
      }),
      onSend(
        and(isKind('pre-prepare'), whilePrimary),
        delay(({ state, random }) => {
          usualTicks ??= state.latencyTicks ?? 0
          const allowed = (WAITING_FACTOR_MAX - 1) * usualTicks + WAITING_SLACK_TICKS
          return Math.floor(greed * allowed + random.next())
        }),
      ),
    )
  },
}
