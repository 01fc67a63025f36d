/** All runs of classical algorithms within bounds that are too large for `npm test`. */
import { expect, test } from 'vitest'
import type { AsynchronousAlgorithm, TypedMessage } from '../../src/classics/automaton.ts'
import { threePhaseCommit } from '../../src/classics/commit/three-phase.ts'
import { twoPhaseCommit } from '../../src/classics/commit/two-phase.ts'
import { multiPaxos } from '../../src/classics/consensus/multi-paxos.ts'
import { raft } from '../../src/classics/consensus/raft.ts'
import { majorityRegister } from '../../src/classics/quorums/majority-register.ts'
import { exploreOrders } from '../../src/simulator/classics/explore-orders.ts'
import { atomicity, inTimeBounds } from '../../src/simulator/classics/gallery/commit.ts'
import { oneLog, onlyThroughThird } from '../../src/simulator/classics/gallery/consensus.ts'
import type { Judge } from '../../src/simulator/classics/judge.ts'
import { register } from '../../src/simulator/classics/register-judge.ts'
import type { Setting } from '../../src/simulator/classics/world.ts'

/** Walks all runs; returns their number. */
function runsOf<State, Message extends TypedMessage>(
  setting: Setting<State, Message>,
  judge: Judge<unknown>,
  isUnordered = true,
): bigint {
  const { violation, isComplete, runs } = exploreOrders({ setting, judge, isUnordered, worldsMax: 400_000 })
  expect(violation?.property ?? null).toBeNull()
  expect(isComplete).toBe(true)
  return runs
}

const yes = (n: number): readonly boolean[] => Array.from({ length: n }, () => true)

test('two-phase commit, n = 3: timeouts at any moment, a crash at any place, and a return', () => {
  const algorithm = twoPhaseCommit({ n: 3, votes: yes(3), asks: 1 })
  const faults = { crashes: 1, restarts: 1 }
  expect(runsOf({ algorithm, faults }, atomicity(yes(3), true))).toBe(4_170_079_563_235n)
})

test('three-phase commit, n = 4: two crashes at any place', () => {
  const algorithm = threePhaseCommit({ n: 4, votes: yes(4) })
  const setting = inTimeBounds({ algorithm, faults: { crashes: 2 } })
  expect(runsOf(setting, atomicity(yes(4)))).toBe(113_435_032n)
})

test('a register on majorities, n = 3: a write and a read at the same time', () => {
  const algorithm = majorityRegister({ n: 3, operations: [[{ write: 'v' }], ['read'], []] })
  expect(runsOf({ algorithm }, register({ isAvailable: true }), false)).toBe(4_375_800_000n)
})

test.each<[string, AsynchronousAlgorithm<never, never>]>([
  ['Paxos', multiPaxos({ n: 3, commands: [['a'], ['b'], []], ballots: [2, 2, 0] }) as never],
  ['Raft', raft({ n: 3, commands: ['a', 'b', null], elections: [2, 2, 0] }) as never],
])('%s, n = 3: two rivals that reach only the third process, two attempts each', (_name, algorithm) => {
  expect(runsOf({ algorithm, isCut: onlyThroughThird }, oneLog)).toBeGreaterThan(100_000n)
})
