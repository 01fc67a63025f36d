/** A period in the middle of a run without faults, which shows an idle or undisturbed cluster before faults return. */
import type { Random } from '../../base/random.ts'
import { REQUEST_TIMEOUT_TICKS } from '../../pbft/parameters.ts'
import { TICK_MS } from '../../runtime/tick.ts'
import { type Fault, inOrder, type Plan } from './plan.ts'

/**
 * The share of plans that have one. They cost more than others, because the period is longer than the rest of the run.
 */
const QUIET_SHARE = 0.1
/** The initial T, the timer that a request starts, and the length of a quiet phase in multiples of it. */
const TIMER_MS = REQUEST_TIMEOUT_TICKS * TICK_MS
const TIMERS = [3, 6] as const
/** Some of a plan's faults happen before, and some after. */
const MARGIN_MS = 100

/** Clients are silent between the two faults if the first one says so. */
export interface QuietPhase {
  readonly fromMs: number
  readonly untilMs: number
  readonly isIdle: boolean
}

/** Adds a quiet phase to some plans. */
export function withQuietPhase(random: Random, plan: Plan): Plan {
  if (!random.chance(QUIET_SHARE)) return plan
  const { calmAtMs, faults, workload } = plan
  const fromMs = random.between(MARGIN_MS, calmAtMs - MARGIN_MS)
  const lengthMs = random.between(TIMERS[0] * TIMER_MS, TIMERS[1] * TIMER_MS)
  const isIdle = random.chance(0.5)
  const moved = faults.map((fault) =>
    fault.atMs < fromMs ? fault : { ...fault, atMs: fault.atMs + lengthMs },
  )
  const ends: readonly Fault[] = [
    { kind: 'lull', isIdle, atMs: fromMs },
    { kind: 'storm', atMs: fromMs + lengthMs },
  ]
  // Active clients spread their requests over the quiet phase too.
  const stretch = isIdle ? 1 : (calmAtMs + lengthMs) / calmAtMs
  return {
    ...plan,
    faults: inOrder([...ends, ...moved]),
    workload: { ...workload, pauseMsMax: Math.ceil(workload.pauseMsMax * stretch) },
    calmAtMs: calmAtMs + lengthMs,
  }
}

/** The first quiet phase of a plan; it lasts until the calm if nothing ends it. */
export function quietPhaseOf({ faults, calmAtMs }: Plan): QuietPhase | null {
  const lull = faults.find(({ kind }) => kind === 'lull')
  if (lull?.kind !== 'lull') return null
  const storm = faults.find(({ kind, atMs }) => kind === 'storm' && atMs >= lull.atMs)
  return { fromMs: lull.atMs, untilMs: storm?.atMs ?? calmAtMs, isIdle: lull.isIdle }
}
