/** Faults of the network: cuts, clogs and partitions of every shape. They do not count in f. */
import { assert } from '../../base/assert.ts'
import { type ReplicaId, replicaIds } from '../../base/ids.ts'
import { faultsMax } from '../../base/quorum.ts'
import type { Random } from '../../base/random.ts'
import { type Fault, inOrder, type Plan } from './plan.ts'

export function drawNetworkFaults(random: Random, n: number, calmAtMs: number): readonly Fault[] {
  return [
    ...drawLinks(random, { n, calmAtMs, begin: 'cut', end: 'mend' }),
    ...drawLinks(random, { n, calmAtMs, begin: 'clog', end: 'unclog' }),
    ...drawSwizzle(random, n, calmAtMs),
    ...drawPartitions(random, n, calmAtMs),
  ]
}

/** Single directions that are cut or clogged for a while. */
function drawLinks(
  random: Random,
  context: {
    readonly n: number
    readonly calmAtMs: number
    readonly begin: 'cut' | 'clog'
    readonly end: 'mend' | 'unclog'
  },
): readonly Fault[] {
  const { n, calmAtMs, begin, end } = context
  if (random.chance(0.7)) return []
  const faults: Fault[] = []
  for (let count = random.between(1, 2 * n); count > 0; count--) {
    const [from, to] = random.shuffle(replicaIds(n))
    assert(from !== undefined && to !== undefined, 'a cluster has two replicas')
    const atMs = random.between(0, calmAtMs - 1)
    const untilMs = atMs + random.between(1, 600)
    faults.push({ kind: begin, from, to, atMs })
    if (untilMs < calmAtMs) faults.push({ kind: end, from, to, atMs: untilMs })
  }
  return faults
}

/** Clogs some nodes one by one in one order, and frees them in another. */
function drawSwizzle(random: Random, n: number, calmAtMs: number): readonly Fault[] {
  if (random.chance(0.8)) return []
  const some = random.shuffle(replicaIds(n)).slice(0, random.between(1, n))
  let atMs = random.between(10, Math.ceil(calmAtMs / 2))
  const faults: Fault[] = []
  for (const replica of some) {
    faults.push({ kind: 'clog-node', replica, atMs })
    atMs += random.between(0, 60)
  }
  atMs += random.between(0, 200)
  for (const replica of random.shuffle(some)) {
    if (atMs < calmAtMs) faults.push({ kind: 'unclog-node', replica, atMs })
    atMs += random.between(0, 60)
  }
  return faults.filter((fault) => fault.atMs < calmAtMs)
}

/** A shape of a partition: for each replica, the replicas that it reaches, itself included. */
type Shape = (random: Random, n: number) => (from: ReplicaId, to: ReplicaId) => boolean

/** One side or the other, a side of this size. */
const groupsOf =
  (size: (random: Random, n: number) => number): Shape =>
  (random, n) => {
    const side = new Set(random.shuffle(replicaIds(n)).slice(0, size(random, n)))
    return (from, to) => side.has(from) === side.has(to)
  }

export const PARTITION_SHAPES: Readonly<Record<string, Shape>> = {
  alone: groupsOf(() => 1),
  halves: groupsOf((_random, n) => Math.floor(n / 2)),
  minority: groupsOf((_random, n) => faultsMax(n)),
  random: groupsOf((random, n) => random.between(1, n - 1)),
  /** Two groups, with one replica that reaches both. */
  bridge: (random, n) => {
    const order = random.shuffle(replicaIds(n))
    const [bridge] = order
    const side = new Set(order.slice(1, 1 + Math.floor((n - 1) / 2)))
    return (from, to) => from === bridge || to === bridge || side.has(from) === side.has(to)
  },
  /** Each replica reaches only its neighbours. */
  ring: (random, n) => {
    const place = random.shuffle(replicaIds(n))
    const isNext = (one: number, other: number): boolean => (one + 1) % n === other
    return (from, to) => {
      const [a, b] = [place[from] as number, place[to] as number]
      return isNext(a, b) || isNext(b, a)
    }
  },
  /** Some replicas can send, but receive nothing. */
  deaf: (random, n) => {
    const deaf = new Set(random.shuffle(replicaIds(n)).slice(0, random.between(1, n - 1)))
    return (_from, to) => !deaf.has(to)
  },
}

function drawPartitions(random: Random, n: number, calmAtMs: number): readonly Fault[] {
  if (random.chance(0.6)) return []
  const shapes = random.shuffle(Object.values(PARTITION_SHAPES)).slice(0, random.between(1, 3))
  // Flapping: one partition after the other, without a pause or with one.
  const pauseMsMax = random.pick([0, 30, 500])
  const lengthMsMax = random.pick([60, 500])
  const faults: Fault[] = []
  let atMs = random.between(1, 400)
  while (atMs < calmAtMs - 1) {
    const untilMs = Math.min(atMs + random.between(10, lengthMsMax), calmAtMs - 1)
    faults.push({ kind: 'partition', reach: reachOf(random.pick(shapes), random, n), atMs })
    faults.push({ kind: 'partition', reach: null, atMs: untilMs })
    atMs = untilMs + random.between(0, pauseMsMax)
  }
  return faults
}

/** The share of plans in which the network silently drops frames for a while. */
const SWALLOW_SHARE = 0.2

/**
 * Adds to some plans a period in which the network silently drops frames, of any shape. It is drawn last, so that the
 * rest of a plan stays the same. A plan with a quiet phase has none, because stuck links would outlast it.
 */
export function withSwallowing(random: Random, plan: Plan): Plan {
  const { n, calmAtMs, faults } = plan
  if (!random.chance(SWALLOW_SHARE) || faults.some(({ kind }) => kind === 'lull')) return plan
  const atMs = random.between(0, calmAtMs - 2)
  const untilMs = random.between(atMs + 1, calmAtMs - 1)
  const reach = reachOf(random.pick(Object.values(PARTITION_SHAPES)), random, n)
  const all = random.shuffle(replicaIds(n))
  const withoutClients = random.chance(0.5) ? all.slice(0, random.between(1, n)) : []
  const swallowing: readonly Fault[] = [
    { kind: 'swallow', reach, withoutClients, atMs },
    { kind: 'swallow', reach: null, withoutClients: [], atMs: untilMs },
  ]
  return { ...plan, faults: inOrder([...faults, ...swallowing]) }
}

function reachOf(shape: Shape, random: Random, n: number): readonly number[] {
  const reaches = shape(random, n)
  return replicaIds(n).map((from) =>
    replicaIds(n).reduce((mask, to) => (from === to || reaches(from, to) ? mask | (1 << to) : mask), 0),
  )
}
