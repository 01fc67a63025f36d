/**
 * Mutual exclusion by a server: Coulouris, Dollimore, Kindberg, "Distributed Systems", 15.2. Process 0 grants the
 * critical section to one client at a time, in the order in which requests arrive. Three messages for each entry; the
 * server is a single point of failure.
 */
import type { AsynchronousAlgorithm, Automaton } from '../automaton.ts'
import type { ProcessId } from '../process.ts'

export const SERVER: ProcessId = 0

export interface ServerMessage {
  readonly type: 'REQUEST' | 'GRANT' | 'RELEASE'
}

export interface ServerState {
  /** At the server: the client that is inside, and those that wait, in order. */
  readonly inside: ProcessId | null
  readonly queue: readonly ProcessId[]
  /** At a client: the number of entries that the user still wants. */
  readonly wanted: number
}

export function centralServer(options: {
  readonly n: number
  /** The number of times that each client enters; once when absent. */
  readonly entries?: number
}): AsynchronousAlgorithm<ServerState, ServerMessage> {
  const { n, entries = 1 } = options

  const server: Automaton<ServerState, ServerMessage> = {
    start: () => ({ state: { inside: null, queue: [], wanted: 0 } }),
    receive(state, from, { type }) {
      if (type === 'REQUEST' && state.inside !== null)
        return { state: { ...state, queue: [...state.queue, from] } }
      const [next = null, ...queue] = type === 'REQUEST' ? [from] : state.queue
      return {
        state: { ...state, inside: next, queue },
        sends: next === null ? [] : [{ to: next, message: { type: 'GRANT' } }],
      }
    },
  }

  const client: Automaton<ServerState, ServerMessage> = {
    start: () => ({
      state: { inside: null, queue: [], wanted: entries },
      timers: [{ name: 'request', after: 1 }],
    }),
    expire(state, timer) {
      if (timer === 'request') {
        const next = { ...state, wanted: state.wanted - 1 }
        return { state: next, sends: [{ to: SERVER, message: { type: 'REQUEST' } }] }
      }
      return {
        state,
        sends: [{ to: SERVER, message: { type: 'RELEASE' } }],
        outputs: [{ event: 'leaves' }],
        timers: state.wanted > 0 ? [{ name: 'request', after: 2 }] : [],
      }
    },
    receive: (state) => ({ state, outputs: [{ event: 'enters' }], timers: [{ name: 'leave', after: 2 }] }),
  }
  return { n, process: (self) => (self === SERVER ? server : client) }
}
