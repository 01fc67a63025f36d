/**
 * Failure detection by heartbeats: Chandra, Toueg, "Unreliable Failure Detectors for Reliable Distributed Systems" (JACM
 * 1996). Process 0 beats once in a period, and the others suspect it when no beat comes for longer than they wait. If
 * the wait covers a period and the longest delay, nobody is suspected wrongly and every crash is noticed: the detector
 * is perfect. Without bounds on delays no wait is long enough.
 *
 * The wait is fixed, or computed from the beats that came (see `phi-accrual.ts`).
 */
import { type AsynchronousAlgorithm, type Automaton, type Reaction, sendToEach } from '../automaton.ts'
import { everyoneBut, type ProcessId } from '../process.ts'

export const MONITORED: ProcessId = 0

export interface HeartbeatMessage {
  /** With the last message it takes its leave, so that the run can end. */
  readonly type: 'BEAT' | 'LEAVE'
}

export interface HeartbeatState {
  /** At process 0: the beats that are left. */
  readonly left: number
  /** At the others: the time of the last beat, and the intervals between beats. */
  readonly last: number
  readonly intervals: readonly number[]
}

export interface HeartbeatOptions {
  readonly n: number
  readonly period: number
  readonly beats: number
  /** Returns how long to wait for the next beat after these intervals between beats. */
  readonly wait: (intervals: readonly number[]) => number
}

type React = Reaction<HeartbeatState, HeartbeatMessage>

export function heartbeat(
  options: HeartbeatOptions,
): AsynchronousAlgorithm<HeartbeatState, HeartbeatMessage> {
  const { n, period, beats, wait } = options
  const others = everyoneBut(n, MONITORED)

  const beat = (state: HeartbeatState): React => ({
    state: { ...state, left: state.left - 1 },
    sends: sendToEach(others, { type: state.left > 0 ? 'BEAT' : 'LEAVE' }),
    timers: state.left > 0 ? [{ name: 'beat', after: period }] : [],
  })
  const monitored: Automaton<HeartbeatState, HeartbeatMessage> = {
    start: () => beat({ left: beats, last: 0, intervals: [] }),
    receive: (state) => ({ state }),
    expire: beat,
  }

  const monitor: Automaton<HeartbeatState, HeartbeatMessage> = {
    // The first beat is under way; it may take as long as an interval.
    start: ({ clock }) => ({
      state: { left: 0, last: clock, intervals: [] },
      timers: [{ name: 'wait', after: wait([]) }],
    }),
    receive(state, _from, { type }, { clock }) {
      if (type === 'LEAVE')
        return { state, timers: [{ name: 'wait', after: null }], outputs: [{ event: 'sees P0 leave' }] }
      const intervals = [...state.intervals, clock - state.last]
      return {
        state: { ...state, last: clock, intervals },
        timers: [{ name: 'wait', after: wait(intervals) }],
      }
    },
    expire: (state) => ({ state, outputs: [{ event: 'suspects', value: 'P0' }] }),
  }
  return { n, isFifo: true, process: (self) => (self === MONITORED ? monitored : monitor) }
}
