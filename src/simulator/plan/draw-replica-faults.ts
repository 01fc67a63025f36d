/** Faults of single replicas: crashes of every kind, disks, pauses and clocks. */
import { type ReplicaId, replicaIds } from '../../base/ids.ts'
import { faultsMax } from '../../base/quorum.ts'
import type { Random } from '../../base/random.ts'
import type { Fault } from './plan.ts'

/** The time before the first crash, in which all replicas start. */
const CRASH_FROM_MS = 20
/** The maximum step of a clock, in either direction. */
const STEP_MS_MAX = 2_000

export interface FaultContext {
  readonly n: number
  readonly calmAtMs: number
  /** The replicas that are traitors at some time, which neither crash nor stay down. */
  readonly everTraitors: readonly ReplicaId[]
}

export function drawReplicaFaults(
  random: Random,
  context: FaultContext,
): { readonly faults: readonly Fault[]; readonly staysDown: readonly ReplicaId[] } {
  const down = drawCrashes(random, context)
  return {
    faults: [
      ...down.faults,
      ...drawSpells(random, context, { begin: 'pause', end: 'resume', lengthMs: [20, 400] }),
      ...drawSpells(random, context, { begin: 'slow-disk', end: 'fast-disk', lengthMs: [50, 600] }),
      ...drawClockSteps(random, context),
      ...drawRottenPages(random, context),
    ],
    staysDown: down.staysDown,
  }
}

/** The kinds of crashes that a plan uses, most often the plain one. */
function downFall(random: Random, replica: ReplicaId, ways: readonly string[]): Omit<Fault, 'atMs'> {
  const losesSent = random.chance(0.5)
  switch (random.pick(ways)) {
    case 'within': {
      const point = random.pick(['append', 'sync', 'send', 'execute'] as const)
      return { kind: 'crash-within', replica, point, after: random.below(20), losesSent } as Fault
    }
    case 'full':
      return { kind: 'fill-disk', replica } as Fault
    case 'lost':
      return { kind: random.pick(['lose-disk', 'rot-log'] as const), replica } as Fault
    case 'old':
      return { kind: 'old-disk', replica } as Fault
    default:
      return { kind: 'crash', replica, losesSent } as Fault
  }
}

/**
 * Draws crashes and restarts. At most f replicas are traitors or down at any moment, possibly including the primary.
 */
function drawCrashes(
  random: Random,
  context: FaultContext,
): { readonly faults: readonly Fault[]; readonly staysDown: readonly ReplicaId[] } {
  const { n, everTraitors, calmAtMs } = context
  const spare = faultsMax(n) - everTraitors.length
  if (spare === 0 || random.chance(0.3)) return { faults: [], staysDown: [] }
  const ways = ['plain', 'plain']
  if (random.chance(0.5)) ways.push('within', 'within')
  if (random.chance(0.2)) ways.push('full')
  if (random.chance(0.3)) ways.push('lost')
  if (random.chance(0.3)) ways.push('old')
  const faults: Fault[] = []
  const staysDown: ReplicaId[] = []
  // Each of `spare` places holds one replica at a time, so no more than that are down together.
  const victims = random.shuffle(replicaIds(n).filter((id) => !everTraitors.includes(id)))
  const perPlace = Math.max(1, Math.floor(victims.length / spare))
  for (let place = 0; place < spare; place++) {
    const own = victims.slice(place * perPlace, (place + 1) * perPlace)
    let atMs = random.between(CRASH_FROM_MS, 300)
    while (atMs < calmAtMs - 10) {
      const replica = random.pick(own)
      const upAtMs = atMs + random.pick([0, random.between(1, 30), random.between(30, 500)])
      const fall = { ...downFall(random, replica, ways), atMs } as Fault
      if (fall.kind === 'old-disk') {
        faults.push({ kind: 'copy-disk', replica, atMs: random.between(CRASH_FROM_MS, atMs) })
      }
      faults.push(fall)
      // The calm starts the replicas that are down.
      if (upAtMs < calmAtMs) faults.push({ kind: 'restart', replica, atMs: upAtMs })
      else if (random.chance(0.5)) staysDown.push(replica)
      atMs = upAtMs + random.between(1, 400)
    }
  }
  return { faults, staysDown }
}

/** Draws repeated faults that begin at a replica and end a while later, at any number of replicas at once. */
function drawSpells(
  random: Random,
  { n, calmAtMs }: FaultContext,
  spell: {
    readonly begin: 'pause' | 'slow-disk'
    readonly end: 'resume' | 'fast-disk'
    readonly lengthMs: readonly [number, number]
  },
): readonly Fault[] {
  if (random.chance(0.75)) return []
  const faults: Fault[] = []
  for (let count = random.between(1, n); count > 0; count--) {
    const replica = random.pick(replicaIds(n))
    const atMs = random.between(CRASH_FROM_MS, calmAtMs - 1)
    const untilMs = atMs + random.between(...spell.lengthMs)
    faults.push({ kind: spell.begin, replica, atMs })
    if (untilMs < calmAtMs) faults.push({ kind: spell.end, replica, atMs: untilMs })
  }
  return faults
}

function drawClockSteps(random: Random, { n, calmAtMs }: FaultContext): readonly Fault[] {
  if (random.chance(0.8)) return []
  return Array.from({ length: random.between(1, n) }, () => ({
    kind: 'set-clock',
    replica: random.pick(replicaIds(n)),
    error: { skewMs: random.between(-STEP_MS_MAX, STEP_MS_MAX), rate: random.pick([0.97, 1, 1.03]) },
    atMs: random.between(CRASH_FROM_MS, calmAtMs - 1),
  }))
}

function drawRottenPages(random: Random, { n, calmAtMs }: FaultContext): readonly Fault[] {
  if (random.chance(0.9)) return []
  return [
    {
      kind: 'rot-pages',
      replica: random.pick(replicaIds(n)),
      share: random.pick([0.05, 0.5, 1]),
      atMs: random.between(CRASH_FROM_MS, calmAtMs - 1),
    },
  ]
}
