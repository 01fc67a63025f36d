/**
 * Causal multicast: Birman, Schiper, Stephenson, "Lightweight Causal and Atomic Group Multicast" (1991), the CBCAST
 * protocol. No process delivers an answer before the message that it answers. A message carries a vector: for each
 * process, the number of its multicasts that the sender had delivered, with this one counted. A receiver holds a message
 * back until it is the next of its sender, and until everything that the sender had delivered is delivered here.
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

export interface CausalData extends Data {
  readonly vector: readonly number[]
}

export interface CausalState {
  /** By sender: the number of its messages that this process has delivered. */
  readonly vector: readonly number[]
  readonly held: readonly CausalData[]
}

/** True if a process with this vector may deliver the message. */
function isDeliverable({ origin, vector }: CausalData, own: readonly number[]): boolean {
  return vector.every((count, id) => {
    const delivered = own[id] ?? 0
    return id === origin ? count === delivered + 1 : count <= delivered
  })
}

export function causalMulticast(options: {
  readonly n: number
  readonly script: readonly Line[]
}): AsynchronousAlgorithm<CausalState, CausalData> {
  const { n, script } = options
  const process = (self: ProcessId) => {
    /** Delivers all that may be delivered, and multicasts what the application answers. */
    const deliverHeld = (state: CausalState, texts: readonly string[]): Reaction<CausalState, CausalData> => {
      let { vector, held } = state
      const sends: Send<CausalData>[] = []
      const outputs: Output[] = []
      const waiting = [...texts]
      for (;;) {
        const next = held.find((data) => isDeliverable(data, vector))
        const text = next === undefined ? waiting.shift() : next.text
        if (text === undefined) return { state: { vector, held }, sends, outputs }
        const origin = next?.origin ?? self
        vector = vector.map((count, id) => (id === origin ? count + 1 : count))
        if (next === undefined) {
          const data: CausalData = { type: 'DATA', origin, number: vector[self] ?? 0, text, vector }
          sends.push(...sendToEach(everyoneBut(n, self), data))
        }
        held = held.filter((each) => each !== next)
        outputs.push({ event: 'delivers', value: text })
        waiting.push(...textsAfter(script, self, text))
      }
    }
    return {
      start: () =>
        deliverHeld({ vector: Array.from({ length: n }, () => 0), held: [] }, textsAfter(script, self, null)),
      receive: (state: CausalState, _from: ProcessId, data: CausalData) =>
        deliverHeld({ ...state, held: [...state.held, data] }, []),
    }
  }
  return { n, process }
}
