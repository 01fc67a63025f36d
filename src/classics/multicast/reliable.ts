/**
 * Reliable multicast by re-broadcast: Hadzilacos, Toueg, "A Modular Approach to Fault-Tolerant Broadcasts and Related
 * Problems" (1994), section 4. If a correct process delivers a message, all correct processes deliver it, whichever
 * processes crash: a process passes on what it receives for the first time before it delivers it.
 *
 * `relayed` makes any multicast reliable that sends each message to all. It sends (n - 1)^2 messages for one multicast,
 * where the basic multicast sends n - 1. Each process receives a message along several paths, so that fewer than n - 1
 * losses do no harm either.
 */
import { type AsynchronousAlgorithm, type Reaction, type Send, sendToEach } from '../automaton.ts'
import { everyoneBut, type ProcessId } from '../process.ts'
import { type Data, isSame, type Line, textsAfter } from './script.ts'

/** The number of its own multicasts. */
export type BasicState = number

/** Basic multicast: send to all, deliver what arrives. A sender that crashes on the way leaves some without it. */
export function basicMulticast(options: {
  readonly n: number
  readonly script: readonly Line[]
}): AsynchronousAlgorithm<BasicState, Data> {
  const { n, script } = options
  const process = (self: ProcessId) => {
    /** Delivers a text, and multicasts what the application answers to it. */
    const deliver = (state: BasicState, text: string | null): Reaction<BasicState, Data> => {
      const outputs = text === null ? [] : [{ event: 'delivers', value: text }]
      return textsAfter(script, self, text).reduce<Reaction<BasicState, Data>>(
        (turn, answer) => {
          const data: Data = { type: 'DATA', origin: self, number: turn.state + 1, text: answer }
          const next = deliver(turn.state + 1, answer)
          const sends = [
            ...(turn.sends ?? []),
            ...sendToEach(everyoneBut(n, self), data),
            ...(next.sends ?? []),
          ]
          return { state: next.state, sends, outputs: [...(turn.outputs ?? []), ...(next.outputs ?? [])] }
        },
        { state, outputs, sends: [] },
      )
    }
    return {
      start: () => deliver(0, null),
      receive: (state: BasicState, _from: ProcessId, { text }: Data) => deliver(state, text),
    }
  }
  return { n, process }
}

export interface Relayed<State> {
  readonly inner: State
  /** The multicasts of others that it has passed on. */
  readonly relayed: readonly { readonly origin: ProcessId; readonly number: number }[]
}

/** Returns the multicast with each message passed on by everyone. Its messages count as sent by their origin. */
export function relayed<State, Message extends Data>(
  multicast: AsynchronousAlgorithm<State, Message>,
): AsynchronousAlgorithm<Relayed<State>, Message> {
  const { n } = multicast
  return {
    n,
    process(self) {
      const inner = multicast.process(self)
      return {
        start(surroundings) {
          const turn = inner.start(surroundings)
          return { ...turn, state: { inner: turn.state, relayed: [] } }
        },
        receive(state, _from, message, surroundings) {
          const { origin, number } = message
          if (origin === self || state.relayed.some((one) => isSame(one, message))) return { state }
          const passedOn: readonly Send<Message>[] = sendToEach(everyoneBut(n, self, origin), message)
          const turn = inner.receive(state.inner, origin, message, surroundings)
          return {
            ...turn,
            state: { inner: turn.state, relayed: [...state.relayed, { origin, number }] },
            sends: [...passedOn, ...(turn.sends ?? [])],
          }
        },
      }
    },
  }
}

/** Reliable multicast without an order. */
export const reliableMulticast = (options: {
  readonly n: number
  readonly script: readonly Line[]
}): AsynchronousAlgorithm<Relayed<BasicState>, Data> => relayed(basicMulticast(options))
