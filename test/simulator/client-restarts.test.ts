/** Clients whose process starts anew, with the counter of their key and without: rules 1.7 and 1.8 in whole runs. */
import { describe, expect, test } from 'vitest'
import type { AuthenticationMode } from '../../src/messages/cluster.ts'
import { drawPlan } from '../../src/simulator/plan/draw-plan.ts'
import { type Plan, withoutFaults } from '../../src/simulator/plan/plan.ts'
import { simulate } from '../../src/simulator/runs/simulate.ts'
import type { HistoryEntry } from '../../src/simulator/world/virtual-client.ts'
import { CALM_NETWORK } from '../../src/simulator/world/virtual-network.ts'
import { OPERATION_CODES } from '../../src/store/operations.ts'
import { interpretResult, readResults } from '../../src/store/results.ts'
import { deeper } from '../kit/depth.ts'

/** Two clients that ask much and for the same, and start anew so often. */
function planWith(seed: number, losesCounter: boolean, mode: 'signed' | 'oral' = 'signed'): Plan {
  // Who shares a key meets its own ordered requests; a read that is not ordered uses none of its timestamps.
  const { reads: _, ...plan } = withoutFaults(drawPlan(seed, 4, mode))
  const faults = [150, 300, 450].flatMap((atMs) =>
    [0, 1].map((client) => ({ kind: 'restart-client', client, losesCounter, atMs: atMs + client }) as const),
  )
  const workload = {
    ...{ clients: 2, requestsPerClient: 40, openMax: 2, burstMax: 4, pauseMsMax: 20 },
    ...{ operationsMax: 1, keys: 1 },
  }
  return { ...plan, suite: 'simulated', network: CALM_NETWORK, workload, faults, calmAtMs: 600 }
}

/** A client reserves timestamps alike in both modes, so `npm test` runs one of them. */
describe.each(deeper<readonly AuthenticationMode[]>(['signed'], ['signed', 'oral']))('%s', (mode) => {
  test.each([
    [
      'PBFT-1.8 a client that starts without its counter gets answers to its own requests only, and none is refused',
      true,
    ],
    ['PBFT-1.8 a client that starts with its counter goes on above all that it had reserved', false],
  ])('%s', (_, losesCounter) => {
    for (const seed of [1]) {
      const { verdict, explanation, history } = simulate({ seed, plan: planWith(seed, losesCounter, mode) })
      expect([verdict, ...explanation]).toEqual(['held'])
      expect(history.filter(({ refusal }) => refusal !== null)).toEqual([])
      for (const client of [0, 1]) {
        const own = history.filter((entry) => entry.client === client)
        // Without it, what its former self had asked and nobody had executed may be asked for under the same timestamp.
        if (!losesCounter) expect(new Set(own.map(({ timestamp }) => timestamp)).size).toBe(own.length)
        // Nobody waits for what was open when the process ended.
        expect(own.filter(({ results }) => results === null).length).toBeLessThanOrEqual(3 * 2)
      }
    }
  })
})

/** The fate of puts on a key that must not exist: the revisions in which they created it, and how many were refused. */
function creationsIn(history: readonly HistoryEntry[]) {
  const created: number[] = []
  let moved = 0
  for (const { operations, results } of history) {
    const [operation] = operations
    if (operation?.kind !== 'put' || operation.ifRevision !== 0 || results === null) continue
    const [framed] = readResults(results) ?? []
    const result = framed === undefined ? null : interpretResult(OPERATION_CODES.put, framed)
    if (result?.status === 'ok' && 'createRevision' in result) {
      // It found no key: it is the first version of one.
      expect(result).toMatchObject({ version: 1, modRevision: result.createRevision })
      created.push(result.createRevision)
    } else {
      // Somebody else had created it.
      expect(result).toMatchObject({ status: 'revision-moved' })
      expect((result as { readonly modRevision: number }).modRevision).toBeGreaterThan(0)
      moved++
    }
  }
  return { created, moved }
}

/** A second process begins with the first client's key, early and with its own counter, so both use the same timestamps. */
function twinPlan(seed: number, mode: 'signed' | 'oral', copiesCounter: boolean): Plan {
  const plan = planWith(seed, false, mode)
  const twin = (atMs: number) =>
    ({ kind: 'twin-client', client: 0, copiesCounter, atMs, lastsMs: 250 }) as const
  const restart = { kind: 'restart-client', client: 0, losesCounter: !copiesCounter, atMs: 200 } as const
  return { ...plan, faults: [twin(1), restart, twin(300)] }
}

/** A copied counter is the harder one: both use the same timestamps. */
const COPIES_COUNTER = deeper([true], [true, false])

describe.each(deeper<readonly AuthenticationMode[]>(['oral'], ['signed', 'oral']))(
  'two living processes with one key, %s',
  (mode) => {
    test.each(COPIES_COUNTER)(
      'PBFT-1.8 neither gets what the other asked for, and the load goes on when one has ended, copied counter %s',
      (copiesCounter) => {
        const contended = { created: 0, moved: 0 }
        for (const seed of deeper([2], [1, 2])) {
          const plan = twinPlan(seed, mode, copiesCounter)
          const { verdict, explanation, history } = simulate({ seed, plan })
          expect([verdict, ...explanation]).toEqual(['held'])
          const twins = history.filter(({ client }) => client >= plan.workload.clients)
          expect(twins.length).toBeGreaterThan(0)
          const ofTheKey = history.filter(({ client }) => client === 0 || client >= plan.workload.clients)
          // Only who shares the key runs into somebody.
          for (const refused of history.filter(({ refusal }) => refusal !== null))
            expect(ofTheKey).toContain(refused)
          // Of those that want to be the first to write a key, exactly one wins, each time that it does not exist.
          const { created, moved } = creationsIn(history)
          expect(new Set(created).size).toBe(created.length)
          contended.created += created.length
          contended.moved += moved
        }
        expect(contended.created).toBeGreaterThan(0)
        expect(contended.moved).toBeGreaterThan(0)
      },
    )
  },
)
