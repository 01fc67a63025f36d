/** Entries of the gallery: algorithms by which processes agree on a leader. */
import { allProcesses } from '../../../classics/automaton.ts'
import { bully } from '../../../classics/election/bully.ts'
import { changRoberts, worstRing } from '../../../classics/election/chang-roberts.ts'
import type { Judge } from '../judge.ts'
import { asynchronousEntry } from './asynchronous-entry.ts'
import type { GalleryEntry } from './entry.ts'
import { namesOf } from './process-names.ts'

/** Checks that every process elects the largest number, and no other. */
function electsLargest(numbers: readonly number[]): Judge<unknown> {
  const largest = Math.max(...numbers)
  return ({ outputs, crashed, ending }) => {
    const wrong = outputs.find(({ value }) => value !== largest)
    if (wrong !== undefined) return `one leader: P${wrong.process} elects ${wrong.value}, not ${largest}`
    if (ending === null) return null
    const left = numbers
      .map((_, id) => id)
      .filter((id) => !crashed.includes(id) && !outputs.some(({ process }) => process === id))
    return left.length === 0
      ? null
      : `termination: ${namesOf(left)} never ${left.length === 1 ? 'learns' : 'learn'} of a leader`
  }
}

const ring = (n: number) => changRoberts({ numbers: worstRing(n), starters: allProcesses(n) })

const CHANG_ROBERTS = asynchronousEntry({
  name: 'chang-roberts',
  title: 'Chang–Roberts election on a ring',
  idea: 'A number goes round the ring until it meets a larger one. The number that comes back to its process is the largest.',
  room: 'election',
  file: 'src/classics/election/chang-roberts.ts',
  source: 'Chang, Roberts, CACM 22(5), 1979',
  model: 'asynchronous',
  faults: 'none',
  bound: 'f = 0, different numbers',
  rounds: 'at most 2n',
  messages: 'n(n+1)/2 + n in the worst ring, all begin',
  breaks: 'one crash: the ring is cut, and no number comes back',
  sizes: { n: 4, nMin: 2, nMax: 12, faults: 0, faultsMax: () => 0 },
  inRun: ({ n }) => ({ setting: { algorithm: ring(n) }, judge: electsLargest(worstRing(n)) }),
  expectedMessages: ({ n }) => (n * (n + 1)) / 2 + n,
  explored: {
    bounds: 'n = 4, the worst ring, all begin',
    setting: { algorithm: ring(4) },
    judge: electsLargest(worstRing(4)),
    isUnordered: true,
  },
  broken: {
    condition: 'one process crashes',
    setting: { algorithm: ring(3), faults: { crashes: 1 } },
    judge: electsLargest(worstRing(3)),
    isUnordered: true,
  },
})

/** Checks that only the largest live process leads, and that all follow it at the end. */
function largestLeads(n: number): Judge<unknown> {
  return ({ outputs, crashed, ending }) => {
    const alive = allProcesses(n).filter((id) => !crashed.includes(id))
    const largest = Math.max(...alive)
    const usurper = outputs.find(({ event, process }) => event === 'leads' && process < largest)
    if (usurper !== undefined) return `one leader: P${usurper.process} leads, and P${largest} is alive`
    if (ending === null) return null
    const without = alive.filter((id) => !outputs.some(({ process }) => process === id))
    return without.length === 0 ? null : `termination: ${namesOf(without)} have no leader`
  }
}

/** The process with the largest number is dead, and the one with the smallest notices it. */
const bullies = (n: number) => ({
  setting: { algorithm: bully({ n, delayMax: 2, starters: [0] }), faults: { dead: [n - 1] } },
  judge: largestLeads(n),
})
const TIMELY: readonly number[] = [1, 2]

const BULLY = asynchronousEntry({
  name: 'bully',
  title: 'Bully election',
  idea: 'A process that misses the leader asks all processes with larger numbers. If none answers in time, it leads.',
  room: 'election',
  file: 'src/classics/election/bully.ts',
  source: 'Garcia-Molina, IEEE ToC C-31(1), 1982',
  model: 'synchronous',
  faults: 'crashes',
  bound: 'f < n, messages take at most the delay that timeouts are made for',
  rounds: '3 until all know the leader',
  messages: 'n²−n−1, the leader is dead and the smallest notices',
  breaks: 'a message is later than the timeout allows: two lead',
  sizes: { n: 4, nMin: 3, nMax: 9, faults: 1, faultsMax: () => 1 },
  inRun: ({ n }) => ({ ...bullies(n), timing: { delays: TIMELY } }),
  expectedMessages: ({ n }) => n * n - n - 1,
  explored: {
    bounds: 'n = 4, P3 is dead, P0 notices, each message takes 1 or 2 ticks of at most 2',
    ...bullies(4),
    timing: { delays: TIMELY },
  },
  broken: {
    condition: 'messages from P1 to P0 take 6 ticks, and timeouts are made for 2',
    ...bullies(3),
    timing: { delays: [1], delaysOf: (from, to) => (from === 1 && to === 0 ? [6] : [1]), end: 40 },
  },
})

export const ELECTION: readonly GalleryEntry[] = [CHANG_ROBERTS, BULLY]
