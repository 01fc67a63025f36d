/**
 * Cristian's clock synchronisation: Cristian, "Probabilistic Clock Synchronization" (Distributed Computing, 1989). A
 * client asks a time server, and assumes that the answer took half of the round trip. If no message takes less than
 * `delayMin`, the error is at most half of the round trip less `delayMin`; it is that large if one way takes it all.
 */
import type { AsynchronousAlgorithm, Automaton } from '../automaton.ts'
import type { ProcessId } from '../process.ts'

export const TIME_SERVER: ProcessId = 0

export type CristianMessage = { readonly type: 'ASK' } | { readonly type: 'TIME'; readonly time: number }

/** The difference between server and client as the client sees it, and the bound of its error. */
export interface Estimate {
  readonly offset: number
  readonly error: number
}

export interface CristianState {
  /** The reading of the own clock when it asked. */
  readonly askedAt: number
}

export function cristian(options: {
  readonly n: number
  /** The shortest time that a message is believed to take. */
  readonly delayMin: number
}): AsynchronousAlgorithm<CristianState, CristianMessage> {
  const { n, delayMin } = options
  const server: Automaton<CristianState, CristianMessage> = {
    start: () => ({ state: { askedAt: 0 } }),
    receive: (state, from, _message, { clock }) => ({
      state,
      sends: [{ to: from, message: { type: 'TIME', time: clock } }],
    }),
  }
  const client: Automaton<CristianState, CristianMessage> = {
    start: ({ clock }) => ({
      state: { askedAt: clock },
      sends: [{ to: TIME_SERVER, message: { type: 'ASK' } }],
    }),
    receive(state, _from, message, { clock }) {
      if (message.type !== 'TIME') return { state }
      const roundTrip = clock - state.askedAt
      const value: Estimate = {
        offset: message.time + roundTrip / 2 - clock,
        error: roundTrip / 2 - delayMin,
      }
      return { state, outputs: [{ event: 'estimates', value }] }
    },
  }
  return { n, process: (self) => (self === TIME_SERVER ? server : client) }
}
