import { WAITING_FACTOR_MAX, WAITING_SLACK_TICKS } from '../../../src/pbft/parameters.ts'
import { type Attack, firstPrimary } from '../../language/attack.ts'
import { onReceive, onSend, onTick, together } from '../../language/behaviour.ts'
import {
  all,
  lossAsAllowed,
  lossAtMost,
  onProcesses,
  reportLoss,
  settledAtLeast,
  viewChanges,
} from '../../language/expectations.ts'
import { delay } from '../../language/mutations.ts'
import { and, isKind, type When, whilePrimary } from '../../language/predicates.ts'

/** Of the longest waiting that nobody complains of: it begins there, and goes up by this share each half second. */
const GREED = 0.1
const GREEDIER_EVERY_TICKS = 50
const isComplaint: When = ({ message }) =>
  message?.kind === 'view-change' ||
  message?.kind === 'oral-view-change' ||
  (message?.kind === 'status' && message.complaint !== null)

export const adaptiveSlow: Attack = {
  name: 'adaptive-slow',
  world: 'both',
  targets: ['performance'],
  does: 'as primary delays requests as long as the detectors allow and a little longer, until one complains',
  source: 'after the delay attacks of Amir and others, DSN 2008 (Prime)',
  expects:
    'the throughput it takes is at most what the waits measured without it allow, plus what it adds until it is detected',
  traitors: firstPrimary,
  judge: all(viewChanges(0, 1), onProcesses(lossAtMost(0.6))),
  inspect: all(settledAtLeast(0.9), lossAsAllowed(GREED / GREEDIER_EVERY_TICKS)),
  tells: reportLoss,
  environment: { lasts: 4 },
  simulated: { hasSteadyLoad: true, beginsAtMs: 4_000 },
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
          usualTicks ??= state.patience.latencyTicks ?? 0
          const allowed = (WAITING_FACTOR_MAX - 1) * usualTicks + WAITING_SLACK_TICKS
          return Math.floor(greed * allowed + random.next())
        }),
      ),
    )
  },
}
