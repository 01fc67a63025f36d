/**
 * Makes a plan that fails smaller, as long as it fails the same way: fewer faults, a calmer network, exact clocks, a
 * quick disk, fewer clients and requests, an earlier calm. Delta debugging (Zeller and Hildebrandt, 2002) on the
 * faults; the rest one by one, again and again until nothing more can go or the tries are used up.
 */
import type { Fault, Plan } from '../plan/plan.ts'
import { EXACT_CLOCK } from '../world/virtual-clock.ts'

export interface Shrunk {
  readonly plan: Plan
  /** Plans that were run. */
  readonly tries: number
}

/** `fails` runs a plan and says whether it fails as the first one did. */
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
  /** Plans that were tried, as text: none is run twice. */
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

  /** Takes the plan if it fails too. */
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

/** Takes chunks of faults away, half of them first, single ones at the end. */
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

const withWorkload = (plan: Plan, part: Partial<Plan['workload']>): Plan => ({
  ...plan,
  workload: { ...plan.workload, ...part },
})

const withNetwork = (plan: Plan, part: Partial<Plan['network']>): Plan => ({
  ...plan,
  network: { ...plan.network, ...part },
})

const SIMPLIFICATIONS: readonly ((plan: Plan) => Plan)[] = [
  (plan) => ({ ...plan, suite: 'simulated' }),
  (plan) => withNetwork(plan, { loss: 0 }),
  (plan) => withNetwork(plan, { duplication: 0 }),
  (plan) => withNetwork(plan, { reordering: 0 }),
  (plan) => withNetwork(plan, { delayMs: [1, 2] }),
  (plan) => ({ ...plan, clocks: plan.clocks.map(() => ({ storm: EXACT_CLOCK, calm: EXACT_CLOCK })) }),
  (plan) => ({ ...plan, disk: { syncMs: [0.5, 1], readMs: 0, isTornAtCrash: false } }),
  (plan) => ({ ...plan, staysDown: [] }),
  (plan) => withWorkload(plan, { operationsMax: 1, keys: 2 }),
  (plan) => withWorkload(plan, { openMax: 1, burstMax: 1 }),
  // An earlier calm, if nothing happens until then.
  (plan) => ({ ...plan, calmAtMs: Math.max(30, ...plan.faults.map(({ atMs }) => atMs + 1)) }),
]
