/** The protocols that stand beside the generals for comparison: nobody lies in them. */
import { describe, expect, test } from 'vitest'
import { paxos } from '../../src/classics/agreement/paxos.ts'
import { raftRound } from '../../src/classics/agreement/raft.ts'
import { atomicCommit } from '../../src/classics/commit/atomic-commit.ts'
import { runMessages } from '../../src/simulator/classics/run-messages.ts'
import { draw, everyInput, fault, outcomeOf } from './generals-kit.ts'

describe.each([2, 3] as const)('commit in %i phases', (phases) => {
  test.each([true, false])(
    'commits when all vote for it and else aborts, acknowledged %s',
    (isAcknowledged) => {
      const algorithm = atomicCommit({ n: 4, phases, isAcknowledged })
      for (const values of everyInput(4)) {
        for (let seed = 1; seed <= 5; seed++) {
          const run = runMessages({ algorithm, values, schedule: draw(seed, 4, 0).schedule })
          expect(fault(outcomeOf(run, []), values.includes(0) ? 0 : 1)).toBeNull()
        }
      }
    },
  )

  test('waits forever for one that is down: it blocks where consensus does not', () => {
    const algorithm = atomicCommit({ n: 4, phases, isAcknowledged: false })
    const run = runMessages({ algorithm, values: [1, 1, 1, 1], crashes: new Map([[3, 0]]) })
    expect(outcomeOf(run, [3])).toEqual([null, null, null, undefined])
  })
})

describe('Paxos', () => {
  test('several proposers, in any order, choose at most one value, and one that somebody proposed', () => {
    const chosen = new Set<number>()
    for (let seed = 1; seed <= 300; seed++) {
      const { schedule } = draw(seed, 5, 0)
      const algorithm = paxos({ n: 5, proposers: [0, 3, 4] })
      const run = runMessages({ algorithm, values: [10, 0, 0, 13, 14], schedule })
      const values = new Set(run.decisions.flatMap((decided) => (decided === null ? [] : [decided.value])))
      expect(values.size).toBeLessThanOrEqual(1)
      for (const value of values) chosen.add(value)
    }
    // Each of them gets through at times; a proposer that was overtaken has to give way.
    expect([...chosen].sort()).toEqual([10, 13, 14])
  })

  test('a minority that is down changes nothing, a majority stops it', () => {
    const algorithm = paxos({ n: 5 })
    const down = (...ids: readonly number[]) => new Map(ids.map((id) => [id, 0]))
    const values = [1, 0, 0, 0, 0]
    expect(outcomeOf(runMessages({ algorithm, values, crashes: down(3, 4) }), [3, 4]).slice(0, 3)).toEqual([
      1, 1, 1,
    ])
    expect(runMessages({ algorithm, values, crashes: down(2, 3, 4) }).decisions).toEqual(Array(5).fill(null))
  })
})

describe('Raft', () => {
  test('at most one candidate is elected in a term', () => {
    const winners = new Set<number>()
    for (let seed = 1; seed <= 200; seed++) {
      const { schedule } = draw(seed, 5, 0)
      const algorithm = raftRound({ n: 5, what: 'election', askers: [0, 1] })
      const { decisions } = runMessages({ algorithm, values: [0, 0, 0, 0, 0], schedule })
      const elected = decisions.flatMap((decided) => (decided === null ? [] : [decided.value]))
      expect(elected.length).toBeLessThanOrEqual(1)
      for (const winner of elected) winners.add(winner)
    }
    expect(winners).toEqual(new Set([0, 1]))
  })

  test('an entry is committed with a majority, and not without', () => {
    const algorithm = raftRound({ n: 5, what: 'replication' })
    const committed = (...down: readonly number[]) =>
      runMessages({ algorithm, values: [7, 0, 0, 0, 0], crashes: new Map(down.map((id) => [id, 0])) })
        .decisions[0]?.value
    expect(committed(3, 4)).toBe(7)
    expect(committed(2, 3, 4)).toBeUndefined()
  })
})
