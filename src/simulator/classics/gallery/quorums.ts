/** Entries of the gallery: registers on quorums, with crashes, partitions and liars. */
import { gossipRegister } from '../../../classics/quorums/gossip-register.ts'
import { majorityRegister, type UserOperation } from '../../../classics/quorums/majority-register.ts'
import { maskingRegister, type Operation } from '../../../classics/quorums/masking-register.ts'
import { grid, maskingThreshold, type Quorum, subsets } from '../../../classics/quorums/quorum-systems.ts'
import type { Judge } from '../judge.ts'
import { withLyingServers } from '../lying-server.ts'
import { register } from '../register-judge.ts'
import { asynchronousEntry } from './asynchronous-entry.ts'
import type { GalleryEntry } from './entry.ts'

const WRITE_AND_READ: readonly Operation[] = [{ write: 'v' }, 'read']

/** Checks that a read returns the last written value. */
export const lastValue: Judge<unknown> = ({ outputs }) => {
  const wrong = outputs.find(({ event, value }) => event === 'reads' && value !== 'v')
  return wrong === undefined ? null : `safety: reads ${wrong.value}, although v was written before`
}

const masking = (servers: number, faults: number, quorums: readonly Quorum[]) =>
  maskingRegister({ servers, faults, quorums, operations: WRITE_AND_READ })

const liars = (count: number): readonly number[] => Array.from({ length: count }, (_, id) => id)

const GRID = asynchronousEntry({
  name: 'grid-quorums',
  title: 'A register on a grid of quorums',
  idea: 'Servers stand in a square. A quorum is a row and a column, so any two quorums meet.',
  room: 'quorums',
  file: 'src/classics/quorums/quorum-systems.ts',
  source: 'Maekawa, TOCS 3(2), 1985',
  model: 'asynchronous',
  faults: 'none that lie',
  bound: 'any two quorums meet',
  rounds: '2 per operation',
  messages: '2(2√m−1) per operation, m servers',
  breaks: 'one liar where two quorums meet: a read gives its value',
  sizes: { n: 10, nMin: 10, nMax: 10, faults: 0, faultsMax: () => 0 },
  inRun: () => ({ setting: { algorithm: masking(9, 0, grid(3)) }, judge: lastValue }),
  expectedMessages: () => 2 * 2 * (2 * 3 - 1),
  explored: {
    bounds: 'a grid of 2 × 2 servers, one write and one read, each with any quorum',
    setting: { algorithm: masking(4, 0, grid(2)) },
    judge: lastValue,
  },
  broken: {
    condition: 'one server lies',
    setting: { algorithm: withLyingServers(masking(4, 0, grid(2)), liars(1)) },
    judge: lastValue,
  },
})

const MASKING = asynchronousEntry({
  name: 'masking-quorums',
  title: 'A register on masking quorums',
  idea: 'Any two quorums meet in 2f + 1 servers, and a reader believes what f + 1 servers say alike.',
  room: 'quorums',
  file: 'src/classics/quorums/masking-register.ts',
  source: 'Malkhi, Reiter, Distributed Computing 11(4), 1998',
  model: 'asynchronous',
  faults: 'lies of servers',
  bound: 'm > 4f servers; any two quorums meet in 2f + 1',
  rounds: '2 per operation',
  messages: '2⌈(m+2f+1)/2⌉ per operation, m servers',
  breaks: 'm = 4f: a quorum that avoids f silent servers meets another in 2f, and f liars undo a write',
  sizes: { n: 6, nMin: 6, nMax: 10, faults: 1, faultsMax: (n) => Math.floor((n - 2) / 4) },
  inRun: ({ n, faults }) => ({
    setting: {
      algorithm: withLyingServers(masking(n - 1, faults, maskingThreshold(n - 1, faults)), liars(faults)),
    },
    judge: lastValue,
  }),
  expectedMessages: ({ n, faults }) => 2 * 2 * Math.ceil((n - 1 + 2 * faults + 1) / 2),
  explored: {
    bounds: 'five servers, one of which lies, one write and one read, each with any quorum',
    setting: { algorithm: withLyingServers(masking(5, 1, maskingThreshold(5, 1)), liars(1)) },
    judge: lastValue,
    isUnordered: true,
  },
  broken: {
    condition: 'four servers, one of which lies, and quorums of three, so that one may be silent',
    setting: { algorithm: withLyingServers(masking(4, 1, subsets([0, 1, 2, 3], 3)), liars(1)) },
    judge: lastValue,
    isUnordered: true,
  },
})

/** One process writes, and each of the others reads twice. */
const users = (n: number): readonly (readonly UserOperation[])[] =>
  Array.from({ length: n }, (_, id) => (id === 0 ? [{ write: 'v' }] : ['read', 'read']))
const WRITER_AND_READER: readonly (readonly UserOperation[])[] = [[{ write: 'v' }], ['read', 'read'], []]

const CONSISTENT = asynchronousEntry({
  name: 'majority-register',
  title: 'CAP: a register that stays consistent (majorities)',
  idea: 'Each operation asks a majority for the latest value, and then stores it, or a new one, at a majority.',
  room: 'quorums',
  file: 'src/classics/quorums/majority-register.ts',
  source: 'Attiya, Bar-Noy, Dolev, JACM 42(1), 1995; Gilbert, Lynch 2002',
  model: 'asynchronous',
  faults: 'crashes',
  bound: 'n > 2f; under a partition consistent, on the smaller side not available',
  rounds: '4 per operation',
  messages: '4(n−1) per operation',
  breaks: 'a partition: operations on the smaller side do not return',
  sizes: { n: 3, nMin: 3, nMax: 9, faults: 1, faultsMax: (n) => Math.floor((n - 1) / 2) },
  inRun: ({ n, faults }) => ({
    setting: { algorithm: majorityRegister({ n, operations: users(n) }), faults: { crashes: faults } },
    judge: register({ isAvailable: true }),
  }),
  expectedMessages: ({ n }) => (1 + 2 * (n - 1)) * 4 * (n - 1),
  explored: {
    bounds: 'n = 3, one of them out of reach, one write and two reads at the same time',
    setting: {
      algorithm: majorityRegister({ n: 3, operations: WRITER_AND_READER }),
      isCut: (from, to) => from === 2 || to === 2,
    },
    judge: register({ isAvailable: true }),
  },
  broken: {
    condition: 'the network parts, with P0 alone',
    setting: {
      algorithm: majorityRegister({ n: 3, operations: [[{ write: 'v' }], [], []] }),
      faults: { side: [0] },
    },
    judge: register({ isAvailable: true }),
  },
})

const AVAILABLE = asynchronousEntry({
  name: 'gossip-register',
  title: 'CAP: a register that stays available (last writer wins)',
  idea: 'Each replica answers its user at once and sends each write to the others. The latest timestamp wins.',
  room: 'quorums',
  file: 'src/classics/quorums/gossip-register.ts',
  source: 'DeCandia et al., SOSP 2007; Gilbert, Lynch 2002',
  model: 'asynchronous',
  faults: 'crashes, partitions',
  bound: 'always available; not linearizable with two users',
  rounds: '0 per operation',
  messages: 'n−1 per write',
  breaks: 'a read on the other side gives the old value, although the write has returned',
  sizes: { n: 3, nMin: 2, nMax: 9, faults: 0, faultsMax: (n) => n - 1 },
  inRun: ({ n, faults }) => ({
    setting: { algorithm: gossipRegister({ n, operations: users(n) }), faults: { crashes: faults } },
    judge: available,
  }),
  expectedMessages: ({ n }) => n - 1,
  explored: {
    bounds: 'n = 3, one write and two reads, with a partition at any moment',
    setting: { algorithm: gossipRegister({ n: 3, operations: WRITER_AND_READER }), faults: { side: [0] } },
    judge: available,
  },
  broken: {
    condition: 'consistency is asked for, and the network has parted',
    setting: {
      algorithm: gossipRegister({ n: 2, operations: [[{ write: 'v' }], ['read']] }),
      isCut: (from, to) => from !== to,
    },
    judge: register({ isAvailable: true }),
  },
})

/** Each operation returns at once. */
function available({ outputs }: Parameters<Judge<unknown>>[0]): string | null {
  const late = outputs.findIndex(({ event, process }, index) => {
    const next = outputs[index + 1]
    return event === 'begins' && (next?.process !== process || next.event === 'begins')
  })
  return late < 0 ? null : `availability: P${outputs[late]?.process} waits`
}

export const QUORUMS: readonly GalleryEntry[] = [GRID, MASKING, CONSISTENT, AVAILABLE]
