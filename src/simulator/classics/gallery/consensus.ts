/** Entries of the gallery: consensus on a log, with crashes and recoveries. */
import { multiPaxos } from '../../../classics/consensus/multi-paxos.ts'
import { raft } from '../../../classics/consensus/raft.ts'
import { duel } from '../duel.ts'
import { figureEight } from '../figure-eight.ts'
import { factsOf, type Judge } from '../judge.ts'
import { asynchronousEntry, runOf } from './asynchronous-entry.ts'
import type { GalleryEntry } from './entry.ts'

/**
 * Checks that at each place of the log all processes have the same command, and that only one process leads in a term.
 */
export const oneLog: Judge<unknown> = ({ outputs }) => {
  const known = new Map<string, { readonly process: number; readonly command: string }>()
  const leaders = new Map<string, number>()
  for (const { process, event, value } of outputs) {
    if (event === 'leads') {
      const leader = leaders.get(String(value)) ?? process
      if (leader !== process) return `one leader: P${leader} and P${process} lead in term ${value}`
      leaders.set(String(value), process)
      continue
    }
    const [place = '', command = ''] = String(value).split(': ')
    const other = known.get(place) ?? { process, command }
    if (other.command !== command)
      return `agreement: at place ${place}, P${other.process} has ${other.command}, P${process} has ${command}`
    known.set(place, other)
  }
  return null
}

/** Checks for one log, which at the end contains every command of a running process. */
export const inTheLog =
  (commands: readonly string[]): Judge<unknown> =>
  (facts) => {
    const wrong = oneLog(facts)
    if (wrong !== null || facts.ending === null) return wrong
    const isThere = (command: string) =>
      facts.outputs.some(({ value }) => String(value).endsWith(`: ${command}`))
    const missing = commands.find((command) => !isThere(command))
    return missing === undefined ? null : `termination: ${missing} is in no log`
  }

const one = (n: number, times: number): readonly number[] =>
  Array.from({ length: n }, (_, id) => (id === 0 ? times : 0))
const onlyFirst = (n: number, commands: readonly string[]): readonly (readonly string[])[] =>
  Array.from({ length: n }, (_, id) => (id === 0 ? commands : []))

/** Checks for one log, which is not empty at the end. */
export const advances: Judge<unknown> = (facts) => {
  const wrong = oneLog(facts)
  const isEmpty = facts.outputs.every(({ event }) => event === 'leads')
  return wrong ?? (facts.ending !== null && isEmpty ? 'termination: nothing is in the log' : null)
}

/** Both proposers reach only the third process, which decides between them. */
export const onlyThroughThird = (from: number, to: number): boolean => from + to === 1

const BALLOTS_OF_DUEL = 3

const PAXOS_RUNS = asynchronousEntry({
  name: 'paxos',
  title: 'Paxos for a log of commands',
  idea: 'A majority promises to ignore older ballots, and reports what it has accepted. The proposer repeats that, or is free to propose its own command.',
  room: 'consensus',
  file: 'src/classics/consensus/multi-paxos.ts',
  source: 'Lamport, TOCS 16(2), 1998',
  model: 'partially synchronous',
  faults: 'crashes with recovery, losses',
  bound: 'n > 2f; one wants to lead',
  rounds: '5, then 3 per command',
  messages: '2(n−1), then 3(n−1) per command',
  breaks: 'two outbid each other: nothing is chosen',
  sizes: { n: 3, nMin: 3, nMax: 9, faults: 0, faultsMax: () => 0 },
  inRun: ({ n }) => ({
    setting: { algorithm: multiPaxos({ n, commands: onlyFirst(n, ['a', 'b']), ballots: one(n, 1) }) },
    judge: inTheLog(['a', 'b']),
  }),
  expectedMessages: ({ n }) => 2 * (n - 1) + 2 * 3 * (n - 1),
  explored: {
    bounds: 'n = 3, two proposers that reach only the third process, two ballots and one, at any moment',
    setting: {
      algorithm: multiPaxos({ n: 3, commands: [['a'], ['b'], []], ballots: [2, 1, 0] }),
      isCut: onlyThroughThird,
    },
    judge: oneLog,
    isUnordered: true,
  },
  broken: {
    condition: 'two proposers outbid each other',
    setting: {
      algorithm: multiPaxos({ n: 3, commands: [['a'], ['b'], []], ballots: [1, 1, 0] }),
      isCut: onlyThroughThird,
    },
    judge: inTheLog(['a']),
    isUnordered: true,
  },
})

const PAXOS: GalleryEntry = {
  ...PAXOS_RUNS,
  break() {
    const { diagram } = duel(BALLOTS_OF_DUEL)
    const violation = `termination: after ${BALLOTS_OF_DUEL} ballots nothing is chosen, and the next one outbids the last`
    return { condition: 'two proposers outbid each other', run: runOf(3, diagram, violation) }
  },
}

const RAFT_RUNS = asynchronousEntry({
  name: 'raft',
  title: 'Raft',
  idea: 'A majority elects a leader whose log is not behind. The leader makes the other logs equal to its own, and commits an entry of its term that a majority has.',
  room: 'consensus',
  file: 'src/classics/consensus/raft.ts',
  source: 'Ongaro, Ousterhout, USENIX ATC 2014',
  model: 'partially synchronous',
  faults: 'crashes with recovery, losses',
  bound: 'n > 2f; one stands for election',
  rounds: '2 for the election, 3 per command',
  messages: '2(n−1) for the election, 4(n−1) for a command',
  breaks:
    'figure 8, entries of older terms are committed by counting: one is applied, and overwritten; all stand for election at once: nobody leads',
  sizes: { n: 3, nMin: 3, nMax: 9, faults: 0, faultsMax: () => 0 },
  inRun: ({ n }) => ({
    setting: {
      algorithm: raft({
        n,
        commands: Array.from({ length: n }, (_, id) => (id === 0 ? 'a' : null)),
        elections: one(n, 1),
      }),
    },
    judge: inTheLog(['a']),
  }),
  expectedMessages: ({ n }) => 2 * (n - 1) + 4 * (n - 1),
  explored: {
    bounds:
      'n = 3, two candidates that reach only the third process, two elections and one, at any moment; the third crashes and comes back',
    setting: {
      algorithm: raft({ n: 3, commands: ['a', 'b', null], elections: [2, 1, 0] }),
      isCut: onlyThroughThird,
      faults: { crashes: 1, restarts: 1, crashable: [2] },
    },
    judge: oneLog,
    isUnordered: true,
  },
  broken: {
    condition: 'n = 2, and both stand for election at once',
    setting: { algorithm: raft({ n: 2, commands: ['a', 'b'], elections: [1, 1] }) },
    judge: advances,
    isUnordered: true,
  },
})

const RAFT: GalleryEntry = {
  ...RAFT_RUNS,
  break() {
    const { diagram, world } = figureEight(true)
    return {
      condition: 'a leader commits an entry of an older term by counting its copies (figure 8 of the paper)',
      run: runOf(5, diagram, oneLog(factsOf(world, false))),
    }
  },
}

export const CONSENSUS: readonly GalleryEntry[] = [PAXOS, RAFT]
