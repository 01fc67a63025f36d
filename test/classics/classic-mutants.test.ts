/** A mistake in each algorithm of commitment, consensus, quorums and secrets is found when all runs are walked. */
import { expect, test } from 'vitest'
import type { AsynchronousAlgorithm, TypedMessage } from '../../src/classics/automaton.ts'
import type { RegisterMessage, RegisterState } from '../../src/classics/quorums/masking-register.ts'
import { maskingThreshold } from '../../src/classics/quorums/quorum-systems.ts'
import { SMALL_GROUP } from '../../src/classics/secrets/shamir.ts'
import type { SharingMessage, SharingState } from '../../src/classics/secrets/verified-sharing.ts'
import { exploreOrders } from '../../src/simulator/classics/explore-orders.ts'
import { atomicity, inTimeBounds } from '../../src/simulator/classics/gallery/commit.ts'
import { oneLog, onlyThroughThird } from '../../src/simulator/classics/gallery/consensus.ts'
import { lastValue } from '../../src/simulator/classics/gallery/quorums.ts'
import { reconstructed } from '../../src/simulator/classics/gallery/secrets.ts'
import type { Judge } from '../../src/simulator/classics/judge.ts'
import { withLyingHolders, withLyingServers } from '../../src/simulator/classics/lying-server.ts'
import { register } from '../../src/simulator/classics/register-judge.ts'
import type { Setting } from '../../src/simulator/classics/world.ts'
import { importMutated } from './mutated-module.ts'

type Any = AsynchronousAlgorithm<unknown, TypedMessage>
type Factory = (options: object) => Any

interface Mutant {
  readonly what: string
  readonly file: string
  readonly make: string
  readonly search: string
  readonly replacement: string
  readonly options: object
  readonly setting?: Omit<Setting<unknown, TypedMessage>, 'algorithm'>
  readonly wrap?: (algorithm: Any) => Any
  readonly isInTimeBounds?: true
  readonly isOrdered?: true
  readonly judge: Judge<unknown>
  readonly found: string
}

const THREE_YES = { n: 3, votes: [true, true, true], asks: 1 }
const PAXOS = {
  file: 'consensus/multi-paxos',
  make: 'multiPaxos',
  options: { n: 3, commands: [['a'], ['b'], []], ballots: [1, 1, 0] },
  setting: { isCut: onlyThroughThird },
  judge: oneLog,
  found: 'agreement',
} as const
const RAFT = {
  file: 'consensus/raft',
  make: 'raft',
  options: { n: 3, commands: ['a', 'b', null], elections: [1, 1, 0] },
  setting: { isCut: onlyThroughThird },
  judge: oneLog,
} as const

const MUTANTS: readonly Mutant[] = [
  {
    what: 'two-phase commit: a participant that voted yes aborts when its patience ends',
    file: 'commit/two-phase',
    make: 'twoPhaseCommit',
    search: "state.phase === 'ready' ? this.#ask(state)",
    replacement: 'false ? this.#ask(state)',
    options: THREE_YES,
    judge: atomicity(THREE_YES.votes, true),
    found: 'agreement',
  },
  {
    what: 'two-phase commit: one yes is enough',
    file: 'commit/two-phase',
    make: 'twoPhaseCommit',
    search: 'next.yes.length === this.#n - 1',
    replacement: 'next.yes.length > 0',
    options: { ...THREE_YES, votes: [true, true, false] },
    judge: atomicity([true, true, false], true),
    found: 'validity',
  },
  {
    what: 'three-phase commit: a new coordinator aborts without moving the others to its state',
    file: 'commit/three-phase',
    make: 'threePhaseCommit',
    search: 'return this.#align(next);',
    replacement: "return this.#decide(next, next.phase === 'prepared' ? 'commit' : 'abort');",
    options: { n: 3, votes: [true, true, true] },
    setting: { faults: { crashes: 2 } },
    isInTimeBounds: true,
    judge: atomicity([true, true, true]),
    found: 'agreement',
  },
  {
    ...PAXOS,
    what: 'Paxos: a proposer ignores what was accepted before',
    search: 'const known = Array.from({ length: slots }',
    replacement: 'const known = Array.from({ length: 0 * slots }',
  },
  {
    ...PAXOS,
    what: 'Paxos: an acceptor accepts a lower ballot than it promised',
    search: 'if (ballot < state.promised)',
    replacement: 'if (false)',
  },
  {
    ...PAXOS,
    what: 'Paxos: an acceptor forgets in a crash what it accepted',
    search: 'state: { ...state, ballot: 0, promises: []',
    replacement: 'state: { ...state, accepted: [], ballot: 0, promises: []',
    setting: { isCut: onlyThroughThird, faults: { crashes: 1, restarts: 1, crashable: [2] } },
  },
  {
    ...RAFT,
    what: 'Raft: a process votes twice in a term',
    search: '(state.votedFor === null || state.votedFor === from)',
    replacement: 'true',
    found: 'one leader',
  },
  {
    ...RAFT,
    what: 'Raft: a process forgets in a crash for whom it voted',
    search: "state: { ...state, role: 'follower', votes: [] }",
    replacement: "state: { ...state, votedFor: null, role: 'follower', votes: [] }",
    setting: { isCut: onlyThroughThird, faults: { crashes: 1, restarts: 1, crashable: [2] } },
    found: 'one leader',
  },
  {
    ...RAFT,
    what: 'Raft: a log that is less up to date gets the vote',
    search: '&& isUpToDate',
    replacement: '',
    options: { ...RAFT.options, elections: [1, 2, 0] },
    found: 'agreement',
  },
  {
    what: 'masking quorums: one server is believed',
    file: 'quorums/masking-register',
    make: 'maskingRegister',
    search: '.length > faults',
    replacement: '.length > 0',
    options: {
      servers: 5,
      faults: 1,
      quorums: maskingThreshold(5, 1).slice(0, 2),
      operations: [{ write: 'v' }, 'read'],
    },
    wrap: (algorithm) =>
      withLyingServers(algorithm as AsynchronousAlgorithm<RegisterState, RegisterMessage>, [0]) as Any,
    judge: lastValue,
    found: 'safety',
  },
  {
    what: 'majority register: a read does not store what it read',
    file: 'quorums/majority-register',
    make: 'majorityRegister',
    search: 'return 2 * next.answered.length > this.#n ? this.#storeLatest(next)',
    replacement:
      "return 2 * next.answered.length > this.#n ? (next.left[0] === 'read' ? this.#finish(next) : this.#storeLatest(next))",
    options: { n: 3, operations: [[{ write: 'v' }], ['read', 'read'], []] },
    // The first read hears of the write from its writer, the second one from the process that has not heard of it.
    setting: { isCut: (from, to) => from + to === 2 && from !== to },
    isOrdered: true,
    judge: register({ isAvailable: false }),
    found: 'consistency',
  },
  {
    what: 'secret sharing: shares are not checked',
    file: 'secrets/verified-sharing',
    make: 'verifiedSharing',
    search: 'isRight(group, commitments, share)',
    replacement: 'true',
    options: { n: 4, group: SMALL_GROUP, coefficients: [7n, 3n] },
    wrap: (algorithm) =>
      withLyingHolders(algorithm as AsynchronousAlgorithm<SharingState, SharingMessage>, [1]) as Any,
    judge: reconstructed(4, [1]),
    found: 'correctness',
  },
]

test.each(MUTANTS)('$what', async (mutant) => {
  const { file, make, search, replacement, options, setting = {}, judge, found } = mutant
  const module = await importMutated<Record<string, Factory>>({
    file: `src/classics/${file}.ts`,
    search,
    replacement,
  })
  const made = module[make]?.(options) as Any
  const whole = { ...setting, algorithm: mutant.wrap?.(made) ?? made }
  const { violation } = exploreOrders({
    setting: mutant.isInTimeBounds ? inTimeBounds(whole) : whole,
    judge,
    isUnordered: mutant.isOrdered !== true,
  })
  expect(violation?.property.split(':')[0]).toBe(found)
})
