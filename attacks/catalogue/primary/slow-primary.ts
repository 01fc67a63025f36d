import { type Attack, firstPrimary } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { all, onProcesses, reportLoss, settledAtLeast, viewChanges } from '../../language/expectations.ts'
import { delay } from '../../language/mutations.ts'
import { and, isKind, whilePrimary } from '../../language/predicates.ts'

/** Of the time after which the backups would leave its view: a request also waits for the proposal before its own. */
const SHARE = 0.4

export const slowPrimary: Attack = {
  name: 'slow-primary',
  world: 'both',
  targets: ['performance'],
  does: 'as primary proposes each request just before the backups time out',
  source: 'Clement and others, NSDI 2009 (Aardvark), section 3',
  expects: 'it is replaced, and at least nine tenths of the throughput return',
  traitors: firstPrimary,
  judge: all(viewChanges(1), onProcesses(settledAtLeast(0.6))),
  inspect: settledAtLeast(0.9),
  tells: reportLoss,
  environment: { lasts: 2, untilViewChanges: 1 },
  simulated: { hasSteadyLoad: true, beginsAtMs: 4_000 },
  behaviour: () =>
    onSend(
      and(isKind('pre-prepare'), whilePrimary),
      delay(({ state }) => Math.floor(SHARE * state.patience.timeoutTicks)),
    ),
}
