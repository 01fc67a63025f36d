import { type Attack, nobody } from '../../language/attack.ts'
import { together } from '../../language/behaviour.ts'
import type { ClusterHarness } from '../../language/cluster-harness.ts'
import { all, holds, viewChanges } from '../../language/expectations.ts'
import { paused } from '../../language/faults.ts'
import type { Observed } from '../../run/simulated/observed.ts'

/** Clocks that are ahead and behind by more than may pass unnoticed, in milliseconds. */
const STEPS_MS = [5_000, -5_000] as const

/** A process is stopped for so long at most, unless nothing is written without it. In milliseconds. */
const STOPPED_MS_MAX = 10_000

/** The primary, and f - 1 replicas that follow it. */
async function run(harness: ClusterHarness): Promise<readonly string[]> {
  const { n, f, machines, milliseconds } = harness
  const ids = harness.correct.slice(0, f)
  const stoppedMs = Math.min(STOPPED_MS_MAX, (milliseconds * 2) / 3)
  for (const id of ids) {
    machines.freeze(id)
    harness.act()
  }
  harness.harm(ids)
  const seen: string[] = []
  try {
    await harness.pause(stoppedMs)
    if (!(await harness.progress())) seen.push(`nothing was written while ${f} of ${n} replicas were stopped`)
  } finally {
    for (const id of ids) machines.thaw(id)
  }
  harness.harm([])
  await harness.pause(milliseconds - stoppedMs)
  return seen
}

export const pause: Attack = {
  name: 'pause',
  plays: 'machines',
  world: 'both',
  targets: ['safety', 'liveness'],
  does: 'pauses f replicas, the first primary among them, and resumes them with stale state; in the simulator clocks step too',
  source: 'seen wherever garbage collection, hypervisors or suspended laptops stop a process',
  expects: 'the others continue without them, they catch up, and no clock moves batch time far ahead',
  traitors: nobody,
  behaviour: () => together(),
  inspect: all<Observed>(
    holds(
      ({ answersPerTenth }) => answersPerTenth.slice(-3).some((answers) => answers > 0),
      () => 'nobody was answered in the end',
    ),
    viewChanges(1, ({ f }) => f + 2),
  ),
  environment: {
    lasts: 2,
  },
  outside: { run },
  simulated: {
    faults: ({ f, correct, last, lastsMs }) => [
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
