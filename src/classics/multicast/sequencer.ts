/**
 * Total order by a sequencer: Kaashoek, Tanenbaum, "Group Communication in the Amoeba Distributed Operating System"
 * (1991), method BB. All processes deliver all messages in one order. A sender sends its message to all; process 0, the
 * sequencer, gives it the next place in the order and sends the place to all. 2(n - 1) messages for one multicast. When
 * the sequencer crashes, nothing more is delivered until a new one is chosen.
 */
import {
  type AsynchronousAlgorithm,
  type Output,
  type Reaction,
  type Send,
  sendToEach,
  type TypedMessage,
} from '../automaton.ts'
import { everyoneBut, type ProcessId } from '../process.ts'
import { type Data, isSame, type Line, textsAfter } from './script.ts'

export const SEQUENCER: ProcessId = 0

export interface Order extends TypedMessage {
  readonly type: 'ORDER'
  readonly origin: ProcessId
  readonly number: number
  /** The place in the order, counted from 1. */
  readonly place: number
}

export interface SequencedState {
  readonly multicasts: number
  readonly delivered: number
  /** As sequencer: the number of places that it gave away. */
  readonly places: number
  readonly messages: readonly Data[]
  readonly orders: readonly Order[]
}

export function sequencerMulticast(options: {
  readonly n: number
  readonly script: readonly Line[]
}): AsynchronousAlgorithm<SequencedState, Data | Order> {
  const { n, script } = options
  type SequencedReaction = Reaction<SequencedState, Data | Order>
  const process = (self: ProcessId) => {
    const others = everyoneBut(n, self)

    /** Multicasts texts: a message to all, and at the sequencer its place at once. */
    function multicast(state: SequencedState, texts: readonly string[]): SequencedReaction {
      const sends: Send<Data | Order>[] = []
      let next = state
      for (const text of texts) {
        const data: Data = { type: 'DATA', origin: self, number: next.multicasts + 1, text }
        sends.push(...sendToEach(others, data))
        const turn = take({ ...next, multicasts: data.number }, data)
        next = turn.state
        sends.push(...(turn.sends ?? []))
      }
      return deliver(next, sends)
    }

    function take(state: SequencedState, data: Data): SequencedReaction {
      const next = { ...state, messages: [...state.messages, data] }
      if (self !== SEQUENCER) return { state: next }
      const { origin, number } = data
      const order: Order = { type: 'ORDER', origin, number, place: state.places + 1 }
      const orders = [...state.orders, order]
      return { state: { ...next, places: order.place, orders }, sends: sendToEach(others, order) }
    }

    /** Delivers every message whose place has come. */
    function deliver(state: SequencedState, sends: readonly Send<Data | Order>[]): SequencedReaction {
      let { delivered } = state
      const outputs: Output[] = []
      const answers: string[] = []
      for (;;) {
        const order = state.orders.find(({ place }) => place === delivered + 1)
        const data = order === undefined ? undefined : state.messages.find((each) => isSame(each, order))
        if (data === undefined) break
        delivered++
        outputs.push({ event: 'delivers', value: data.text })
        answers.push(...textsAfter(script, self, data.text))
      }
      const next = { ...state, delivered }
      if (answers.length === 0) return { state: next, sends, outputs }
      const turn = multicast(next, answers)
      return {
        state: turn.state,
        sends: [...sends, ...(turn.sends ?? [])],
        outputs: [...outputs, ...(turn.outputs ?? [])],
      }
    }

    return {
      start: () =>
        multicast(
          { multicasts: 0, delivered: 0, places: 0, messages: [], orders: [] },
          textsAfter(script, self, null),
        ),
      receive(state: SequencedState, _from: ProcessId, message: Data | Order): SequencedReaction {
        if (message.type === 'ORDER') return deliver({ ...state, orders: [...state.orders, message] }, [])
        const turn = take(state, message)
        return deliver(turn.state, turn.sends ?? [])
      },
    }
  }
  return { n, process }
}
