/**
 * Reliable multicast by negative acknowledgements: Chang, Maxemchuk, "Reliable Broadcast Protocols" (1984). Receivers
 * acknowledge nothing; a receiver that sees a gap in the numbers asks for what is missing. Without losses that costs
 * n - 1 messages for one multicast.
 *
 * Its price is the sender's buffer. Silence says nothing, so the sender never learns that everyone has a message, and
 * may drop none: with a buffer that is smaller than the number of its multicasts, a late request finds the message gone.
 * The last message has no successor that shows the gap; so the sender repeats its number at intervals.
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
import type { Data } from './script.ts'

const SENDER: ProcessId = 0
const INTERVAL = 20

export interface Numbered extends TypedMessage {
  /** A request for a message; the answer that it is gone; the number of the last message. */
  readonly type: 'NAK' | 'GONE' | 'HEARTBEAT'
  readonly number: number
}

export interface NakState {
  /** As sender: the messages that it still has. As receiver: those that wait for their predecessors. */
  readonly buffer: readonly Data[]
  /** The number of messages that it has sent or delivered. */
  readonly last: number
  /** As receiver: the highest number that it has asked for. */
  readonly askedFor: number
  readonly heartbeatsLeft: number
}

export function nakMulticast(options: {
  readonly n: number
  readonly texts: readonly string[]
  /** The number of messages that the sender keeps. */
  readonly buffer: number
  /** The number of times that the sender repeats its last number. */
  readonly heartbeats: number
}): AsynchronousAlgorithm<NakState, Data | Numbered> {
  const { n, texts, buffer: kept, heartbeats } = options
  type NakReaction = Reaction<NakState, Data | Numbered>
  const timers = (left: number) => (left > 0 ? [{ name: 'heartbeat', after: INTERVAL }] : [])

  function answer(state: NakState, to: ProcessId, { number }: Numbered): NakReaction {
    const found = state.buffer.find((data) => data.number === number)
    return { state, sends: [{ to, message: found ?? { type: 'GONE', number } }] }
  }

  /** Asks for everything below a number that has not arrived; a heartbeat makes it ask again. */
  function ask(state: NakState, below: number, isRepeated: boolean): NakReaction {
    const from = isRepeated ? state.last : Math.max(state.last, state.askedFor)
    const sends: Send<Numbered>[] = []
    for (let number = from + 1; number < below; number++) {
      const isHere = state.buffer.some((data) => data.number === number)
      if (!isHere) sends.push({ to: SENDER, message: { type: 'NAK', number } })
    }
    return { state: { ...state, askedFor: Math.max(state.askedFor, below - 1) }, sends }
  }

  function take(state: NakState, data: Data): NakReaction {
    const isOld = data.number <= state.last || state.buffer.some(({ number }) => number === data.number)
    if (isOld) return { state }
    const turn = ask(state, data.number, false)
    return deliver({ ...turn.state, buffer: [...state.buffer, data] }, turn.sends ?? [])
  }

  function deliver(state: NakState, sends: readonly Send<Data | Numbered>[]): NakReaction {
    let { last, buffer } = state
    const outputs: Output[] = []
    for (;;) {
      const next = buffer.find(({ number }) => number === last + 1)
      if (next === undefined) return { state: { ...state, last, buffer }, sends, outputs }
      last = next.number
      buffer = buffer.filter((data) => data !== next)
      outputs.push({ event: 'delivers', value: next.text })
    }
  }

  const process = (self: ProcessId) => ({
    start(): NakReaction {
      const blank = { buffer: [], last: 0, askedFor: 0, heartbeatsLeft: heartbeats }
      if (self !== SENDER) return { state: blank }
      const all = texts.map((text, index): Data => ({ type: 'DATA', origin: self, number: index + 1, text }))
      return {
        state: { ...blank, buffer: kept === 0 ? [] : all.slice(-kept), last: all.length },
        sends: all.flatMap((data) => sendToEach(everyoneBut(n, self), data)),
        timers: timers(heartbeats),
        outputs: texts.map((text) => ({ event: 'delivers', value: text })),
      }
    },
    receive(state: NakState, from: ProcessId, message: Data | Numbered): NakReaction {
      switch (message.type) {
        case 'DATA':
          return take(state, message)
        case 'NAK':
          return answer(state, from, message)
        case 'HEARTBEAT':
          return ask(state, message.number + 1, true)
        case 'GONE':
          return { state, outputs: [{ event: 'misses', value: message.number }] }
      }
    },
    expire(state: NakState): NakReaction {
      const left = state.heartbeatsLeft - 1
      const heartbeat: Numbered = { type: 'HEARTBEAT', number: state.last }
      return {
        state: { ...state, heartbeatsLeft: left },
        sends: sendToEach(everyoneBut(n, self), heartbeat),
        timers: timers(left),
      }
    },
  })
  return { n, process }
}
