/**
 * The two armies: Akkoyunlu, Ekanadham, Huber, "Some Constraints and Trade-offs in the Design of Network Communications"
 * (1975); Gray, "Notes on Data Base Operating Systems" (1978). Two generals win only if both attack, and every messenger
 * between them may be caught. No exchange makes both sure: whichever message is the last, its sender cannot know that it
 * arrived, and must decide without it.
 *
 * General 0 sends the first of `messages` messages, and each message is the answer to the one before it. A general attacks
 * once it has received as many messages as its rule says.
 */
import type { AsynchronousAlgorithm, Reaction, TypedMessage } from '../automaton.ts'
import type { ProcessId } from '../process.ts'

export interface MessengerMessage extends TypedMessage {
  readonly type: 'ATTACK-AT-DAWN'
  /** Counted from 1. */
  readonly number: number
}

export interface GeneralState {
  readonly received: number
}

export function twoArmies(options: {
  /** The number of messages that they exchange if none is lost. */
  readonly messages: number
  /** By general: the number of messages that it must receive before it attacks. */
  readonly needed: readonly [number, number]
}): AsynchronousAlgorithm<GeneralState, MessengerMessage> {
  const { messages, needed } = options
  const process = (self: ProcessId) => {
    /** Sends the next message of the exchange, and attacks if that is enough. */
    const goOn = (received: number, next: number): Reaction<GeneralState, MessengerMessage> => ({
      state: { received },
      sends: next > messages ? [] : [{ to: 1 - self, message: { type: 'ATTACK-AT-DAWN', number: next } }],
      outputs: received === needed[self] ? [{ event: 'attacks' }] : [],
    })
    return {
      start: () => (self === 0 ? goOn(0, 1) : goOn(0, messages + 1)),
      receive: ({ received }: GeneralState, _from: ProcessId, { number }: MessengerMessage) =>
        goOn(received + 1, number + 1),
    }
  }
  return { n: 2, process }
}
