import { type Attack, nobody } from '../../language/attack.ts'
import { together } from '../../language/behaviour.ts'
import { all, holds, viewChanges } from '../../language/expectations.ts'
import { paused } from '../../language/faults.ts'

/** Clocks that are ahead and behind by more than may pass unnoticed, in milliseconds. */
const STEPS_MS = [5_000, -5_000] as const

export const pause: Attack = {
  name: 'pause',
  targets: ['safety', 'liveness'],
  does: 'f replicas, the primary among them, stand still for a while and go on with their old view of things, and clocks step',
  source: 'seen wherever garbage collection, hypervisors or suspended laptops stop a process',
  expects: 'the others go on without them, they catch up, and no clock moves the time of batches far ahead',
  traitors: nobody,
  behaviour: () => together(),
  judge: viewChanges(1, ({ f }) => f + 2),
  inspect: all(
    holds(
      ({ answersPerTenth }) => answersPerTenth.slice(-3).some((answers) => answers > 0),
      () => 'nobody was answered in the end',
    ),
  ),
  surroundings: {
    lasts: 2,
    strikes: ({ f, correct, last, lastsMs }) => [
      ...correct.slice(0, f).flatMap((id) => paused(id, { from: 0, to: 0.7 * lastsMs })),
      // While they stand still, and after it: time has passed that they know nothing of.
      ...STEPS_MS.map((skewMs, index) => ({
        kind: 'set-clock' as const,
        replica: index === 0 ? last : (correct[0] ?? last),
        error: { skewMs, rate: 1 },
        atMs: (0.3 + 0.45 * index) * lastsMs,
      })),
    ],
  },
}
