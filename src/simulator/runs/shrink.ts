/**
 * Shrinks a failing plan as long as it fails in the same way: fewer faults, a calmer network, exact clocks, a fast
 * disk, fewer clients and requests, an earlier calm. It applies delta debugging (Zeller and Hildebrandt, 2002) to the
 * faults, and tries the other changes one by one, repeatedly until nothing can be removed or the tries are used up.
 */
import type { Fault, Plan } from '../plan/plan.ts'
import { EXACT_CLOCK } from '../world/virtual-clock.ts'

export interface Shrunk {
  readonly plan: Plan
  /** The number of plans that were run. */
  readonly tries: number
}

/** `fails` runs a plan and returns true if it fails like the first one. */
export function shrink(first: Plan, fails: (plan: Plan) => boolean, triesMax: number): Shrunk {
  const search = new Search(first, fails, triesMax)
  for (let before: Plan | null = null; before !== search.plan && !search.isSpent; ) {
    before = search.plan
    withoutSomeFaults(search)
    for (const simpler of SIMPLIFICATIONS) search.try(simpler(search.plan))
    fewerRequests(search)
  }
  return { plan: search.plan, tries: search.tries }
}

class Search {
  readonly #fails: (plan: Plan) => boolean
  readonly #triesMax: number
  /** The tried plans as text, so that none is run twice. */
  readonly #tried = new Set<string>()
  plan: Plan
  tries = 0

  constructor(plan: Plan, fails: (plan: Plan) => boolean, triesMax: number) {
    this.plan = plan
    this.#fails = fails
    this.#triesMax = triesMax
    this.#tried.add(JSON.stringify(plan))
  }

  get isSpent(): boolean {
    return this.tries >= this.#triesMax
  }

  /** Keeps the plan if it fails too. */
  try(plan: Plan): boolean {
    const text = JSON.stringify(plan)
    if (this.isSpent || this.#tried.has(text)) return false
    this.#tried.add(text)
    this.tries++
    if (!this.#fails(plan)) return false
    this.plan = plan
    return true
  }
}

/** Removes chunks of faults, first halves, finally single faults. */
function withoutSomeFaults(search: Search): void {
  for (let size = Math.ceil(search.plan.faults.length / 2); size >= 1 && !search.isSpent; ) {
    let from = 0
    while (from < search.plan.faults.length) {
      const { plan } = search
      const faults: readonly Fault[] = [...plan.faults.slice(0, from), ...plan.faults.slice(from + size)]
      if (!search.try({ ...plan, faults })) from += size
    }
    size = size === 1 ? 0 : Math.ceil(size / 2)
  }
}

function fewerRequests(search: Search): void {
  const { clients, requestsPerClient } = search.plan.workload
  const sizes = [1, 2, 4, 8, 16].filter((size) => size < requestsPerClient)
  for (const size of sizes) if (search.try(withWorkload(search.plan, { requestsPerClient: size }))) break
  for (let fewer = 1; fewer < clients; fewer++) {
    if (search.try(withWorkload(search.plan, { clients: fewer }))) break
  }
}

function withWorkload(plan: Plan, part: Partial<Plan['workload']>): Plan {
  const workload = { ...plan.workload, ...part }
  const { administrator, clients } = workload
  // With fewer clients, another one is the administrator.
  if (administrator === undefined || administrator < clients) return { ...plan, workload }
  return { ...plan, workload: { ...workload, administrator: clients - 1 } }
}

function withoutAdministrator(plan: Plan): Plan {
  const { administrator: _, ...workload } = plan.workload
  return { ...plan, workload }
}

const withNetwork = (plan: Plan, part: Partial<Plan['network']>): Plan => ({
  ...plan,
  network: { ...plan.network, ...part },
})

const SIMPLIFICATIONS: readonly ((plan: Plan) => Plan)[] = [
  (plan) => ({ ...plan, suite: 'simulated' }),
  withoutAdministrator,
  (plan) => withNetwork(plan, { loss: 0 }),
  (plan) => withNetwork(plan, { duplication: 0 }),
  (plan) => withNetwork(plan, { reordering: 0 }),
  (plan) => withNetwork(plan, { delayMs: [1, 2] }),
  (plan) => ({ ...plan, clocks: plan.clocks.map(() => ({ storm: EXACT_CLOCK, calm: EXACT_CLOCK })) }),
  (plan) => ({ ...plan, disk: { syncMs: [0.5, 1], readMs: 0, isTornAtCrash: false } }),
  (plan) => ({ ...plan, staysDown: [] }),
  (plan) => withWorkload(plan, { operationsMax: 1, keys: 2 }),
  (plan) => withWorkload(plan, { openMax: 1, burstMax: 1 }),
  // Tries an earlier calm, directly after the last fault.
  (plan) => ({ ...plan, calmAtMs: Math.max(30, ...plan.faults.map(({ atMs }) => atMs + 1)) }),
]
