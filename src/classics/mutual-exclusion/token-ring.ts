/**
 * Mutual exclusion by a token: Le Lann, "Distributed Systems: Towards a Formal Approach" (IFIP 1977). One token goes
 * round a ring; the process that holds it may be inside. Between 1 and n messages for each entry, and messages also
 * when nobody wants to enter. If the token is lost, nobody enters again.
 */
import type { AsynchronousAlgorithm, Automaton, Reaction } from '../automaton.ts'
import type { ProcessId } from '../process.ts'

export interface TokenMessage {
  readonly type: 'TOKEN'
  /** The number of links that it has passed; the run ends after a number of laps. */
  readonly hops: number
}

export interface TokenState {
  readonly wants: boolean
  /** The token while it is here. */
  readonly token: TokenMessage | null
}

export function tokenRing(options: {
  readonly n: number
  readonly laps: number
}): AsynchronousAlgorithm<TokenState, TokenMessage> {
  const { n, laps } = options

  const process = (self: ProcessId): Automaton<TokenState, TokenMessage> => {
    function pass(state: TokenState, token: TokenMessage): Reaction<TokenState, TokenMessage> {
      if (token.hops === laps * n)
        return { state: { ...state, token: null }, outputs: [{ event: 'keeps the token' }] }
      return {
        state: { ...state, token: null },
        sends: [{ to: (self + 1) % n, message: { type: 'TOKEN', hops: token.hops + 1 } }],
        outputs: [{ event: 'passes the token' }],
      }
    }

    function take(state: TokenState, token: TokenMessage): Reaction<TokenState, TokenMessage> {
      if (!state.wants) return pass(state, token)
      return {
        state: { wants: false, token },
        outputs: [{ event: 'enters' }],
        timers: [{ name: 'leave', after: 2 }],
      }
    }

    return {
      start() {
        const state = { wants: false, token: null }
        const wish = [{ name: 'request', after: 1 + 4 * self }]
        // The last process has the token first, and so passes it to process 0.
        if (self !== n - 1) return { state, timers: wish }
        return { ...pass(state, { type: 'TOKEN', hops: 0 }), timers: wish }
      },
      receive: (state, _from, token) => take(state, token),
      expire(state, timer) {
        if (timer === 'request') return { state: { ...state, wants: true }, outputs: [{ event: 'asks' }] }
        const { token } = state
        if (token === null) return { state }
        const passed = pass(state, token)
        return { ...passed, outputs: [{ event: 'leaves' }, ...(passed.outputs ?? [])] }
      },
    }
  }
  return { n, process }
}
