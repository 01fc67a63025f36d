import type { ReplicaId } from '../../../src/base/ids.ts'
import { type Attack, nobody } from '../../language/attack.ts'
import { together } from '../../language/behaviour.ts'
import type { ClusterHarness, Links } from '../../language/cluster-harness.ts'
import { holds, viewChanges } from '../../language/expectations.ts'
import { directionsBetween, swallowed, type Ways } from '../../language/faults.ts'

/** A loss lasts longer than a link may be silent, so that both of its ends give it up meanwhile. In milliseconds. */
const LOSS_MS_MIN = 4_000
const ONE_WAY: readonly Ways[] = ['to them', 'from them']
const TENTHS = 10

interface Loss {
  readonly ids: readonly ReplicaId[]
  readonly ways: Ways
}

/** f replicas, the first primary among them, in both directions and in one; then f + 1, which nobody can do without. */
async function run(harness: ClusterHarness): Promise<readonly string[]> {
  const { f, correct, links, random } = harness
  if (links === null) return ['the run has no network that can be cut']
  const few = correct.slice(0, f)
  const losses: readonly Loss[] = [
    { ids: few, ways: 'both ways' },
    { ids: few, ways: random.pick(ONE_WAY) },
    { ids: correct.slice(0, f + 1), ways: 'both ways' },
  ]
  const seen: string[] = []
  for (const loss of losses) seen.push(...(await lose(harness, links, loss)))
  return seen
}

async function lose(harness: ClusterHarness, links: Links, { ids, ways }: Loss): Promise<readonly string[]> {
  const { n, f } = harness
  const seen: string[] = []
  const name = `the loss of what replicas ${ids.join(', ')} exchange, ${ways}`
  const half = Math.max(LOSS_MS_MIN, harness.milliseconds / 3) / 2
  links.swallow(directionsBetween(n, ids, ways))
  harness.harm(ids)
  harness.act()
  try {
    for (const _ of ['early', 'late']) {
      await harness.pause(half)
      if (ids.length <= f && !(await harness.progress())) seen.push(`nothing was written during ${name}`)
    }
  } finally {
    links.heal()
  }
  if (!(await harness.progress())) seen.push(`nothing was written after ${name}`)
  if (!(await harness.within(() => links.apart().length === 0))) {
    const apart = links.apart().map(({ from, to }) => `${from} and ${to}`)
    seen.push(`no living link came between replicas ${apart.join(', ')} after ${name}`)
  }
  harness.harm([])
  return seen
}

export const silentLoss: Attack = {
  name: 'silent-loss',
  plays: 'network',
  world: 'both',
  targets: ['liveness'],
  does: 'no traitor: the network silently drops traffic between f replicas and the others, both ways, then one way, then for f + 1',
  source:
    'Braden, RFC 1122, 4.2.3.5: TCP goes on trying for 100 seconds and more before it gives a connection up',
  expects:
    'writes continue without f replicas, and all links recover soon after each loss, because silent links are ended',
  traitors: nobody,
  behaviour: () => together(),
  // Each of the three losses may end as many views as there are replicas that it takes away.
  judge: viewChanges(1, ({ f }) => 3 * (f + 1)),
  inspect: holds(
    ({ answersPerTenth }) =>
      [1, 2].every((second) =>
        answersPerTenth.slice(second * TENTHS, (second + 1) * TENTHS).some((answers) => answers > 0),
      ),
    () => 'f replicas were missed',
  ),
  environment: {
    lasts: 4,
  },
  outside: { run },
  simulated: {
    faults: ({ n, f, correct, random, lastsMs }) => {
      const few = correct.slice(0, f)
      const part = (from: number, to: number) => ({ from: from * lastsMs, to: to * lastsMs })
      return [
        ...swallowed(n, few, { ways: 'both ways', ...part(0, 0.3) }),
        ...swallowed(n, few, { ways: random.pick(ONE_WAY), ...part(0.65, 0.75) }),
        ...swallowed(n, correct.slice(0, f + 1), { ways: 'both ways', ...part(0.9, 1) }),
      ]
    },
  },
}
