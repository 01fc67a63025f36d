/** Entries of the gallery: algorithms by which one process at a time enters a critical section. */
import { allProcesses } from '../../../classics/automaton.ts'
import { centralServer, SERVER } from '../../../classics/mutual-exclusion/central-server.ts'
import { fencing } from '../../../classics/mutual-exclusion/fencing.ts'
import { lamportQueue } from '../../../classics/mutual-exclusion/lamport-queue.ts'
import { maekawa, quorumOf } from '../../../classics/mutual-exclusion/maekawa.ts'
import { ricartAgrawala } from '../../../classics/mutual-exclusion/ricart-agrawala.ts'
import { tokenRing } from '../../../classics/mutual-exclusion/token-ring.ts'
import type { ProcessId } from '../../../classics/process.ts'
import type { Judge } from '../judge.ts'
import { asynchronousEntry } from './asynchronous-entry.ts'
import type { GalleryEntry } from './entry.ts'
import { namesOf } from './process-names.ts'

/** Checks that at most one process is inside, and that at the end each has been inside as often as it wanted. */
export function mutualExclusion(n: number, entries = 1): Judge<unknown> {
  return ({ outputs, crashed, ending }) => {
    const inside = new Set<ProcessId>()
    const entered = new Map<ProcessId, number>()
    for (const { event, process } of outputs) {
      if (event === 'leaves') inside.delete(process)
      if (event !== 'enters') continue
      inside.add(process)
      entered.set(process, (entered.get(process) ?? 0) + 1)
      if (inside.size > 1) return `mutual exclusion: ${namesOf([...inside])} are inside at once`
    }
    if (ending === null) return null
    const waiting = allProcesses(n).filter((id) => !crashed.includes(id) && (entered.get(id) ?? 0) < entries)
    return waiting.length === 0
      ? null
      : `progress: ${namesOf(waiting)} never ${waiting.length === 1 ? 'enters' : 'enter'}`
  }
}

/** Process 0 is a server, and wants nothing. */
const clientsEnter =
  (n: number, entries = 1): Judge<unknown> =>
  (facts) =>
    mutualExclusion(n, entries)({ ...facts, crashed: [...facts.crashed, SERVER] })

const RICART_AGRAWALA = asynchronousEntry({
  name: 'ricart-agrawala',
  title: 'Ricart–Agrawala mutual exclusion',
  idea: 'A process asks every other one, and enters when all have replied. A process that is inside, or asked earlier, replies only when it has left.',
  room: 'mutual-exclusion',
  file: 'src/classics/mutual-exclusion/ricart-agrawala.ts',
  source: 'Ricart, Agrawala, CACM 24(1), 1981',
  model: 'asynchronous',
  faults: 'none',
  bound: 'f = 0',
  rounds: '2 per entry',
  messages: '2(n−1) per entry',
  breaks: 'one crash: its reply never comes, and nobody enters again',
  sizes: { n: 3, nMin: 2, nMax: 9, faults: 0, faultsMax: () => 0 },
  inRun: ({ n }) => ({ setting: { algorithm: ricartAgrawala({ n }) }, judge: mutualExclusion(n) }),
  expectedMessages: ({ n }) => n * 2 * (n - 1),
  explored: {
    bounds: 'n = 3, each process enters once',
    setting: { algorithm: ricartAgrawala({ n: 3 }) },
    judge: mutualExclusion(3),
  },
  broken: {
    condition: 'one process crashes',
    setting: { algorithm: ricartAgrawala({ n: 2 }), faults: { crashes: 1 } },
    judge: mutualExclusion(2),
  },
})

const CENTRAL_SERVER = asynchronousEntry({
  name: 'central-server',
  title: 'Mutual exclusion by a central server',
  idea: 'A server grants the critical section to one client at a time, in the order in which requests arrive.',
  room: 'mutual-exclusion',
  file: 'src/classics/mutual-exclusion/central-server.ts',
  source: 'Coulouris, Dollimore, Kindberg, Distributed Systems, 15.2',
  model: 'asynchronous',
  faults: 'none',
  bound: 'the server is correct',
  rounds: '2 until it enters',
  messages: '3 per entry',
  breaks: 'the server crashes: nobody enters again',
  sizes: { n: 4, nMin: 2, nMax: 9, faults: 0, faultsMax: () => 0 },
  inRun: ({ n }) => ({ setting: { algorithm: centralServer({ n }) }, judge: clientsEnter(n) }),
  expectedMessages: ({ n }) => 3 * (n - 1),
  explored: {
    bounds: 'a server, two clients, two entries of each',
    setting: { algorithm: centralServer({ n: 3, entries: 2 }) },
    judge: clientsEnter(3, 2),
  },
  broken: {
    condition: 'the server crashes',
    setting: { algorithm: centralServer({ n: 3 }), faults: { crashes: 1, crashable: [0] } },
    judge: clientsEnter(3),
  },
})

/** Checks that the token never passes a waiting process, and that nobody waits at the end. */
const tokenServes: Judge<unknown> = ({ outputs, crashed, ending }) => {
  const inside = mutualExclusion(0)({ outputs, crashed, ending: null })
  if (inside !== null) return inside
  const waiting = new Set<ProcessId>()
  let isKept = false
  for (const { event, process } of outputs) {
    if (event === 'asks') waiting.add(process)
    if (event === 'enters') waiting.delete(process)
    isKept ||= event === 'keeps the token'
    if (event === 'passes the token' && waiting.has(process))
      return `progress: the token passes P${process}, which waits`
  }
  if (ending === null || isKept || waiting.size === 0) return null
  return `progress: the token is lost, and ${namesOf([...waiting])} never ${waiting.size === 1 ? 'enters' : 'enter'}`
}

const TOKEN_RING = asynchronousEntry({
  name: 'token-ring',
  title: 'Mutual exclusion by a token on a ring',
  idea: 'One token goes round a ring, and only the process that holds it may be inside.',
  room: 'mutual-exclusion',
  file: 'src/classics/mutual-exclusion/token-ring.ts',
  source: 'Le Lann, IFIP Congress 1977',
  model: 'asynchronous',
  faults: 'none',
  bound: 'f = 0, no message is lost',
  rounds: 'at most n until it enters',
  messages: 'n per lap of the token',
  breaks: 'the token is lost: nobody enters again',
  sizes: { n: 4, nMin: 2, nMax: 9, faults: 0, faultsMax: () => 0 },
  inRun: ({ n }) => ({ setting: { algorithm: tokenRing({ n, laps: 2 }) }, judge: tokenServes }),
  expectedMessages: ({ n }) => 2 * n,
  explored: {
    bounds: 'n = 3, two laps of the token, each process asks once at any moment',
    setting: { algorithm: tokenRing({ n: 3, laps: 2 }) },
    judge: tokenServes,
  },
  broken: {
    condition: 'one message is lost',
    setting: { algorithm: tokenRing({ n: 3, laps: 2 }), faults: { losses: 1 } },
    judge: tokenServes,
  },
})

const LAMPORT_QUEUE = asynchronousEntry({
  name: 'lamport-mutual-exclusion',
  title: "Lamport's mutual exclusion",
  idea: 'Each process keeps the queue of all requests in the order of their clocks. It enters when its own is the first, and all others have sent something later.',
  room: 'mutual-exclusion',
  file: 'src/classics/mutual-exclusion/lamport-queue.ts',
  source: 'Lamport, CACM 21(7), 1978',
  model: 'asynchronous',
  faults: 'none',
  bound: 'f = 0, FIFO links',
  rounds: '2 until it enters',
  messages: '3(n−1) per entry',
  breaks: 'a message overtakes another one: two are inside',
  sizes: { n: 3, nMin: 2, nMax: 9, faults: 0, faultsMax: () => 0 },
  inRun: ({ n }) => ({ setting: { algorithm: lamportQueue({ n }) }, judge: mutualExclusion(n) }),
  expectedMessages: ({ n }) => n * 3 * (n - 1),
  explored: {
    bounds: 'n = 2, each process enters once',
    setting: { algorithm: lamportQueue({ n: 2 }) },
    judge: mutualExclusion(2),
  },
  broken: {
    condition: 'links are not FIFO',
    setting: { algorithm: lamportQueue({ n: 2, isFifo: false }) },
    judge: mutualExclusion(2),
  },
})

const MAEKAWA = asynchronousEntry({
  name: 'maekawa',
  title: 'Maekawa mutual exclusion by quorums',
  idea: 'A process enters when every member of its quorum has voted for it. Any two quorums meet, and a member votes for one process at a time.',
  room: 'mutual-exclusion',
  file: 'src/classics/mutual-exclusion/maekawa.ts',
  source: 'Maekawa, TOCS 3(2), 1985; Sanders, TOCS 5(3), 1987',
  model: 'asynchronous',
  faults: 'none',
  bound: 'f = 0, any two quorums meet',
  rounds: '2 until it enters',
  messages: '3(K−1) per entry without contention, K ≈ √n',
  breaks: 'votes are never given back: three processes wait for each other',
  sizes: { n: 7, nMin: 3, nMax: 16, faults: 0, faultsMax: () => 0 },
  inRun: ({ n }) => ({ setting: { algorithm: maekawa({ n, spacing: 100 }) }, judge: mutualExclusion(n) }),
  expectedMessages: ({ n }) => allProcesses(n).reduce((sum, id) => sum + 3 * (quorumOf(n, id).length - 1), 0),
  explored: {
    bounds: 'n = 3, each process enters once, all contend',
    setting: { algorithm: maekawa({ n: 3 }) },
    judge: mutualExclusion(3),
  },
  broken: {
    condition: 'votes are never given back',
    setting: { algorithm: maekawa({ n: 3, inquires: false }) },
    judge: mutualExclusion(3),
  },
})

/** Checks that no write of an earlier lease is stored after one of a later lease. */
const storesInOrder: Judge<unknown> = ({ outputs }) => {
  let last = 0
  for (const { value } of outputs) {
    if (Number(value) < last)
      return `order of leases: the write of lease ${value} overwrites that of lease ${last}`
    last = Number(value)
  }
  return null
}

const FENCING = asynchronousEntry({
  name: 'fencing-tokens',
  title: 'Fencing tokens against a paused holder of a lease',
  idea: 'Each lease has a larger number than the one before, writes carry it, and the storage refuses a smaller number than it has seen.',
  room: 'mutual-exclusion',
  file: 'src/classics/mutual-exclusion/fencing.ts',
  source: 'Kleppmann 2016; Burrows, OSDI 2006 (sequencers)',
  model: 'asynchronous',
  faults: 'pauses',
  bound: 'the storage compares tokens',
  rounds: '4',
  messages: '4 per lease with one write',
  breaks: 'the storage does not compare tokens: a paused holder overwrites the write of the next one',
  sizes: { n: 4, nMin: 3, nMax: 9, faults: 0, faultsMax: () => 0 },
  inRun: ({ n }) => ({ setting: { algorithm: fencing({ n }) }, judge: storesInOrder }),
  expectedMessages: ({ n }) => 4 * (n - 2),
  explored: {
    bounds: 'a lock service, a storage, two clients, one lease each, which ends at any moment',
    setting: { algorithm: fencing({ n: 4 }) },
    judge: storesInOrder,
  },
  broken: {
    condition: 'the storage does not compare tokens',
    setting: { algorithm: fencing({ n: 4, isFenced: false }) },
    judge: storesInOrder,
  },
})

export const MUTUAL_EXCLUSION: readonly GalleryEntry[] = [
  CENTRAL_SERVER,
  TOKEN_RING,
  LAMPORT_QUEUE,
  RICART_AGRAWALA,
  MAEKAWA,
  FENCING,
]
