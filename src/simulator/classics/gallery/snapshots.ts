/** Entries of the gallery: consistent cuts of a running system. */
import { chandyLamport, type SnapshotRecord } from '../../../classics/snapshots/chandy-lamport.ts'
import {
  cycleIn,
  type DeadlockState,
  deadlockDetection,
} from '../../../classics/snapshots/deadlock-detection.ts'
import type { Judge } from '../judge.ts'
import { asynchronousEntry } from './asynchronous-entry.ts'
import type { GalleryEntry } from './entry.ts'

const BALANCE = 5

/** Checks that at the end every process has recorded, and the records contain all the money. */
const holdsAllMoney =
  (n: number): Judge<unknown> =>
  ({ outputs, ending }) => {
    if (ending === null) return null
    const records = outputs.map(({ value }) => value as SnapshotRecord)
    if (records.length < n) return `termination: ${records.length} of ${n} processes have recorded`
    const sum = records.reduce((total, { balance, underWay }) => total + balance + underWay, 0)
    return sum === n * BALANCE
      ? null
      : `consistent cut: the records hold ${sum} pieces of money, not ${n * BALANCE}`
  }

const snapshotOf = (
  n: number,
  options: { readonly recordsLinks?: boolean; readonly transfers?: number } = {},
) => ({
  setting: { algorithm: chandyLamport({ n, balance: BALANCE, transfers: 1, ...options }) },
  judge: holdsAllMoney(n),
  isUnordered: true,
})

const CHANDY_LAMPORT = asynchronousEntry({
  name: 'chandy-lamport',
  title: 'Chandy–Lamport snapshot',
  idea: 'A process records its balance and sends a marker on each link. A transfer that arrives on a link between the record and the marker was on the way.',
  room: 'snapshots',
  file: 'src/classics/snapshots/chandy-lamport.ts',
  source: 'Chandy, Lamport, TOCS 3(1), 1985',
  model: 'asynchronous',
  faults: 'none',
  bound: 'f = 0, FIFO links',
  rounds: 'at most n',
  messages: 'n(n−1) markers, besides n transfers here',
  breaks: 'links are not recorded, or not FIFO: the cut has too little money or too much',
  sizes: { n: 3, nMin: 2, nMax: 7, faults: 0, faultsMax: () => 0 },
  inRun: ({ n }) => snapshotOf(n),
  expectedMessages: ({ n }) => n * (n - 1) + n,
  explored: {
    bounds: 'n = 2, two transfers of each process and a snapshot at any moment',
    ...snapshotOf(2, { transfers: 2 }),
  },
  broken: {
    condition: 'each process records its balance only, and no link',
    ...snapshotOf(2, { recordsLinks: false }),
  },
})

/** Checks that process 0 gives a verdict, and that a deadlock that it finds is real: it lasts to the end. */
const findsRealDeadlocks: Judge<DeadlockState> = ({ outputs, ending }) => {
  if (ending === null) return null
  const waits = Object.fromEntries(ending.states.map(({ waitsFor }, id) => [id, waitsFor]))
  const verdict = outputs.find(({ event }) => event === 'finds')
  if (verdict === undefined) return 'termination: P0 gives no verdict'
  if (verdict.value !== 'no deadlock' && cycleIn(waits) === null)
    return `phantom deadlock: P0 finds ${verdict.value}, and all went on`
  return null
}

const detectionOf = (n: number, recordsLinks = true) => ({
  setting: { algorithm: deadlockDetection({ n, recordsLinks }) },
  judge: findsRealDeadlocks,
  isUnordered: true,
})

const DEADLOCK = asynchronousEntry({
  name: 'deadlock-detection',
  title: 'Deadlock detection on a consistent cut',
  idea: 'Each process records for whom it waits, and sends markers. A permission that was on the way ends a recorded wait. A cycle of the waits that are left is a deadlock.',
  room: 'snapshots',
  file: 'src/classics/snapshots/deadlock-detection.ts',
  source: 'Chandy, Lamport, TOCS 3(1), 1985, section 4',
  model: 'asynchronous',
  faults: 'none',
  bound: 'f = 0, FIFO links',
  rounds: 'at most n + 1',
  messages: 'n(n−1) markers and n−1 records, besides requests and permissions',
  breaks: 'links are not recorded: a phantom deadlock, a cycle of waits that never were at the same time',
  sizes: { n: 3, nMin: 2, nMax: 7, faults: 0, faultsMax: () => 0 },
  inRun: ({ n }) => detectionOf(n),
  explored: {
    bounds: 'n = 3, each process asks the next one, and a snapshot, at any moment',
    ...detectionOf(3),
  },
  broken: { condition: 'each process records its wait only, and no link', ...detectionOf(2, false) },
})

export const SNAPSHOTS: readonly GalleryEntry[] = [CHANDY_LAMPORT, DEADLOCK]
