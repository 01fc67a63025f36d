/** An asynchronous agreement algorithm as automata, whose processes begin with given values. */
import type { AsynchronousAlgorithm, Reaction, TypedMessage } from '../../classics/automaton.ts'
import type { Algorithm, ProcessId, Step, Value } from '../../classics/process.ts'

/** The form that messages have in diagrams, and the bytes that the algorithm sends. */
export interface Letters<Message extends TypedMessage> {
  read(payload: Uint8Array): Message | null
  write(message: Message): Uint8Array
}

export function agreementAutomata<State, Message extends TypedMessage>(options: {
  readonly algorithm: Algorithm<State>
  readonly values: readonly Value[]
  readonly letters: Letters<Message>
}): AsynchronousAlgorithm<State, Message> {
  const { algorithm, values, letters } = options
  const reactionOf = ({ state, outbox, decision }: Step<State>): Reaction<State, Message> => ({
    state,
    sends: outbox.flatMap(({ to, payload }) => {
      const message = letters.read(payload)
      return message === null ? [] : [{ to, message }]
    }),
    outputs: decision === null ? [] : [{ event: 'decides', value: decision }],
  })
  return {
    n: algorithm.n,
    process(self: ProcessId) {
      const process = algorithm.process(self)
      return {
        start: () => reactionOf(process.start(values[self] ?? 0)),
        receive: (state, from, message) =>
          reactionOf(process.receive(state, [{ from, payload: letters.write(message) }])),
      }
    },
  }
}
