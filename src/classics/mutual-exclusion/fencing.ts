/**
 * Fencing tokens: Kleppmann, "How to do distributed locking" (2016); Burrows calls them sequencers ("The Chubby lock
 * service", OSDI 2006). A lock service grants a lease, and takes it back when its own clock says so. The holder may be
 * paused meanwhile, and write afterwards: without bounds on time, no lease keeps two holders apart. So each grant has a
 * larger number, writes carry it, and the storage refuses a write with a smaller number than it has seen.
 */
import type { AsynchronousAlgorithm, Automaton } from '../automaton.ts'
import type { ProcessId } from '../process.ts'

export const LOCK_SERVICE: ProcessId = 0
export const STORAGE: ProcessId = 1

export type FencingMessage =
  | { readonly type: 'LOCK' }
  | { readonly type: 'LEASE'; readonly token: number }
  | { readonly type: 'WRITE'; readonly token: number }
  | { readonly type: 'STORED' | 'REFUSED' }

export interface FencingState {
  /** The number of the last grant; at the storage, the largest number seen; at a client, that of its lease. */
  readonly token: number
  /** At the lock service: the clients that wait, and whether a lease is out. */
  readonly queue: readonly ProcessId[]
  readonly isLeased: boolean
}

type Role = Automaton<FencingState, FencingMessage>

const INITIAL: FencingState = { token: 0, queue: [], isLeased: false }

/** Process 0 is the lock service, process 1 the storage, and the others are clients. */
export function fencing(options: {
  readonly n: number
  /** False for a storage that does not look at the numbers. */
  readonly isFenced?: boolean
}): AsynchronousAlgorithm<FencingState, FencingMessage> {
  const { n, isFenced = true } = options

  const grantNext = (state: FencingState) => {
    const [next, ...queue] = state.queue
    if (next === undefined) return { state: { ...state, isLeased: false } }
    const token = state.token + 1
    return {
      state: { token, queue, isLeased: true },
      sends: [{ to: next, message: { type: 'LEASE', token } as const }],
      timers: [{ name: 'lease ends', after: 10 }],
    }
  }
  const lockService: Role = {
    start: () => ({ state: INITIAL }),
    receive(state, from) {
      const next = { ...state, queue: [...state.queue, from] }
      return state.isLeased ? { state: next } : grantNext(next)
    },
    expire: grantNext,
  }

  const storage: Role = {
    start: () => ({ state: INITIAL }),
    receive(state, from, message) {
      const token = message.type === 'WRITE' ? message.token : 0
      if (isFenced && token < state.token)
        return { state, sends: [{ to: from, message: { type: 'REFUSED' } }] }
      return {
        state: { ...state, token: Math.max(state.token, token) },
        sends: [{ to: from, message: { type: 'STORED' } }],
        outputs: [{ event: 'stores the write of lease', value: token }],
      }
    },
  }

  const client: Role = {
    start: () => ({ state: INITIAL, timers: [{ name: 'lock', after: 1 }] }),
    receive(state, _from, message) {
      if (message.type !== 'LEASE') return { state }
      // The pause: anything may happen between the grant and the write.
      return { state: { ...state, token: message.token }, timers: [{ name: 'write', after: 3 }] }
    },
    expire: (state, timer) =>
      timer === 'lock'
        ? { state, sends: [{ to: LOCK_SERVICE, message: { type: 'LOCK' } }] }
        : { state, sends: [{ to: STORAGE, message: { type: 'WRITE', token: state.token } }] },
  }
  const roles = [lockService, storage]
  return { n, process: (self) => roles[self] ?? client }
}
