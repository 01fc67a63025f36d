/**
 * Election on a ring: Chang, Roberts, "An Improved Algorithm for Decentralized Extrema-Finding in Circular
 * Configurations of Processes" (CACM 1979). Each process knows its own number and its neighbour only. A number goes
 * round until it meets a larger one; the number that comes back to its process is the largest, and its process leads.
 */
import type { AsynchronousAlgorithm, Automaton, Reaction } from '../automaton.ts'
import type { ProcessId } from '../process.ts'

export interface RingMessage {
  readonly type: 'ELECTION' | 'ELECTED'
  readonly number: number
}

export interface RingState {
  /** True once it has sent a number of its own or of another process. */
  readonly takesPart: boolean
  /** The number of the leader; null while it is unknown. */
  readonly leader: number | null
}

export function changRoberts(options: {
  /** The numbers of the processes in the order of the ring, all different. */
  readonly numbers: readonly number[]
  /** The processes that begin an election of their own accord. */
  readonly starters: readonly ProcessId[]
}): AsynchronousAlgorithm<RingState, RingMessage> {
  const { numbers, starters } = options
  const n = numbers.length

  const process = (self: ProcessId): Automaton<RingState, RingMessage> => {
    const own = numbers[self] ?? 0
    const pass = (state: RingState, message: RingMessage): Reaction<RingState, RingMessage> => ({
      state,
      sends: [{ to: (self + 1) % n, message }],
    })

    function elect(state: RingState, number: number): Reaction<RingState, RingMessage> {
      const next = { ...state, takesPart: true }
      if (number > own) return pass(next, { type: 'ELECTION', number })
      if (number < own) return state.takesPart ? { state } : pass(next, { type: 'ELECTION', number: own })
      const leading = pass({ ...next, leader: own }, { type: 'ELECTED', number: own })
      return { ...leading, outputs: [{ event: 'elects', value: own }] }
    }

    return {
      start() {
        const state = { takesPart: false, leader: null }
        if (!starters.includes(self)) return { state }
        return pass({ ...state, takesPart: true }, { type: 'ELECTION', number: own })
      },
      receive(state, _from, { type, number }) {
        if (type === 'ELECTION') return elect(state, number)
        // The announcement ends where it began.
        if (number === own) return { state }
        const told = pass({ ...state, leader: number }, { type: 'ELECTED', number })
        return { ...told, outputs: [{ event: 'elects', value: number }] }
      },
    }
  }
  return { n, process }
}

/** Returns numbers with which each one passes all smaller ones before it is stopped: the worst case. */
export const worstRing = (n: number): readonly number[] => Array.from({ length: n }, (_, id) => n - id)
