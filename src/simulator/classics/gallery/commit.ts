/** Entries of the gallery: atomic commitment, with its crashes, recoveries and partitions. */
import type { TypedMessage } from '../../../classics/automaton.ts'
import { suspicionOf, threePhaseCommit } from '../../../classics/commit/three-phase.ts'
import { twoPhaseCommit } from '../../../classics/commit/two-phase.ts'
import type { Judge } from '../judge.ts'
import { isQuiet, isSevered, type Setting } from '../world.ts'
import { asynchronousEntry } from './asynchronous-entry.ts'
import type { GalleryEntry } from './entry.ts'

/**
 * Checks that all decide alike, and commit only if all voted yes; at the end each running process has decided.
 * `comesBack` ignores the runs that end before the crashed process has restarted.
 */
export function atomicity(votes: readonly boolean[], comesBack = false): Judge<unknown> {
  return ({ outputs, crashed, ending }) => {
    const [first, ...others] = outputs
    const different = others.find(({ value }) => value !== first?.value)
    if (first !== undefined && different !== undefined)
      return `agreement: P${first.process} decides ${first.value}, P${different.process} ${different.value}`
    const committed = outputs.find(({ value }) => value === 'commit')
    if (committed !== undefined && votes.includes(false))
      return `validity: P${committed.process} commits although not all voted yes`
    if (ending === null || (comesBack && crashed.length > 0)) return null
    const waiting = votes
      .map((_, id) => id)
      .filter((id) => !crashed.includes(id) && !outputs.some(({ process }) => process === id))
    return waiting.length === 0 ? null : `termination: ${waiting.map((id) => `P${id}`).join(' and ')} blocked`
  }
}

/**
 * The timers of a synchronous network: they expire when nothing more arrives, so no reachable process is suspected.
 */
export function inTimeBounds<State, Message extends TypedMessage>(
  setting: Setting<State, Message>,
): Setting<State, Message> {
  return {
    ...setting,
    mayExpire: (world, { process, name }) => {
      if (!isQuiet(world)) return false
      const suspected = world.states.findIndex((_, id) => name === suspicionOf(id))
      if (suspected < 0) return true
      return world.crashed.includes(suspected) || isSevered(setting, world, { from: suspected, to: process })
    },
  }
}

const allYes = (n: number): readonly boolean[] => Array.from({ length: n }, () => true)

const TWO_PHASE = asynchronousEntry({
  name: 'two-phase-commit',
  title: 'Two-phase commit with recovery',
  idea: 'The coordinator asks all for their votes. It commits if every vote is yes, and the outcome goes to all.',
  room: 'commit',
  file: 'src/classics/commit/two-phase.ts',
  source: 'Gray 1978; Bernstein, Hadzilacos, Goodman 1987, 7.4',
  model: 'asynchronous',
  faults: 'crashes, if everyone comes back',
  bound: 'the coordinator comes back',
  rounds: '3',
  messages: '3(n−1)',
  breaks:
    'the coordinator crashes between the votes and the outcome, and stays away: all that voted yes are blocked',
  sizes: { n: 3, nMin: 2, nMax: 9, faults: 0, faultsMax: () => 0 },
  inRun: ({ n }) => ({
    setting: inTimeBounds({ algorithm: twoPhaseCommit({ n, votes: allYes(n), asks: 1 }) }),
    judge: atomicity(allYes(n)),
  }),
  expectedMessages: ({ n }) => 3 * (n - 1),
  explored: {
    bounds: 'n = 3, all vote yes, one process crashes at any place and comes back at any moment',
    setting: inTimeBounds({
      algorithm: twoPhaseCommit({ n: 3, votes: allYes(3), asks: 1 }),
      faults: { crashes: 1, restarts: 1 },
    }),
    judge: atomicity(allYes(3), true),
    isUnordered: true,
  },
  broken: {
    condition: 'the coordinator crashes and stays away',
    setting: inTimeBounds({
      algorithm: twoPhaseCommit({ n: 3, votes: allYes(3), asks: 1 }),
      faults: { crashes: 1, crashable: [0] },
    }),
    judge: atomicity(allYes(3)),
    isUnordered: true,
  },
})

const THREE_PHASE = asynchronousEntry({
  name: 'three-phase-commit',
  title: 'Three-phase commit with its termination protocol',
  idea: 'Between the votes and the commit all become prepared, so that no process is uncertain while another one has committed.',
  room: 'commit',
  file: 'src/classics/commit/three-phase.ts',
  source: 'Skeen, SIGMOD 1981',
  model: 'synchronous',
  faults: 'crashes',
  bound: 'f < n, no partition',
  rounds: '5',
  messages: '5(n−1)',
  breaks: 'a partition: one side commits, and the other one aborts',
  sizes: { n: 3, nMin: 2, nMax: 9, faults: 0, faultsMax: (n) => n - 1 },
  inRun: ({ n, faults }) => ({
    setting: inTimeBounds({
      algorithm: threePhaseCommit({ n, votes: allYes(n) }),
      faults: { crashes: faults },
    }),
    judge: atomicity(allYes(n)),
  }),
  expectedMessages: ({ n }) => 5 * (n - 1),
  explored: {
    bounds: 'n = 3, all vote yes, up to two crashes at any place',
    setting: inTimeBounds({
      algorithm: threePhaseCommit({ n: 3, votes: allYes(3) }),
      faults: { crashes: 2 },
    }),
    judge: atomicity(allYes(3)),
    isUnordered: true,
  },
  broken: {
    condition: 'the network parts: P2 is alone',
    setting: inTimeBounds({ algorithm: threePhaseCommit({ n: 3, votes: allYes(3) }), faults: { side: [2] } }),
    judge: atomicity(allYes(3)),
    isUnordered: true,
  },
})

export const COMMIT: readonly GalleryEntry[] = [TWO_PHASE, THREE_PHASE]
