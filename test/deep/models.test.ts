/**
 * The table of the models: whether each algorithm survives each kind of fault, filled by exploring all runs with one
 * fault of that kind. `holds`: every run is right and ends. `safe`: nothing wrong ever happens, but some run does not
 * end as it should. `breaks`: something wrong happens.
 */
import { expect, test } from 'vitest'
import { tableText } from '../../clients/cli/table.ts'
import type {
  AsynchronousAlgorithm,
  Reaction,
  Surroundings,
  TypedMessage,
} from '../../src/classics/automaton.ts'
import { threePhaseCommit } from '../../src/classics/commit/three-phase.ts'
import { twoPhaseCommit } from '../../src/classics/commit/two-phase.ts'
import { multiPaxos } from '../../src/classics/consensus/multi-paxos.ts'
import { raft } from '../../src/classics/consensus/raft.ts'
import { reliableMulticast } from '../../src/classics/multicast/reliable.ts'
import { sequencerMulticast } from '../../src/classics/multicast/sequencer.ts'
import type { ProcessId } from '../../src/classics/process.ts'
import { maskingRegister } from '../../src/classics/quorums/masking-register.ts'
import { maskingThreshold } from '../../src/classics/quorums/quorum-systems.ts'
import { SMALL_GROUP } from '../../src/classics/secrets/shamir.ts'
import { verifiedSharing } from '../../src/classics/secrets/verified-sharing.ts'
import { exploreOrders } from '../../src/simulator/classics/explore-orders.ts'
import { atomicity, inTimeBounds } from '../../src/simulator/classics/gallery/commit.ts'
import { advances, onlyThroughThird } from '../../src/simulator/classics/gallery/consensus.ts'
import { ONE, TWO_AT_ONCE } from '../../src/simulator/classics/gallery/multicast.ts'
import { lastValue } from '../../src/simulator/classics/gallery/quorums.ts'
import { reconstructed } from '../../src/simulator/classics/gallery/secrets.ts'
import type { Judge } from '../../src/simulator/classics/judge.ts'
import { deliveries } from '../../src/simulator/classics/multicast-judge.ts'
import type { FaultBudget, Setting } from '../../src/simulator/classics/world.ts'

/** One process has the faults. */
interface Subject {
  readonly name: string
  readonly algorithm: AsynchronousAlgorithm<unknown, TypedMessage>
  readonly judge: Judge<unknown>
  readonly isCut?: (from: ProcessId, to: ProcessId) => boolean
  /** The process whose faults are tried: the one in the middle of things. */
  readonly faulty: ProcessId
  /** Returns a message with a wrong value. */
  readonly twist: (message: never) => TypedMessage
}

const subject = <State, Message extends TypedMessage>(
  name: string,
  algorithm: AsynchronousAlgorithm<State, Message>,
  rest: {
    readonly judge: Judge<unknown>
    readonly isCut?: (from: ProcessId, to: ProcessId) => boolean
    readonly faulty: ProcessId
    readonly twist: (message: Message) => TypedMessage
  },
): Subject => ({ name, algorithm: algorithm as never, ...rest })

const other = (text: string): string => (text === 'wrong' ? text : 'wrong')
const YES = [true, true, true]
const flip = <Message extends TypedMessage>(message: Message): TypedMessage =>
  message.type === 'COMMIT' ? { type: 'ABORT' } : message.type === 'ABORT' ? { type: 'COMMIT' } : message

const SUBJECTS: readonly Subject[] = [
  subject('reliable-multicast', reliableMulticast({ n: 3, script: ONE }), {
    judge: deliveries({ script: ONE, order: 'none' }),
    faulty: 0,
    twist: (message) => ({ ...message, text: other(message.text) }),
  }),
  subject('sequencer-multicast', sequencerMulticast({ n: 3, script: TWO_AT_ONCE }), {
    judge: deliveries({ script: TWO_AT_ONCE, order: 'total' }),
    faulty: 0,
    twist: (message) => (message.type === 'ORDER' ? { ...message, place: 3 - message.place } : message),
  }),
  subject('two-phase-commit', twoPhaseCommit({ n: 3, votes: YES, asks: 1 }), {
    judge: atomicity(YES),
    faulty: 0,
    twist: flip,
  }),
  subject('three-phase-commit', threePhaseCommit({ n: 3, votes: YES }), {
    judge: atomicity(YES),
    faulty: 0,
    twist: flip,
  }),
  subject('paxos', multiPaxos({ n: 3, commands: [['a'], ['b'], []], ballots: [1, 1, 0] }), {
    judge: advances,
    isCut: onlyThroughThird,
    faulty: 0,
    twist: (message) => ({
      ...message,
      proposals: message.proposals.map((one) => ({ ...one, value: other(one.value) })),
    }),
  }),
  subject('raft', raft({ n: 3, commands: ['a', 'b', null], elections: [1, 2, 0] }), {
    judge: advances,
    isCut: onlyThroughThird,
    faulty: 0,
    twist: (message) =>
      message.type === 'APPEND'
        ? { ...message, entries: message.entries.map((entry) => ({ ...entry, command: 'wrong' })) }
        : message,
  }),
  subject(
    'masking-quorums',
    maskingRegister({
      servers: 5,
      faults: 1,
      quorums: maskingThreshold(5, 1),
      operations: [{ write: 'v' }, 'read'],
    }),
    {
      judge: (facts) => {
        const hasRead = facts.outputs.some(({ event }) => event === 'reads')
        return (
          lastValue(facts) ??
          (facts.ending === null || hasRead ? null : 'termination: the read does not return')
        )
      },
      faulty: 0,
      twist: (message) => (message.type === 'VALUE' ? { ...message, stamp: 9, value: 'wrong' } : message),
    },
  ),
  subject('secret-sharing', verifiedSharing({ n: 4, group: SMALL_GROUP, coefficients: [7n, 3n] }), {
    judge: reconstructed(4, [1]),
    faulty: 1,
    twist: (message) => ({ ...message, share: ((BigInt(message.share) + 1n) % 11n).toString() }),
  }),
]

/** The algorithm with a process that sends wrong values: to all, or, as it pleases, to each receiver. */
const twisted = (
  { algorithm, faulty, twist }: Subject,
  isEqual: boolean,
): AsynchronousAlgorithm<unknown, TypedMessage> => ({
  ...algorithm,
  process(self) {
    const honest = algorithm.process(self)
    if (self !== faulty) return honest
    const alter = (
      turn: Reaction<unknown, TypedMessage>,
      { choose }: Surroundings,
    ): Reaction<unknown, TypedMessage> => ({
      ...turn,
      sends: (turn.sends ?? []).map((send) => {
        const message = twist(send.message as never)
        const isSame = JSON.stringify(message) === JSON.stringify(send.message)
        return isSame || (!isEqual && choose(2) === 0) ? send : { ...send, message }
      }),
    })
    return {
      start: (surroundings) => alter(honest.start(surroundings), surroundings),
      receive: (state, from, message, surroundings) =>
        alter(honest.receive(state, from, message, surroundings), surroundings),
      expire: (state, timer, surroundings) =>
        alter(honest.expire?.(state, timer, surroundings) ?? { state }, surroundings),
    }
  },
})

const WORLDS_MAX = 30_000

function cell(
  { judge, isCut = () => false }: Subject,
  bounds: Setting<unknown, TypedMessage>,
  faulty: readonly ProcessId[],
): string {
  const setting = { ...bounds, isCut }
  const ofCorrect: Judge<unknown> = (facts) => {
    const outputs = facts.outputs.filter(({ process }) => !faulty.includes(process))
    const invented = outputs.find(({ value }) => String(value).endsWith('wrong'))
    if (invented !== undefined) return 'validity: a value that nobody gave'
    return judge({ ...facts, outputs, crashed: [...facts.crashed, ...faulty] })
  }
  const safety: Judge<unknown> = (facts) => ofCorrect({ ...facts, ending: null })
  const options = { setting, isUnordered: true, worldsMax: WORLDS_MAX }
  const all = exploreOrders({ ...options, judge: ofCorrect })
  if (all.isComplete) return 'holds'
  const safe = exploreOrders({ ...options, judge: safety })
  return safe.violation !== null ? 'breaks' : safe.isComplete ? 'safe' : 'too many runs'
}

const row = (each: Subject): readonly string[] => {
  const bounded = (faults: FaultBudget, algorithm = each.algorithm) => inTimeBounds({ algorithm, faults })
  return [
    each.name,
    cell(each, bounded({}), []),
    cell(each, bounded({ crashes: 1, crashable: [each.faulty] }), []),
    cell(each, bounded({ losses: 1 }), []),
    cell(each, { algorithm: each.algorithm }, []),
    cell(each, bounded({}, twisted(each, true)), [each.faulty]),
    cell(each, bounded({}, twisted(each, false)), [each.faulty]),
  ]
}

test('what each algorithm survives of which fault', async () => {
  const headings = ['algorithm', 'no fault', 'crash', 'omission', 'timing', 'value', 'Byzantine']
  const words = new Set(headings.map((_, column) => column))
  const text = tableText([headings, ...SUBJECTS.map(row)], { words, columns: 200 })
  expect(text).not.toContain('too many runs')
  await expect(`${text}\n`).toMatchFileSnapshot('../classics/gallery/models.txt')
})
