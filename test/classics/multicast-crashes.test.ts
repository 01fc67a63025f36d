/** Which multicast survives the crash of whom: each cell is filled by walking all runs. */
import { expect, test } from 'vitest'
import type { AsynchronousAlgorithm } from '../../src/classics/automaton.ts'
import { causalMulticast } from '../../src/classics/multicast/causal.ts'
import { fifoMulticast } from '../../src/classics/multicast/fifo.ts'
import { proposedNumbersMulticast } from '../../src/classics/multicast/proposed-numbers.ts'
import { basicMulticast, relayed } from '../../src/classics/multicast/reliable.ts'
import type { Data, Line } from '../../src/classics/multicast/script.ts'
import { SEQUENCER, sequencerMulticast } from '../../src/classics/multicast/sequencer.ts'
import type { ProcessId } from '../../src/classics/process.ts'
import { exploreOrders } from '../../src/simulator/classics/explore-orders.ts'
import { type DeliveryOrder, deliveries } from '../../src/simulator/classics/multicast-judge.ts'
import type { FaultBudget } from '../../src/simulator/classics/world.ts'

const N = 3
/** Process 1 multicasts, and process 2 answers; process 0 is the sequencer where there is one. */
const SCRIPT: readonly Line[] = [
  { sender: 1, text: 'question', after: null },
  { sender: 2, text: 'answer', after: 'question' },
]
const SENDER: ProcessId = 1
const RECEIVER: ProcessId = 0

const walk = <State, Message extends Data>(
  algorithm: AsynchronousAlgorithm<State, Message>,
  order: DeliveryOrder,
  faults: FaultBudget,
) =>
  exploreOrders({
    setting: { algorithm, faults },
    judge: deliveries({ script: SCRIPT, order }),
    isUnordered: true,
  })

const crashOf = (process: ProcessId): FaultBudget => ({ crashes: 1, crashable: [process] })

/** Returns what a walk with faults shows: the name of the violated property. */
const shown = ({ violation, isComplete }: ReturnType<typeof walk>): string => {
  expect(isComplete || violation !== null).toBe(true)
  return violation === null ? 'survives' : (violation.property.split(':')[0] as string)
}

const row = <State, Message extends Data>(
  algorithm: AsynchronousAlgorithm<State, Message>,
  order: DeliveryOrder,
) =>
  [crashOf(SENDER), crashOf(RECEIVER), { losses: 1 }].map((faults) => shown(walk(algorithm, order, faults)))

const options = { n: N, script: SCRIPT }

test('columns: the sender crashes, a receiver crashes, one message is lost', () => {
  const total = sequencerMulticast(options) as unknown as AsynchronousAlgorithm<unknown, Data>
  const isis = proposedNumbersMulticast(options) as unknown as AsynchronousAlgorithm<unknown, Data>
  expect({
    basic: row(basicMulticast(options), 'none'),
    'reliable (relayed)': row(relayed(basicMulticast(options)), 'none'),
    FIFO: row(fifoMulticast(options), 'fifo'),
    'FIFO, relayed': row(relayed(fifoMulticast(options)), 'fifo'),
    causal: row(causalMulticast(options), 'causal'),
    'causal, relayed': row(relayed(causalMulticast(options)), 'causal'),
    'total, sequencer': row(total, 'total'),
    'total, ISIS': row(isis, 'total'),
  }).toEqual({
    basic: ['agreement', 'survives', 'agreement'],
    'reliable (relayed)': ['survives', 'survives', 'survives'],
    FIFO: ['agreement', 'survives', 'agreement'],
    'FIFO, relayed': ['survives', 'survives', 'survives'],
    causal: ['agreement', 'survives', 'agreement'],
    'causal, relayed': ['survives', 'survives', 'survives'],
    'total, sequencer': ['agreement', 'validity', 'validity'],
    'total, ISIS': ['agreement', 'validity', 'validity'],
  })
  expect(SEQUENCER).toBe(RECEIVER)
})

test('FIFO order does not make the answer wait for the question; causal order does', () => {
  const causally = { judge: deliveries({ script: SCRIPT, order: 'causal' }), isUnordered: true }
  const { violation } = exploreOrders({ setting: { algorithm: fifoMulticast(options) }, ...causally })
  expect(violation?.property).toBe('causal order: P0 delivers answer before question')
  expect(
    exploreOrders({ setting: { algorithm: causalMulticast(options) }, ...causally }).violation,
  ).toBeNull()
})
