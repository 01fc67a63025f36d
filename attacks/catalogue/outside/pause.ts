import type { OutsideAttack } from '../../language/attack.ts'
import type { ClusterHarness } from '../../language/cluster-harness.ts'

/** A process is stopped for so long at most, unless nothing is written without it. In milliseconds. */
const STOPPED_MS_MAX = 10_000

/** The primary, and f - 1 replicas that follow it. */
async function run(field: ClusterHarness): Promise<readonly string[]> {
  const { n, f, machines, milliseconds } = field
  const ids = field.correct.slice(0, f)
  const stoppedMs = Math.min(STOPPED_MS_MAX, (milliseconds * 2) / 3)
  for (const id of ids) {
    machines.freeze(id)
    field.act()
  }
  field.harm(ids)
  const seen: string[] = []
  try {
    await field.pause(stoppedMs)
    if (!(await field.progress())) seen.push(`nothing was written while ${f} of ${n} replicas were stopped`)
  } finally {
    for (const id of ids) machines.thaw(id)
  }
  field.harm([])
  await field.pause(milliseconds - stoppedMs)
  return seen
}

export const pause: OutsideAttack = {
  name: 'pause',
  plays: 'machines',
  targets: ['safety', 'liveness'],
  does: 'stops the processes of f replicas, the first primary among them, and lets them go on later with their old view of things',
  source: 'seen wherever garbage collection, hypervisors or suspended laptops stop a process',
  expects: 'the others go on without them, and they catch up',
  run,
}
