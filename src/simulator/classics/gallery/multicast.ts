/** Entries of the gallery: multicasts with their guarantees and orders. */
import { causalMulticast } from '../../../classics/multicast/causal.ts'
import { fifoMulticast } from '../../../classics/multicast/fifo.ts'
import { nakMulticast } from '../../../classics/multicast/negative-acknowledgements.ts'
import { proposedNumbersMulticast } from '../../../classics/multicast/proposed-numbers.ts'
import { reliableMulticast } from '../../../classics/multicast/reliable.ts'
import type { Line } from '../../../classics/multicast/script.ts'
import { sequencerMulticast } from '../../../classics/multicast/sequencer.ts'
import { type DeliveryOrder, deliveries } from '../multicast-judge.ts'
import { asynchronousEntry } from './asynchronous-entry.ts'
import type { GalleryEntry } from './entry.ts'

const says = (sender: number, text: string, after: string | null = null): Line => ({ sender, text, after })

/** One multicast. */
export const ONE: readonly Line[] = [says(0, 'a')]
/** Two of one process, one of another. */
export const TWO_AND_ONE: readonly Line[] = [says(0, 'a'), says(0, 'b'), says(1, 'c')]
/** A question and its answer. */
export const ANSWER: readonly Line[] = [says(0, 'question'), says(1, 'answer', 'question')]
/** Two at once. */
export const TWO_AT_ONCE: readonly Line[] = [says(1, 'a'), says(2, 'b')]

const SIZES = { n: 3, nMin: 3, nMax: 9, faults: 0, faultsMax: () => 0 }

const judgeOf = (script: readonly Line[], order: DeliveryOrder) => deliveries({ script, order })

const RELIABLE = asynchronousEntry({
  name: 'reliable-multicast',
  title: 'Reliable multicast by re-broadcast',
  idea: 'A process passes on what it receives for the first time, before it delivers it. So all deliver it, or none that stays alive.',
  room: 'multicast',
  file: 'src/classics/multicast/reliable.ts',
  source: 'Hadzilacos, Toueg, TR 94-1425, Cornell, 1994',
  model: 'asynchronous',
  faults: 'crashes, or fewer than n − 1 lost messages',
  bound: 'f < n',
  rounds: '1',
  messages: '(n−1)² per multicast',
  breaks: 'n − 1 losses: one process misses what all others deliver',
  sizes: { ...SIZES, faultsMax: (n) => n - 1 },
  inRun: ({ n, faults }) => ({
    setting: { algorithm: reliableMulticast({ n, script: ONE }), faults: { crashes: faults } },
    judge: judgeOf(ONE, 'none'),
    isUnordered: true,
  }),
  expectedMessages: ({ n }) => (n - 1) ** 2,
  explored: {
    bounds: 'n = 3, one multicast, up to two crashes at any place',
    setting: { algorithm: reliableMulticast({ n: 3, script: ONE }), faults: { crashes: 2 } },
    judge: judgeOf(ONE, 'none'),
    isUnordered: true,
  },
  broken: {
    condition: 'n = 3, two messages are lost',
    setting: { algorithm: reliableMulticast({ n: 3, script: ONE }), faults: { losses: 2 } },
    judge: judgeOf(ONE, 'none'),
    isUnordered: true,
  },
})

const NAK_TEXTS = ['a', 'b']
const NAK_SCRIPT = NAK_TEXTS.map((text) => says(0, text))
const nak = (n: number, buffer: number, heartbeats: number) =>
  nakMulticast({ n, texts: NAK_TEXTS, buffer, heartbeats })

const NEGATIVE_ACKNOWLEDGEMENTS = asynchronousEntry({
  name: 'nak-multicast',
  title: 'Reliable multicast by negative acknowledgements',
  idea: 'Receivers acknowledge nothing. A receiver that sees a gap in the numbers asks for what is missing.',
  room: 'multicast',
  file: 'src/classics/multicast/negative-acknowledgements.ts',
  source: 'Chang, Maxemchuk, TOCS 2(3), 1984',
  model: 'asynchronous',
  faults: 'lost messages, no more than heartbeats',
  bound: 'a buffer for all multicasts',
  rounds: '1, after a loss 4',
  messages: 'n−1 per multicast, n−1 per heartbeat',
  breaks: 'a smaller buffer: what was lost is gone when it is asked for',
  sizes: { ...SIZES, nMin: 2 },
  inRun: ({ n }) => ({ setting: { algorithm: nak(n, 2, 1) }, judge: judgeOf(NAK_SCRIPT, 'fifo') }),
  explored: {
    bounds: 'n = 2, two multicasts, up to two losses, two heartbeats',
    setting: { algorithm: nak(2, 2, 2), faults: { losses: 2 } },
    judge: judgeOf(NAK_SCRIPT, 'fifo'),
    isUnordered: true,
  },
  broken: {
    condition: 'the sender keeps only its last message, and the first is lost',
    setting: { algorithm: nak(2, 1, 1), faults: { losses: 1 } },
    judge: judgeOf(NAK_SCRIPT, 'fifo'),
    isUnordered: true,
  },
})

const FIFO = asynchronousEntry({
  name: 'fifo-multicast',
  title: 'FIFO multicast',
  idea: 'Each sender numbers its messages, and a receiver holds a message back until it has delivered the one before.',
  room: 'multicast',
  file: 'src/classics/multicast/fifo.ts',
  source: 'Hadzilacos, Toueg, TR 94-1425, Cornell, 1994',
  model: 'asynchronous',
  faults: 'none; over reliable multicast, crashes',
  bound: 'f = 0',
  rounds: '1',
  messages: 'n−1 per multicast',
  breaks: 'the sender crashes: some deliver its message, and some never do',
  sizes: SIZES,
  inRun: ({ n }) => ({
    setting: { algorithm: fifoMulticast({ n, script: TWO_AND_ONE }) },
    judge: judgeOf(TWO_AND_ONE, 'fifo'),
  }),
  expectedMessages: ({ n }) => TWO_AND_ONE.length * (n - 1),
  explored: {
    bounds: 'n = 3, three multicasts of two processes',
    setting: { algorithm: fifoMulticast({ n: 3, script: TWO_AND_ONE }) },
    judge: judgeOf(TWO_AND_ONE, 'fifo'),
    isUnordered: true,
  },
  broken: {
    condition: 'the sender crashes',
    setting: {
      algorithm: fifoMulticast({ n: 3, script: TWO_AND_ONE }),
      faults: { crashes: 1, crashable: [0] },
    },
    judge: judgeOf(TWO_AND_ONE, 'fifo'),
    isUnordered: true,
  },
})

const CAUSAL = asynchronousEntry({
  name: 'causal-multicast',
  title: 'Causal multicast with vector clocks',
  idea: 'A message carries the number of messages that its sender had delivered from each process. A receiver holds it back until it has delivered them too.',
  room: 'multicast',
  file: 'src/classics/multicast/causal.ts',
  source: 'Birman, Schiper, Stephenson, TOCS 9(3), 1991',
  model: 'asynchronous',
  faults: 'none; over reliable multicast, crashes',
  bound: 'f = 0',
  rounds: '1',
  messages: 'n−1 per multicast',
  breaks: 'the sender of a question crashes: the answer of a correct process waits without end',
  sizes: SIZES,
  inRun: ({ n }) => ({
    setting: { algorithm: causalMulticast({ n, script: ANSWER }) },
    judge: judgeOf(ANSWER, 'causal'),
  }),
  expectedMessages: ({ n }) => ANSWER.length * (n - 1),
  explored: {
    bounds: 'n = 4, a question and its answer',
    setting: { algorithm: causalMulticast({ n: 4, script: ANSWER }) },
    judge: judgeOf(ANSWER, 'causal'),
    isUnordered: true,
  },
  broken: {
    condition: 'the sender of the question crashes',
    setting: { algorithm: causalMulticast({ n: 3, script: ANSWER }), faults: { crashes: 1, crashable: [0] } },
    judge: judgeOf(ANSWER, 'causal'),
    isUnordered: true,
  },
})

const BY_SEQUENCER = asynchronousEntry({
  name: 'sequencer-multicast',
  title: 'Total order by a sequencer',
  idea: 'A sender sends its message to all, and one process, the sequencer, gives it its place in the order.',
  room: 'multicast',
  file: 'src/classics/multicast/sequencer.ts',
  source: 'Kaashoek, Tanenbaum, ICDCS 1991',
  model: 'asynchronous',
  faults: 'crashes of receivers',
  bound: 'the sequencer and the senders are correct',
  rounds: '2',
  messages: '2(n−1) per multicast',
  breaks: 'the sequencer crashes: nothing more is delivered',
  sizes: SIZES,
  inRun: ({ n }) => ({
    setting: { algorithm: sequencerMulticast({ n, script: TWO_AT_ONCE }) },
    judge: judgeOf(TWO_AT_ONCE, 'total'),
  }),
  expectedMessages: ({ n }) => TWO_AT_ONCE.length * 2 * (n - 1),
  explored: {
    bounds: 'n = 3, two multicasts at once',
    setting: { algorithm: sequencerMulticast({ n: 3, script: TWO_AT_ONCE }) },
    judge: judgeOf(TWO_AT_ONCE, 'total'),
    isUnordered: true,
  },
  broken: {
    condition: 'the sequencer crashes',
    setting: {
      algorithm: sequencerMulticast({ n: 3, script: TWO_AT_ONCE }),
      faults: { crashes: 1, crashable: [0] },
    },
    judge: judgeOf(TWO_AT_ONCE, 'total'),
    isUnordered: true,
  },
})

const BY_PROPOSED_NUMBERS = asynchronousEntry({
  name: 'isis-multicast',
  title: 'Total order by proposed numbers (ISIS)',
  idea: 'Every receiver proposes a number, and the sender takes the highest. A message is delivered when its number is final and the lowest that waits.',
  room: 'multicast',
  file: 'src/classics/multicast/proposed-numbers.ts',
  source: 'Birman, Joseph, TOCS 5(1), 1987',
  model: 'asynchronous',
  faults: 'none',
  bound: 'f = 0',
  rounds: '3',
  messages: '3(n−1) per multicast',
  breaks: 'one crash: a number is never final, and all that comes behind it waits without end',
  sizes: SIZES,
  inRun: ({ n }) => ({
    setting: { algorithm: proposedNumbersMulticast({ n, script: TWO_AT_ONCE }) },
    judge: judgeOf(TWO_AT_ONCE, 'total'),
  }),
  expectedMessages: ({ n }) => TWO_AT_ONCE.length * 3 * (n - 1),
  explored: {
    bounds: 'n = 3, two multicasts at once',
    setting: { algorithm: proposedNumbersMulticast({ n: 3, script: TWO_AT_ONCE }) },
    judge: judgeOf(TWO_AT_ONCE, 'total'),
    isUnordered: true,
  },
  broken: {
    condition: 'a sender crashes',
    setting: {
      algorithm: proposedNumbersMulticast({ n: 3, script: TWO_AT_ONCE }),
      faults: { crashes: 1, crashable: [1] },
    },
    judge: judgeOf(TWO_AT_ONCE, 'total'),
    isUnordered: true,
  },
})

export const MULTICAST: readonly GalleryEntry[] = [
  RELIABLE,
  NEGATIVE_ACKNOWLEDGEMENTS,
  FIFO,
  CAUSAL,
  BY_SEQUENCER,
  BY_PROPOSED_NUMBERS,
]
