/** Entries of the gallery: consistent cuts of a running system. */
import { chandyLamport, type SnapshotRecord } from '../../../classics/snapshots/chandy-lamport.ts'
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

export const SNAPSHOTS: readonly GalleryEntry[] = [CHANDY_LAMPORT]
