/**
 * The bully election: Garcia-Molina, "Elections in a Distributed Computing System" (IEEE ToC 1982). A process that misses
 * the coordinator asks all processes with larger numbers. If none answers in time, it leads and says so to all others.
 * It relies on timeouts: a message takes at most `delayMax`, and a crashed process is silent.
 */
import {
  type AsynchronousAlgorithm,
  type Automaton,
  allProcesses,
  type Reaction,
  sendToEach,
} from '../automaton.ts'
import type { ProcessId } from '../process.ts'

export interface BullyMessage {
  readonly type: 'ELECTION' | 'ANSWER' | 'COORDINATOR'
}

export interface BullyState {
  readonly isElecting: boolean
  readonly coordinator: ProcessId | null
}

export function bully(options: {
  readonly n: number
  /** The longest time that a message is believed to take. */
  readonly delayMax: number
  /** The processes that notice that the coordinator is missing. */
  readonly starters: readonly ProcessId[]
}): AsynchronousAlgorithm<BullyState, BullyMessage> {
  const { n, delayMax, starters } = options

  const process = (self: ProcessId): Automaton<BullyState, BullyMessage> => {
    const larger = allProcesses(n).filter((id) => id > self)

    function hold(state: BullyState): Reaction<BullyState, BullyMessage> {
      return {
        state: { ...state, isElecting: true },
        sends: sendToEach(larger, { type: 'ELECTION' }),
        // There and back, and the answer comes in time.
        timers: [{ name: 'no answer', after: 2 * delayMax + 1 }],
      }
    }

    function lead(state: BullyState): Reaction<BullyState, BullyMessage> {
      return {
        state: { ...state, isElecting: false, coordinator: self },
        sends: sendToEach(
          allProcesses(n).filter((id) => id !== self && !larger.includes(id)),
          { type: 'COORDINATOR' },
        ),
        outputs: [{ event: 'leads' }],
      }
    }

    return {
      start: () => ({
        state: { isElecting: false, coordinator: null },
        timers: starters.includes(self) ? [{ name: 'coordinator is missing', after: 1 }] : [],
      }),
      expire: (state, timer) => (timer === 'no answer' ? lead(state) : hold(state)),
      receive(state, from, { type }) {
        switch (type) {
          case 'ELECTION': {
            const answer = { to: from, message: { type: 'ANSWER' } } as const
            if (state.isElecting || state.coordinator === self) return { state, sends: [answer] }
            const held = hold(state)
            return { ...held, sends: [answer, ...(held.sends ?? [])] }
          }
          case 'ANSWER':
            // The largest process that is alive leads within four delays; if it crashes meanwhile, hold a new election.
            return {
              state,
              timers: [
                { name: 'no answer', after: null },
                { name: 'no coordinator', after: 4 * delayMax + 1 },
              ],
            }
          case 'COORDINATOR':
            return {
              state: { isElecting: false, coordinator: from },
              timers: [
                { name: 'no answer', after: null },
                { name: 'no coordinator', after: null },
              ],
              outputs: [{ event: 'follows', value: `P${from}` }],
            }
        }
      },
    }
  }
  return { n, process }
}
