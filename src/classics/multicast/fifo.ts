/**
 * FIFO multicast: Hadzilacos, Toueg, "A Modular Approach to Fault-Tolerant Broadcasts and Related Problems" (1994),
 * section 5. All processes deliver the messages of one sender in the order in which it sent them, although links reorder
 * messages. Each sender numbers its messages; a receiver holds a message back until it has delivered its predecessor.
 */
import {
  type AsynchronousAlgorithm,
  type Output,
  type Reaction,
  type Send,
  sendToEach,
} from '../automaton.ts'
import { everyoneBut, type ProcessId } from '../process.ts'
import { type Data, type Line, textsAfter } from './script.ts'

export interface FifoState {
  /** By sender: the number of its messages that this process has delivered. */
  readonly delivered: readonly number[]
  /** The messages that wait for their predecessors. */
  readonly held: readonly Data[]
}

export function fifoMulticast(options: {
  readonly n: number
  readonly script: readonly Line[]
}): AsynchronousAlgorithm<FifoState, Data> {
  const { n, script } = options
  const process = (self: ProcessId) => {
    /** Delivers all that may be delivered, and multicasts what the application answers. */
    const deliverHeld = (state: FifoState, texts: readonly string[]): Reaction<FifoState, Data> => {
      const delivered = [...state.delivered]
      let held = state.held
      const sends: Send<Data>[] = []
      const outputs: Output[] = []
      const waiting = [...texts]
      for (;;) {
        const next = held.find(({ origin, number }) => number === (delivered[origin] ?? 0) + 1)
        const text = next === undefined ? waiting.shift() : next.text
        if (text === undefined) return { state: { delivered, held }, sends, outputs }
        const origin = next?.origin ?? self
        delivered[origin] = (delivered[origin] ?? 0) + 1
        if (next === undefined) {
          const data: Data = { type: 'DATA', origin, number: delivered[origin], text }
          sends.push(...sendToEach(everyoneBut(n, self), data))
        }
        held = held.filter((each) => each !== next)
        outputs.push({ event: 'delivers', value: text })
        waiting.push(...textsAfter(script, self, text))
      }
    }
    return {
      start: () =>
        deliverHeld(
          { delivered: Array.from({ length: n }, () => 0), held: [] },
          textsAfter(script, self, null),
        ),
      receive: (state: FifoState, _from: ProcessId, data: Data) =>
        deliverHeld({ ...state, held: [...state.held, data] }, []),
    }
  }
  return { n, process }
}
