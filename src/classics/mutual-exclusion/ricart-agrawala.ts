/**
 * Mutual exclusion by permission of all: Ricart, Agrawala, "An Optimal Algorithm for Mutual Exclusion in Computer
 * Networks" (CACM 1981). A process asks every other one, and enters when all have replied. A process that is inside, or
 * whose own request is older, replies only when it has left. 2(n - 1) messages for each entry; no process may crash.
 */
import { type AsynchronousAlgorithm, type Automaton, type Reaction, sendToEach } from '../automaton.ts'
import { everyoneBut, type ProcessId } from '../process.ts'

export type RicartAgrawalaMessage =
  | { readonly type: 'REQUEST'; readonly clock: number }
  | { readonly type: 'REPLY' }

export interface RicartAgrawalaState {
  /** Lamport's clock. */
  readonly clock: number
  /** The clock of the open request; null for none. */
  readonly requested: number | null
  /** The processes that have not replied to it. */
  readonly awaiting: readonly ProcessId[]
  /** The processes whose requests wait for this process to leave. */
  readonly deferred: readonly ProcessId[]
  /** The number of entries that the user still wants. */
  readonly wanted: number
}

type React = Reaction<RicartAgrawalaState, RicartAgrawalaMessage>

export function ricartAgrawala(options: {
  readonly n: number
  /** The number of times that each process enters; once when absent. */
  readonly entries?: number
}): AsynchronousAlgorithm<RicartAgrawalaState, RicartAgrawalaMessage> {
  const { n, entries = 1 } = options

  const process = (self: ProcessId): Automaton<RicartAgrawalaState, RicartAgrawalaMessage> => {
    function request(state: RicartAgrawalaState): React {
      const clock = state.clock + 1
      const others = everyoneBut(n, self)
      return {
        state: { ...state, clock, requested: clock, awaiting: others, wanted: state.wanted - 1 },
        sends: sendToEach(others, { type: 'REQUEST', clock }),
      }
    }

    function leave(state: RicartAgrawalaState): React {
      return {
        state: { ...state, requested: null, deferred: [] },
        sends: sendToEach(state.deferred, { type: 'REPLY' }),
        outputs: [{ event: 'leaves' }],
        timers: state.wanted > 0 ? [{ name: 'request', after: 2 }] : [],
      }
    }

    /** The older request goes first; of requests with equal clocks, that of the lower process. */
    const isMineFirst = ({ requested }: RicartAgrawalaState, from: ProcessId, clock: number): boolean =>
      requested !== null && (requested < clock || (requested === clock && self < from))

    return {
      start: () => ({
        state: { clock: 0, requested: null, awaiting: [], deferred: [], wanted: entries },
        timers: [{ name: 'request', after: 1 }],
      }),
      expire: (state, timer) => (timer === 'request' ? request(state) : leave(state)),
      receive(state, from, message) {
        if (message.type === 'REPLY') {
          const awaiting = state.awaiting.filter((id) => id !== from)
          if (awaiting.length > 0) return { state: { ...state, awaiting } }
          return {
            state: { ...state, awaiting },
            outputs: [{ event: 'enters' }],
            timers: [{ name: 'leave', after: 2 }],
          }
        }
        const next = { ...state, clock: Math.max(state.clock, message.clock) }
        if (isMineFirst(state, from, message.clock))
          return { state: { ...next, deferred: [...state.deferred, from] } }
        return { state: next, sends: [{ to: from, message: { type: 'REPLY' } }] }
      },
    }
  }
  return { n, process }
}
