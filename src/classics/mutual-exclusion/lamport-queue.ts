/**
 * Mutual exclusion by Lamport's clocks: Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System"
 * (CACM 1978). Each process keeps the queue of all requests in the order of their clocks. A process enters when its own
 * request is the first and every other process has sent something later. Links are FIFO; 3(n - 1) messages for each entry.
 */
import { type AsynchronousAlgorithm, type Automaton, type Reaction, sendToEach } from '../automaton.ts'
import { everyoneBut, type ProcessId } from '../process.ts'

export interface QueueMessage {
  readonly type: 'REQUEST' | 'REPLY' | 'RELEASE'
  readonly clock: number
}

export interface QueueState {
  readonly clock: number
  /** By process: the clock of its open request; null for none. */
  readonly requests: readonly (number | null)[]
  /** By process: the clock of the last message from it. */
  readonly heard: readonly number[]
  readonly isInside: boolean
}

type React = Reaction<QueueState, QueueMessage>

export function lamportQueue(options: {
  readonly n: number
  /** False for links on which a message may overtake another one. */
  readonly isFifo?: boolean
}): AsynchronousAlgorithm<QueueState, QueueMessage> {
  const { n, isFifo = true } = options

  const process = (self: ProcessId): Automaton<QueueState, QueueMessage> => {
    const others = everyoneBut(n, self)

    /** Clocks are compared first, then processes: the order is total. */
    const isEarlier = (clock: number, id: ProcessId, than: number, thanId: ProcessId): boolean =>
      clock < than || (clock === than && id < thanId)

    function mayEnter({ requests, heard, isInside }: QueueState): boolean {
      const own = requests[self] ?? null
      if (own === null || isInside) return false
      return others.every((id) => {
        const request = requests[id] ?? null
        const isFirst = request === null || isEarlier(own, self, request, id)
        return isFirst && isEarlier(own, self, heard[id] ?? 0, id)
      })
    }

    const enterIfFirst = (reaction: React): React =>
      mayEnter(reaction.state)
        ? {
            ...reaction,
            state: { ...reaction.state, isInside: true },
            outputs: [{ event: 'enters' }],
            timers: [{ name: 'leave', after: 2 }],
          }
        : reaction

    const withRequest = (state: QueueState, id: ProcessId, clock: number | null): QueueState => ({
      ...state,
      requests: state.requests.map((request, each) => (each === id ? clock : request)),
    })

    return {
      start: () => ({
        state: {
          clock: 0,
          requests: Array.from({ length: n }, () => null),
          heard: Array.from({ length: n }, () => 0),
          isInside: false,
        },
        timers: [{ name: 'request', after: 1 }],
      }),
      expire(state, timer) {
        const clock = state.clock + 1
        if (timer === 'request') {
          const next = withRequest({ ...state, clock }, self, clock)
          return enterIfFirst({ state: next, sends: sendToEach(others, { type: 'REQUEST', clock }) })
        }
        return {
          state: withRequest({ ...state, clock, isInside: false }, self, null),
          sends: sendToEach(others, { type: 'RELEASE', clock }),
          outputs: [{ event: 'leaves' }],
        }
      },
      receive(state, from, message) {
        const clock = Math.max(state.clock, message.clock) + 1
        const heard = state.heard.map((last, id) => (id === from ? Math.max(last, message.clock) : last))
        const next = { ...state, clock, heard }
        if (message.type === 'REQUEST') {
          const queued = withRequest(next, from, message.clock)
          return enterIfFirst({ state: queued, sends: [{ to: from, message: { type: 'REPLY', clock } }] })
        }
        return enterIfFirst({ state: message.type === 'RELEASE' ? withRequest(next, from, null) : next })
      },
    }
  }
  return { n, isFifo, process }
}
