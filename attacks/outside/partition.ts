import { replicaIds } from '../../src/base/ids.ts'
import type { OutsideAttack } from '../attack.ts'
import type { Field } from './field.ts'

/** After a cut, what was under way may still be answered for so long, in milliseconds. */
const UNDER_WAY_MS = 500

/** f replicas, then f + 1, the first primary among them. */
async function run(field: Field): Promise<readonly string[]> {
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
    const atFirst = field.acknowledged()
    await field.pause(third + UNDER_WAY_MS)
    if (field.acknowledged() === atFirst) seen.push('nothing was written while f replicas were cut off')
    cut(f + 1)
    await field.pause(UNDER_WAY_MS)
    const before = field.acknowledged()
    await field.pause(third)
    const without = field.acknowledged() - before
    if (without > 0) seen.push(`${without} writes were acknowledged without a quorum`)
  } finally {
    links.heal()
  }
  field.harm([])
  const healed = field.acknowledged()
  await field.pause(third)
  if (field.acknowledged() === healed) seen.push('nothing was written after the network was healed')
  return seen
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
