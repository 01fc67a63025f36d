/**
 * Averaging of clocks with f liars: Lundelius Welch, Lynch, "A New Fault-Tolerant Algorithm for Clock Synchronization"
 * (PODC 1984). Each process learns how far every clock is ahead of its own, leaves out the f largest and the f smallest
 * differences, and moves to the middle of the others. With n > 3f, one exchange halves the distance of correct clocks,
 * but for the uncertainty of delays; with n = 3f, liars keep them apart.
 */
import { type AsynchronousAlgorithm, type Automaton, sendToEach } from '../automaton.ts'
import { everyoneBut, type ProcessId } from '../process.ts'

export interface ReadingMessage {
  readonly type: 'READING'
  readonly time: number
}

export interface AveragingState {
  /** By process: how far its clock is ahead; null while unknown. */
  readonly ahead: readonly (number | null)[]
}

export function clockAveraging(options: {
  readonly n: number
  readonly faults: number
  /** The time that a message is assumed to take. */
  readonly delay: number
  /** The time by which all readings of correct processes have arrived. */
  readonly wait: number
}): AsynchronousAlgorithm<AveragingState, ReadingMessage> {
  const { n, faults, delay, wait } = options
  const process = (self: ProcessId): Automaton<AveragingState, ReadingMessage> => ({
    start: ({ clock }) => ({
      state: { ahead: Array.from({ length: n }, (_, id) => (id === self ? 0 : null)) },
      sends: sendToEach(everyoneBut(n, self), { type: 'READING', time: clock }),
      timers: [{ name: 'adjust', after: wait }],
    }),
    receive(state, from, { time }, { clock }) {
      const difference = time + delay - clock
      return { state: { ahead: state.ahead.map((each, id) => (id === from ? difference : each)) } }
    },
    expire(state) {
      return { state, outputs: [{ event: 'changes by', value: faultTolerantMiddle(state.ahead, faults) }] }
    },
  })
  return { n, process }
}

/** Returns the middle of the differences without the f largest and the f smallest; a silent process counts as equal. */
export function faultTolerantMiddle(ahead: readonly (number | null)[], faults: number): number {
  const sorted = ahead.map((each) => each ?? 0).sort((a, b) => a - b)
  const kept = sorted.slice(faults, sorted.length - faults)
  return ((kept[0] ?? 0) + (kept.at(-1) ?? 0)) / 2
}
