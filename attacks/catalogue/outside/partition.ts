import { replicaIds } from '../../../src/base/ids.ts'
import type { OutsideAttack } from '../../language/attack.ts'
import type { ClusterHarness } from '../../language/cluster-harness.ts'

/**
 * The time without an acknowledgement after which what was under way at a cut is over, in milliseconds; at most so
 * often.
 */
const QUIET_MS = 500
const QUIET_LOOKS_MAX = 20

/** f replicas, then f + 1, the first primary among them. */
async function run(field: ClusterHarness): Promise<readonly string[]> {
  const { n, f, links, milliseconds } = field
  if (links === null) return ['the run has no network that can be cut']
  const third = milliseconds / 3
  const cut = (count: number): void => {
    const ids = replicaIds(n).slice(0, count)
    links.isolate(ids)
    field.harm(ids)
    field.act()
  }
  const seen: string[] = []
  try {
    cut(f)
    await field.pause(third)
    if (!(await field.progress())) seen.push('nothing was written while f replicas were cut off')
    cut(f + 1)
    await untilQuiet(field)
    const before = field.acknowledged()
    await field.pause(third)
    const without = field.acknowledged() - before
    if (without > 0) seen.push(`${without} writes were acknowledged without a quorum`)
  } finally {
    links.heal()
  }
  field.harm([])
  if (!(await field.progress())) seen.push('nothing was written after the network was healed')
  await field.pause(third)
  return seen
}

async function untilQuiet(field: ClusterHarness): Promise<void> {
  for (let looks = 0; looks < QUIET_LOOKS_MAX; looks++) {
    const before = field.acknowledged()
    await field.pause(QUIET_MS)
    if (field.acknowledged() === before) return
  }
}

export const partition: OutsideAttack = {
  name: 'partition',
  plays: 'network',
  targets: ['liveness', 'safety'],
  does: 'cuts f replicas off from the others, the primary among them, then f + 1, then heals the network',
  source: 'Gilbert and Lynch, SIGACT News 2002',
  expects: 'writes go on without f replicas, stop without f + 1, and go on again once it is healed',
  run,
}
