import type { ProcessAttack } from '../../language/attack.ts'
import type { ClusterHarness } from '../../language/cluster-harness.ts'

const ROUNDS = 2

/** Each round takes the next f replicas, the first primary in the first one. */
async function run(harness: ClusterHarness): Promise<readonly string[]> {
  const { f, correct, machines, milliseconds } = harness
  const seen: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const ids = correct.slice(round * f, (round + 1) * f)
    harness.harm(ids)
    for (const id of ids) {
      await machines.kill(id)
      harness.act()
    }
    await harness.pause(milliseconds / ROUNDS / 2)
    if (!(await harness.progress())) seen.push(`nothing was written while ${ids.join(' and ')} were down`)
    await Promise.all(ids.map((id) => machines.restart(id)))
    harness.harm([])
    await harness.pause(milliseconds / ROUNDS / 2)
    if (!(await harness.progress())) seen.push(`nothing was written after ${ids.join(' and ')} came back`)
  }
  return seen
}

export const crash: ProcessAttack = {
  name: 'crash',
  world: 'processes',
  plays: 'machines',
  targets: ['safety', 'liveness'],
  does: 'kills the processes of f replicas, the first primary among them, restarts them from their disks, and goes on to the next',
  source: 'Castro and Liskov, OSDI 1999, section 4.1: a replica keeps its word over a crash',
  expects: 'the others continue without them, and they catch up',
  outside: { run },
}
