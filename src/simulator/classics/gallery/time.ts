/** Entries of the gallery: logical clocks, and the synchronisation of real ones. */
import type { AsynchronousAlgorithm, Automaton } from '../../../classics/automaton.ts'
import { everyoneBut, type ProcessId } from '../../../classics/process.ts'
import { berkeley } from '../../../classics/time/berkeley.ts'
import {
  type AveragingState,
  clockAveraging,
  type ReadingMessage,
} from '../../../classics/time/clock-averaging.ts'
import { cristian, type Estimate } from '../../../classics/time/cristian.ts'
import { isSmaller, LAMPORT_CLOCK } from '../../../classics/time/lamport-clock.ts'
import { type StampedEvent, stampedEvents } from '../../../classics/time/stamped-events.ts'
import { isLess, vectorClock } from '../../../classics/time/vector-clock.ts'
import type { Judge } from '../judge.ts'
import { asynchronousEntry } from './asynchronous-entry.ts'
import type { GalleryEntry } from './entry.ts'

/** Checks that ordered events have ordered stamps and, with `isExact`, only those. */
function orderOfStamps<Stamp>(isBefore: (a: Stamp, b: Stamp) => boolean, isExact: boolean): Judge<unknown> {
  return ({ outputs, ending }) => {
    if (ending === null) return null
    const events = outputs.map(({ value }) => value as StampedEvent<Stamp>)
    const byId = new Map(events.map((event) => [event.id, event]))
    const pastOf = (event: StampedEvent<Stamp>): readonly string[] =>
      event.causes.flatMap((id) => [id, ...pastOf(byId.get(id) as StampedEvent<Stamp>)])
    for (const late of events) {
      const past = new Set(pastOf(late))
      for (const early of events) {
        const happened = past.has(early.id)
        const isStamped = isBefore(early.stamp, late.stamp)
        const names = `event ${early.id} (${JSON.stringify(early.stamp)}) and event ${late.id} (${JSON.stringify(late.stamp)})`
        if (happened && !isStamped) return `clock condition: the first happened before the second: ${names}`
        if (isExact && isStamped && !happened)
          return `exactness: the stamps are in order, the events are concurrent: ${names}`
      }
    }
    return null
  }
}

const lamport = (n: number) => ({
  setting: { algorithm: stampedEvents({ n, events: 2, clock: LAMPORT_CLOCK }) },
  isUnordered: true,
})

const LAMPORT = asynchronousEntry({
  name: 'lamport-clock',
  title: "Lamport's clock",
  idea: 'Each event counts one up, and a receipt counts beyond the stamp of its message. If a happened before b, a has the smaller stamp.',
  room: 'time',
  file: 'src/classics/time/lamport-clock.ts',
  source: 'Lamport, CACM 21(7), 1978',
  model: 'asynchronous',
  faults: 'crashes, omission',
  bound: 'a → b implies L(a) < L(b)',
  rounds: '-',
  messages: 'none of its own',
  breaks: 'the converse: of concurrent events, one has the smaller stamp',
  sizes: { n: 3, nMin: 2, nMax: 9, faults: 0, faultsMax: () => 0 },
  inRun: ({ n }) => ({ ...lamport(n), judge: orderOfStamps(isSmaller, false) }),
  explored: {
    bounds: 'n = 2, two events of each process besides receipts',
    ...lamport(2),
    judge: orderOfStamps(isSmaller, false),
  },
  broken: {
    condition: 'it is asked for the converse: L(a) < L(b) implies a → b',
    ...lamport(2),
    judge: orderOfStamps(isSmaller, true),
  },
})

const vectors = (n: number, length = n) => ({
  setting: { algorithm: stampedEvents({ n, events: 2, clock: vectorClock(length) }) },
  judge: orderOfStamps(isLess, true),
  isUnordered: true,
})

const VECTOR = asynchronousEntry({
  name: 'vector-clock',
  title: 'Vector clocks',
  idea: 'A stamp counts, for each process, the events that happened before. Of two stamps, neither is less exactly if the events are concurrent.',
  room: 'time',
  file: 'src/classics/time/vector-clock.ts',
  source: 'Fidge 1988; Mattern 1989',
  model: 'asynchronous',
  faults: 'crashes, omission',
  bound: 'a → b exactly if V(a) < V(b); vectors of n numbers',
  rounds: '-',
  messages: 'none of its own',
  breaks: 'fewer than n numbers: a process has none of its own',
  sizes: { n: 3, nMin: 2, nMax: 9, faults: 0, faultsMax: () => 0 },
  inRun: ({ n }) => vectors(n),
  explored: { bounds: 'n = 2, two events of each process besides receipts', ...vectors(2) },
  broken: { condition: 'vectors have n − 1 numbers', ...vectors(2, 1) },
})

/** The time by which the client's clock lags the server's. */
const BEHIND = 100
const clientClock = (process: ProcessId, time: number): number => (process === 0 ? time : time - BEHIND)

const errorIsBounded: Judge<unknown> = ({ outputs, ending }) => {
  for (const { value } of outputs) {
    const { offset, error } = value as Estimate
    const real = Math.abs(offset - BEHIND)
    if (real > error) return `bound of the error: the error is ${real}, more than ${error}`
  }
  return ending !== null && outputs.length === 0 ? 'no estimate' : null
}

const CRISTIAN = asynchronousEntry({
  name: 'cristian',
  title: "Cristian's clock synchronisation",
  idea: 'A client asks a time server, and assumes that the answer took half of the round trip.',
  room: 'time',
  file: 'src/classics/time/cristian.ts',
  source: 'Cristian, Distributed Computing 3(3), 1989',
  model: 'partially synchronous',
  faults: 'none',
  bound: 'error ≤ RTT/2 − min',
  rounds: '2',
  messages: '2 per client',
  breaks: 'a message takes less than min: the error exceeds the bound',
  sizes: { n: 2, nMin: 2, nMax: 9, faults: 0, faultsMax: () => 0 },
  inRun: ({ n }) => ({
    setting: { algorithm: cristian({ n, delayMin: 2 }) },
    judge: errorIsBounded,
    timing: { delays: [2, 3, 4, 5, 6, 7, 8], clock: clientClock },
  }),
  expectedMessages: ({ n }) => 2 * (n - 1),
  explored: {
    bounds: 'a server and two clients, each message takes 2, 5 or 8 ticks, min = 2',
    setting: { algorithm: cristian({ n: 3, delayMin: 2 }) },
    judge: errorIsBounded,
    timing: { delays: [2, 5, 8], clock: clientClock },
  },
  broken: {
    condition: 'a message may take 1 tick, and min is believed to be 2',
    setting: { algorithm: cristian({ n: 2, delayMin: 2 }) },
    judge: errorIsBounded,
    timing: { delays: [1, 5], clock: clientClock },
  },
})

/** The initial times by which the clocks of the processes are ahead. */
const AHEAD: readonly number[] = [0, 30, -20, 10, 0, 20, -10, 5, 25]
const aheadClock = (process: ProcessId, time: number): number => time + (AHEAD[process] ?? 0)

/** Checks that the adjusted clocks differ by at most `skew`. */
const skewIsBounded =
  (correct: readonly ProcessId[], skew: number): Judge<unknown> =>
  ({ outputs, ending }) => {
    if (ending === null) return null
    const after = correct.map((id) => {
      const change = outputs.find(({ process }) => process === id)
      return (AHEAD[id] ?? 0) + Number(change?.value ?? 0)
    })
    const found = Math.max(...after) - Math.min(...after)
    return found <= skew + 1e-9 ? null : `skew: clocks that are correct differ by ${found}, more than ${skew}`
  }

const berkeleyOf = (n: number, delays: readonly number[]) => ({
  setting: { algorithm: berkeley({ n, differenceMax: 100 }) },
  judge: skewIsBounded(
    Array.from({ length: n }, (_, id) => id),
    4,
  ),
  timing: { delays, clock: aheadClock },
})

const BERKELEY = asynchronousEntry({
  name: 'berkeley',
  title: 'The Berkeley algorithm',
  idea: 'No clock is right. A master asks all for their time, averages the answers, and sends each process the difference to correct.',
  room: 'time',
  file: 'src/classics/time/berkeley.ts',
  source: 'Gusella, Zatti, IEEE TSE 15(7), 1989',
  model: 'partially synchronous',
  faults: 'none',
  bound: 'skew ≤ dmax − dmin',
  rounds: '3',
  messages: '3(n−1)',
  breaks: 'a delay outside dmin to dmax: the skew exceeds the bound',
  sizes: { n: 4, nMin: 2, nMax: 9, faults: 0, faultsMax: () => 0 },
  inRun: ({ n }) => berkeleyOf(n, [1, 2, 3, 4, 5]),
  expectedMessages: ({ n }) => 3 * (n - 1),
  explored: {
    bounds: 'n = 3, each message takes 1, 3 or 5 ticks, dmin = 1, dmax = 5',
    ...berkeleyOf(3, [1, 3, 5]),
  },
  broken: {
    condition: 'a message may take 10 ticks, and dmax is believed to be 5',
    ...berkeleyOf(3, [1, 10]),
  },
})

/** The liar sends each process a time that is far ahead, far behind, or true. */
function withLiar(
  algorithm: AsynchronousAlgorithm<AveragingState, ReadingMessage>,
  liar: ProcessId,
): AsynchronousAlgorithm<AveragingState, ReadingMessage> {
  const lies: Automaton<AveragingState, ReadingMessage> = {
    start: ({ clock, choose }) => ({
      state: { ahead: [] },
      sends: everyoneBut(algorithm.n, liar).map((to) => {
        const time = clock + ([-100, 0, 100][choose(3)] ?? 0)
        return { to, message: { type: 'READING', time } as const }
      }),
    }),
    receive: (state) => ({ state }),
  }
  return { ...algorithm, process: (self) => (self === liar ? lies : algorithm.process(self)) }
}

/**
 * Messages of correct processes take one of the delays, those of the liar always 2 ticks: it chooses only their
 * contents.
 */
function averagingOf(n: number, delays: readonly number[]) {
  const liar = n - 1
  const correct = everyoneBut(n, liar)
  const before = correct.map((id) => AHEAD[id] ?? 0)
  const skew = Math.max(...before) - Math.min(...before)
  const uncertainty = (Math.max(...delays) - Math.min(...delays)) / 2
  return {
    setting: { algorithm: withLiar(clockAveraging({ n, faults: 1, delay: 2, wait: 10 }), liar) },
    judge: skewIsBounded(correct, skew / 2 + 2 * uncertainty),
    timing: {
      delays,
      delaysOf: (from: ProcessId, to: ProcessId) => (from === liar || to === liar ? [2] : delays),
      clock: aheadClock,
    },
  }
}

const AVERAGING = asynchronousEntry({
  name: 'clock-averaging',
  title: 'Fault-tolerant averaging of clocks',
  idea: 'Each process leaves out the f fastest and the f slowest clocks, and moves to the middle of the others.',
  room: 'time',
  file: 'src/classics/time/clock-averaging.ts',
  source: 'Lundelius Welch, Lynch, PODC 1984',
  model: 'synchronous',
  faults: 'lies',
  bound: 'n > 3f: skew halves, but for delays',
  rounds: '1 per halving',
  messages: 'n(n−1)',
  breaks: 'n = 3f: a liar says different times to two processes, and keeps them apart',
  sizes: { n: 4, nMin: 4, nMax: 9, faults: 1, faultsMax: () => 1 },
  inRun: ({ n }) => averagingOf(n, [1, 2, 3]),
  expectedMessages: ({ n }) => n * (n - 1),
  explored: {
    bounds: 'n = 4, each message takes 1 or 3 ticks, the liar says three things to each',
    ...averagingOf(4, [1, 3]),
  },
  broken: { condition: 'n = 3 and f = 1', ...averagingOf(3, [2]) },
})

export const TIME: readonly GalleryEntry[] = [LAMPORT, VECTOR, CRISTIAN, BERKELEY, AVERAGING]
