/** A client that is no part of the load and never stops: a run ends all the same, and its states are compared. */
import { expect, test } from 'vitest'
import type { ClientBehaviour } from '../../attacks/language/client-behaviour.ts'
import { HostileClient } from '../../attacks/language/hostile-client.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { createRandom } from '../../src/base/random.ts'
import { drawPlan } from '../../src/simulator/plan/draw-plan.ts'
import { withoutFaults } from '../../src/simulator/plan/plan.ts'
import { type DetailedResult, type SimulationOptions, simulate } from '../../src/simulator/runs/simulate.ts'
import type { ExtraClientHost } from '../../src/simulator/world/extra-clients.ts'
import { encodeOperations } from '../../src/store/operations-writer.ts'
import { deeper } from '../kit/depth.ts'
import { PLANTED_VIOLATIONS, type PlantedViolation } from './sabotages.ts'

const SEEDS = deeper(1, 4)
/** So much that carrying it out takes several turns. */
const OPERATIONS = encodeOperations(
  Array.from({ length: 60 }, (_, index) => ({
    kind: 'put',
    key: utf8(`busy ${index}`),
    value: utf8('value'),
  })),
)

/** Asks for something large all the time. */
const busy = (): ClientBehaviour => {
  let timestamp = 0
  return {
    tick: ({ link, request }) => link.sendToAll(request({ timestamp: ++timestamp, operations: OPERATIONS })),
  }
}

function run(seed: number, options: Partial<SimulationOptions> = {}): DetailedResult {
  const drawn = withoutFaults(drawPlan(seed, 4))
  const plan = {
    ...drawn,
    calmAtMs: 200,
    workload: { ...drawn.workload, requestsPerClient: 8, pauseMsMax: 60 },
  }
  const arrive = (host: ExtraClientHost): void => {
    new HostileClient({
      ...{ ...host, behaviour: busy(), signers: host.signers as never, random: createRandom(seed) },
      connect: (security) => host.connect(security),
      board: { traitors: [], notes: new Map() },
      isOn: () => true,
      onAct: () => {},
      onSigned: ({ client, timestamp, digest, operations }) =>
        host.signed({ client, timestamp, requestDigest: digest, operations }),
    })
  }
  return simulate({ seed, plan, extraClients: { admitted: 1, arrive }, ...options })
}

const seeds = Array.from({ length: SEEDS }, (_, index) => index + 1)

test.each(seeds)('seed %i settles, and holds', (seed) => {
  const result = run(seed)
  expect(result.explanation).toEqual([])
  expect(result.verdict).toBe('held')
})

test('a replica with another state is seen, though no replica is ever at rest', () => {
  const { sabotage } = PLANTED_VIOLATIONS.find(({ name }) => name === 'total order') as PlantedViolation
  // Other states are compared at every sixteenth number only.
  const violations = seeds.map((seed) => run(seed, { sabotage, invariants: ['total order'] }).violation)
  expect(violations.map((violation) => violation?.name)).toEqual(seeds.map(() => 'total order'))
})
