import { replicaIds } from '../../../src/base/ids.ts'
import { type Attack, nobody } from '../../language/attack.ts'
import { together } from '../../language/behaviour.ts'
import type { ClusterHarness } from '../../language/cluster-harness.ts'
import { all, holds } from '../../language/expectations.ts'
import { parted } from '../../language/faults.ts'

const PART = 0.4
const TENTH_MS = 100

/**
 * The time without an acknowledgement after which what was under way at a cut is over, in milliseconds; at most so
 * often.
 */
const QUIET_MS = 500
const QUIET_LOOKS_MAX = 20

/** f replicas, then f + 1, the first primary among them. */
async function run(harness: ClusterHarness): Promise<readonly string[]> {
  const { n, f, links, milliseconds } = harness
  if (links === null) return ['the run has no network that can be cut']
  const third = milliseconds / 3
  const cut = (count: number): void => {
    const ids = replicaIds(n).slice(0, count)
    links.isolate(ids)
    harness.harm(ids)
    harness.act()
  }
  const seen: string[] = []
  try {
    cut(f)
    await harness.pause(third)
    if (!(await harness.progress())) seen.push('nothing was written while f replicas were cut off')
    cut(f + 1)
    await untilQuiet(harness)
    const before = harness.acknowledged()
    await harness.pause(third)
    const without = harness.acknowledged() - before
    if (without > 0) seen.push(`${without} writes were acknowledged without a quorum`)
  } finally {
    links.heal()
  }
  harness.harm([])
  if (!(await harness.progress())) seen.push('nothing was written after the network was healed')
  await harness.pause(third)
  return seen
}

async function untilQuiet(harness: ClusterHarness): Promise<void> {
  for (let looks = 0; looks < QUIET_LOOKS_MAX; looks++) {
    const before = harness.acknowledged()
    await harness.pause(QUIET_MS)
    if (harness.acknowledged() === before) return
  }
}

export const partition: Attack = {
  name: 'partition',
  plays: 'network',
  world: 'both',
  targets: ['liveness', 'safety'],
  does: 'no traitor: f replicas are cut off from the others, then f + 1, then the network heals',
  source: 'Gilbert and Lynch, SIGACT News 2002; Castro and Liskov, OSDI 1999, section 3',
  expects: 'writes continue without f replicas, stop without f + 1, and resume once the network heals',
  traitors: nobody,
  behaviour: () => together(),
  inspect: all(
    holds(
      ({ answersPerTenth }) => answersPerTenth.slice(1, 4).some((answers) => answers > 0),
      () => 'f replicas were missed',
    ),
    holds(
      ({ outageMs }) => outageMs >= 2 * TENTH_MS,
      ({ outageMs }) => `without f + 1 replicas nobody was answered for ${Math.round(outageMs)} ms only`,
    ),
  ),
  outside: { run },
  simulated: {
    faults: ({ n, f, correct, lastsMs }) => [
      ...parted(n, correct.slice(-f), { from: 0, to: PART * lastsMs }),
      ...parted(n, correct.slice(-f - 1), { from: (1 - PART) * lastsMs, to: lastsMs }),
    ],
  },
}
