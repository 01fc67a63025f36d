/**
 * The Berkeley algorithm: Gusella, Zatti, "The Accuracy of the Clock Synchronization Achieved by TEMPO in Berkeley UNIX
 * 4.3BSD" (IEEE TSE 1989). No clock is right. A master asks all for their time, corrects the answers by half of the
 * round trip, averages those that are near its own, and sends each process the difference by which to change its clock.
 */
import { type AsynchronousAlgorithm, type Automaton, sendToEach } from '../automaton.ts'
import { everyoneBut, type ProcessId } from '../process.ts'

export const MASTER: ProcessId = 0

export type BerkeleyMessage =
  | { readonly type: 'POLL' }
  | { readonly type: 'READING'; readonly time: number }
  | { readonly type: 'CHANGE'; readonly by: number }

export interface BerkeleyState {
  readonly polledAt: number
  /** By process: how far its clock is ahead of the master's; null while unknown. */
  readonly ahead: readonly (number | null)[]
}

export function berkeley(options: {
  readonly n: number
  /** Clocks that differ more from the master's are left out of the mean. */
  readonly differenceMax: number
}): AsynchronousAlgorithm<BerkeleyState, BerkeleyMessage> {
  const { n, differenceMax } = options
  const others = everyoneBut(n, MASTER)

  function change(state: BerkeleyState) {
    const known = state.ahead.map((each) => each ?? 0)
    const near = known.filter((each) => Math.abs(each) <= differenceMax)
    const mean = near.reduce((sum, each) => sum + each, 0) / near.length
    return {
      state,
      sends: others.map((to) => {
        const message = { type: 'CHANGE', by: mean - (known[to] ?? 0) } as const
        return { to, message }
      }),
      outputs: [{ event: 'changes by', value: mean }],
    }
  }

  const master: Automaton<BerkeleyState, BerkeleyMessage> = {
    start: ({ clock }) => ({
      state: { polledAt: clock, ahead: Array.from({ length: n }, (_, id) => (id === MASTER ? 0 : null)) },
      sends: sendToEach(others, { type: 'POLL' }),
    }),
    receive(state, from, message, { clock }) {
      if (message.type !== 'READING') return { state }
      const ahead = message.time + (clock - state.polledAt) / 2 - clock
      const next = { ...state, ahead: state.ahead.map((each, id) => (id === from ? ahead : each)) }
      return next.ahead.includes(null) ? { state: next } : change(next)
    },
  }
  const other: Automaton<BerkeleyState, BerkeleyMessage> = {
    start: () => ({ state: { polledAt: 0, ahead: [] } }),
    receive(state, from, message, { clock }) {
      if (message.type === 'POLL')
        return { state, sends: [{ to: from, message: { type: 'READING', time: clock } }] }
      return { state, outputs: message.type === 'CHANGE' ? [{ event: 'changes by', value: message.by }] : [] }
    },
  }
  return { n, process: (self) => (self === MASTER ? master : other) }
}
