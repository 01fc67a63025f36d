import type { Sequence } from '../../../src/base/ids.ts'
import { LOG_WINDOW } from '../../../src/messages/limits.ts'
import { highWatermark } from '../../../src/pbft/checkpoints/watermarks.ts'
import { type Attack, firstPrimary } from '../../language/attack.ts'
import { onSend, together } from '../../language/behaviour.ts'
import { all, holds, viewChanges, windowMoved } from '../../language/expectations.ts'
import { type Change, set } from '../../language/mutations.ts'
import { and, isKind, until, whilePrimary } from '../../language/predicates.ts'

/** Before it jumps beyond the window too. */
const WITHIN_TICKS = 20
/** Sequence numbers by which it then goes beyond the window. */
const BEYOND = 1_000

/** The last sequence numbers of the window, or so many behind them. */
const atTheEnd =
  (behind: number): Change =>
  (content, { state }) => {
    if (content.kind !== 'pre-prepare') return content
    const sequence = highWatermark(state) - (content.sequence % 2) + behind
    return { ...content, sequence: sequence as Sequence }
  }

export const burnSequence: Attack = {
  name: 'burn-sequence',
  world: 'both',
  targets: ['liveness', 'resources'],
  does: 'as primary jumps to the high watermark, and then beyond it',
  source: 'Castro and Liskov, OSDI 1999, section 4.2: why there is a high watermark',
  expects: 'what lies outside the window is dropped, and the next view fills the holes with null batches',
  exceeds: [
    { what: 'sequence numbers above the stable checkpoint', limit: LOG_WINDOW, sent: LOG_WINDOW + BEYOND },
  ],
  traitors: firstPrimary,
  drawn: 'as primary',
  environment: { untilViewChanges: 1 },
  behaviour: () =>
    together(
      onSend(and(isKind('pre-prepare'), whilePrimary, until(WITHIN_TICKS)), set(atTheEnd(0))),
      onSend(and(isKind('pre-prepare'), whilePrimary), set(atTheEnd(BEYOND))),
    ),
  judge: viewChanges(1),
  inspect: all(
    windowMoved,
    holds(
      ({ nullBatches }) => nullBatches > 0,
      () => 'no hole was filled with a null batch',
    ),
  ),
}
