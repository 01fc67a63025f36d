/** Principals and rights in the load: a client that is an administrator, and what the others may then do. */
import { describe, expect, it } from 'vitest'
import { drawSwarmPlan, SWARM, simulateSwarm } from '../../attacks/run/simulated/swarm.ts'
import { toHex, utf8 } from '../../src/base/bytes.ts'
import { type ClientId, toMilliseconds } from '../../src/base/ids.ts'
import { createRandom } from '../../src/base/random.ts'
import type { SeenExecution } from '../../src/simulator/checkers/checker.ts'
import { SituationObserver } from '../../src/simulator/coverage/situation-observer.ts'
import { ModelledStore } from '../../src/simulator/model/modelled-store.ts'
import type { Plan, WorkloadPlan } from '../../src/simulator/plan/plan.ts'
import { decodePlan, encodePlan } from '../../src/simulator/plan/plan-file.ts'
import { shrink } from '../../src/simulator/runs/shrink.ts'
import { Workload } from '../../src/simulator/world/workload.ts'
import { OPERATION_CODES } from '../../src/store/operations.ts'
import { encodeOperations } from '../../src/store/operations-writer.ts'
import { readResults } from '../../src/store/results.ts'
import { upTo } from '../kit/depth.ts'
import { Driver, request } from '../store/harness.ts'

const CLIENTS = [1, 2, 3].map((number) => new Uint8Array(32).fill(number))
const idOf = (key: Uint8Array): ClientId => toHex(key) as ClientId
const FOUNDERS = CLIENTS.slice(0, 1).map((key) => ({ id: idOf(key), name: utf8('client-0') }))
const PLAN: WorkloadPlan = {
  ...{ clients: 3, requestsPerClient: 40, openMax: 1, burstMax: 1, pauseMsMax: 1 },
  ...{ operationsMax: 8, keys: 4, isWhole: true, administrator: 0 },
}

/** Lets the clients of a load ask a store in turn. Returns the statuses of each client's operations, by their kinds. */
function load(seed: number): readonly Map<string, string[]>[] {
  const random = createRandom(seed)
  const driver = new Driver({ clients: CLIENTS.map(idOf), administrators: FOUNDERS })
  const modelled = new ModelledStore(FOUNDERS)
  const known = { clients: CLIENTS, all: CLIENTS }
  const statuses = CLIENTS.map(() => new Map<string, string[]>())
  const workloads = CLIENTS.map(
    (self, index) =>
      new Workload(index, random.fork(), PLAN, { ...known, self, isAdministrator: index === 0 }),
  )
  for (let batch = 1; batch <= 120; batch++) {
    driver.now += random.pick([0, 10, 400])
    const index = random.below(CLIENTS.length)
    const operations = workloads[index]?.draw(batch) ?? []
    const requests = [request(idOf(CLIENTS[index] as Uint8Array), batch, encodeOperations(operations))]
    const outcomes = driver.batch(requests)
    const { store, now } = driver
    const seen = {
      ...{ replica: 0, incarnation: 1, isRestored: false, sequence: store.lastSequence },
      ...{ batch: { time: toMilliseconds(now), requests }, outcomes, application: store },
    }
    expect(modelled.onExecuted(seen as unknown as SeenExecution)?.fault, `seed ${seed}`).toBeNull()
    const results = outcomes[0]?.results ?? new Uint8Array(0)
    workloads[index]?.learn(operations, results)
    for (const [at, { kind }] of operations.entries()) {
      const of = statuses[index]?.get(kind) ?? []
      statuses[index]?.set(kind, of)
      of.push(readResults(results)?.[at]?.status ?? 'none')
    }
  }
  return statuses
}

describe('the load of a cluster with an administrator', () => {
  const loads = upTo(8).map(load)

  it('has every operation on access', () => {
    const kinds = new Set(loads.flatMap(([administrator]) => [...(administrator?.keys() ?? [])]))
    const onAccess = Object.keys(OPERATION_CODES).filter((kind) => kind.startsWith('access-'))
    expect(onAccess).toHaveLength(6)
    expect(onAccess.filter((kind) => !kinds.has(kind))).toEqual([])
  })

  it('is mostly allowed to the others, and denied in part', () => {
    const all = loads.flatMap(([, ...others]) => others.flatMap((each) => [...each.values()].flat()))
    const denied = all.filter((status) => status === 'denied').length
    expect(denied / all.length).toBeGreaterThan(0.02)
    expect(denied / all.length).toBeLessThan(0.35)
  })
})

const withAdministrator = (administrator: number): Plan => {
  const plan = drawSwarmPlan(1, 4)
  return { ...plan, workload: { ...plan.workload, clients: 3, isWhole: true, administrator } }
}

describe('a plan with an administrator', () => {
  it('is drawn for a part of those with every operation, and for no other', () => {
    const plans = upTo(200).map((seed) => drawSwarmPlan(seed, 4).workload)
    const share = plans.filter(({ administrator }) => administrator !== undefined).length / plans.length
    expect(share).toBeGreaterThan(0.1)
    expect(share).toBeLessThan(0.4)
    for (const { isWhole, administrator, clients } of plans) {
      if (administrator === undefined) continue
      expect(isWhole).toBe(true)
      expect(administrator).toBeLessThan(clients)
    }
  })

  it('is the same from its file, which must name a client', () => {
    const plan = withAdministrator(2)
    expect(decodePlan(encodePlan(plan), SWARM)).toEqual(plan)
    expect(decodePlan(encodePlan(withAdministrator(3)), SWARM)).toBe(
      '"administrator" of "workload" must be the number of a client.',
    )
  })

  it('is shrunk to one without, or to fewer clients of which one still is', () => {
    expect(shrink(withAdministrator(2), () => true, 100).plan.workload.administrator).toBeUndefined()
    const needed = ({ workload }: Plan): boolean => workload.administrator !== undefined
    const { workload } = shrink(withAdministrator(2), needed, 100).plan
    expect(workload).toMatchObject({ clients: 1, administrator: 0 })
  })

  it('comes to denied operations and to clients that act for others', () => {
    const observers: SituationObserver[] = []
    const observe = (n: number): SituationObserver => {
      const observer = new SituationObserver(n)
      observers.push(observer)
      return observer
    }
    expect(simulateSwarm({ seed: 4, n: 4, observe }).verdict).toBe('held')
    const reached = observers[0]?.reached ?? new Set()
    for (const name of ['an operation is denied', 'an operation is executed for another principal'])
      expect([name, reached.has(name)]).toEqual([name, true])
  })
})
