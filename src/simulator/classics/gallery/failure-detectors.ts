/** Entries of the gallery: failure detectors, and what wrong suspicions do. */
import { heartbeat, MONITORED } from '../../../classics/failure-detectors/heartbeat.ts'
import { phiWait } from '../../../classics/failure-detectors/phi-accrual.ts'
import { suspicionQuorum } from '../../../classics/failure-detectors/suspicion-quorum.ts'
import { everyoneBut } from '../../../classics/process.ts'
import type { Judge } from '../judge.ts'
import { asynchronousEntry } from './asynchronous-entry.ts'
import type { GalleryEntry } from './entry.ts'

/** Checks that P0 is suspected only after its crash, and then by all. */
function isPerfect(n: number): Judge<unknown> {
  return ({ outputs, crashed, ending }) => {
    const hasCrashed = crashed.includes(MONITORED)
    const early = outputs.find(({ event }) => event === 'suspects')
    if (early !== undefined && !hasCrashed) return `accuracy: P${early.process} suspects P0, which is correct`
    if (ending === null || !hasCrashed) return null
    const unaware = everyoneBut(n, MONITORED).filter((id) => !outputs.some(({ process }) => process === id))
    return unaware.length === 0 ? null : `completeness: P${unaware[0]} never suspects P0`
  }
}

const PERIOD = 3
const BEATS = 3
const DELAY_MAX = 3
const fixedWait = () => PERIOD + DELAY_MAX
const phiOfEight = phiWait({ threshold: 8, window: 10, firstInterval: PERIOD })

const detector = (n: number, wait: (intervals: readonly number[]) => number, beats = BEATS) => ({
  setting: {
    algorithm: heartbeat({ n, period: PERIOD, beats, wait }),
    faults: { crashes: 1, crashable: [MONITORED] },
  },
  judge: isPerfect(n),
})

/** A flood on the link to P1 delays everything after the first beat. */
const flooded = (n: number, wait: (intervals: readonly number[]) => number, delay: number) => ({
  ...detector(n, wait),
  setting: { algorithm: heartbeat({ n, period: PERIOD, beats: BEATS, wait }) },
  timing: { delays: [1, delay] },
})

const HEARTBEAT = asynchronousEntry({
  name: 'heartbeat',
  title: 'Failure detector by heartbeats',
  idea: 'Process 0 beats once in a period, and the others suspect it when no beat comes for longer than they wait.',
  room: 'failure-detectors',
  file: 'src/classics/failure-detectors/heartbeat.ts',
  source: 'Chandra, Toueg, JACM 43(2), 1996',
  model: 'synchronous',
  faults: 'crashes',
  bound: 'wait ≥ period + longest delay',
  rounds: '1 per period',
  messages: '(beats + 1)(n−1)',
  breaks: 'denial of service delays a beat: a correct process is suspected',
  sizes: { n: 3, nMin: 2, nMax: 9, faults: 1, faultsMax: () => 1 },
  inRun: ({ n }) => ({ ...detector(n, fixedWait), timing: { delays: [1, 2, 3] } }),
  expectedMessages: ({ n }) => (BEATS + 1) * (n - 1),
  explored: {
    bounds: 'n = 2, three beats, each message takes 1, 2 or 3 ticks, P0 crashes anywhere or nowhere',
    ...detector(2, fixedWait),
    timing: { delays: [1, 2, 3] },
  },
  broken: {
    condition: 'a flood delays messages to 9 ticks, and the wait is made for 3',
    ...flooded(2, fixedWait, 9),
  },
})

const PHI_ACCRUAL = asynchronousEntry({
  name: 'phi-accrual',
  title: 'φ accrual failure detector',
  idea: 'The level of suspicion is the improbability that the next beat is still to come, by the intervals of the last beats.',
  room: 'failure-detectors',
  file: 'src/classics/failure-detectors/phi-accrual.ts',
  source: 'Hayashibara, Défago, Yared, Katayama, SRDS 2004',
  model: 'partially synchronous',
  faults: 'crashes',
  bound: 'intervals stay as they were: P(wrong) = 10^−φ',
  rounds: '1 per period',
  messages: '(beats + 1)(n−1)',
  breaks: 'denial of service delays a beat beyond all that came before: a correct process is suspected',
  sizes: { n: 3, nMin: 2, nMax: 9, faults: 1, faultsMax: () => 1 },
  inRun: ({ n }) => ({ ...detector(n, phiOfEight), timing: { delays: [1, 2, 3] } }),
  expectedMessages: ({ n }) => (BEATS + 1) * (n - 1),
  explored: {
    bounds: 'n = 2, three beats, each message takes 1, 2 or 3 ticks, P0 crashes anywhere or nowhere',
    ...detector(2, phiOfEight),
    timing: { delays: [1, 2, 3] },
  },
  broken: {
    condition: 'a flood delays messages to 30 ticks, ten times of what came before',
    ...flooded(2, phiOfEight, 30),
  },
})

/** Checks that all decide the same value. */
const agreement: Judge<unknown> = ({ outputs }) => {
  const [first, ...others] = outputs
  const other = others.find(({ value }) => value !== first?.value)
  if (first === undefined || other === undefined) return null
  return `agreement: P${first.process} decides ${first.value}, P${other.process} decides ${other.value}`
}

const SUSPICION_QUORUM = asynchronousEntry({
  name: 'suspicion-quorum',
  title: 'Quorums under wrong suspicions',
  idea: 'A value counts once a majority of all has accepted it, and not a majority of those that one does not suspect.',
  room: 'failure-detectors',
  file: 'src/classics/failure-detectors/suspicion-quorum.ts',
  source: 'Chandra, Toueg, JACM 43(2), 1996',
  model: 'asynchronous',
  faults: 'wrong suspicions',
  bound: 'a majority of all n',
  rounds: '2',
  messages: '-',
  breaks: 'a majority of those that are not suspected: two that suspect each other decide differently',
  sizes: { n: 3, nMin: 3, nMax: 7, faults: 0, faultsMax: () => 0 },
  inRun: ({ n }) => ({
    setting: { algorithm: suspicionQuorum({ n, proposers: [0, n - 1], isShrinking: false }) },
    judge: agreement,
  }),
  explored: {
    bounds: 'n = 3, two proposers, each suspects each other process at any moment',
    setting: { algorithm: suspicionQuorum({ n: 3, proposers: [0, 2], isShrinking: false }) },
    judge: agreement,
  },
  broken: {
    condition: 'the quorum shrinks to a majority of those that are not suspected',
    setting: { algorithm: suspicionQuorum({ n: 3, proposers: [0, 2], isShrinking: true }) },
    judge: agreement,
  },
})

export const FAILURE_DETECTORS: readonly GalleryEntry[] = [HEARTBEAT, PHI_ACCRUAL, SUSPICION_QUORUM]
