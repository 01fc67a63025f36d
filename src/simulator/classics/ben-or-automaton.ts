/** Ben-Or's consensus among automata whose processes begin with given values. */
import {
  type BenOrState,
  benOr,
  encodeExchange,
  NO_PROPOSAL,
  readExchange,
} from '../../classics/agreement/ben-or.ts'
import type { AsynchronousAlgorithm, Reaction, TypedMessage } from '../../classics/automaton.ts'
import type { ProcessId, Step, Value } from '../../classics/process.ts'

export interface TossMessage extends TypedMessage {
  readonly type: 'SAY' | 'PROPOSE'
  readonly phase: number
  readonly value: Value | 'nothing'
}

export function benOrAutomata(options: {
  readonly n: number
  readonly faults: number
  readonly values: readonly Value[]
  readonly coin: (self: ProcessId, phase: number) => Value
}): AsynchronousAlgorithm<BenOrState, TossMessage> {
  const { n, faults, values, coin } = options
  const algorithm = benOr({ n, faults, model: 'crash', coin })
  const reactionOf = ({ state, outbox, decision }: Step<BenOrState>): Reaction<BenOrState, TossMessage> => ({
    state,
    sends: outbox.flatMap(({ to, payload }) => {
      const message = readMessage(payload)
      return message === null ? [] : [{ to, message }]
    }),
    outputs: decision === null ? [] : [{ event: 'decides', value: decision }],
  })
  return {
    n,
    process(self) {
      const process = algorithm.process(self)
      return {
        start: () => reactionOf(process.start(values[self] ?? 0)),
        receive: (state, from, { type, phase, value }) => {
          const exchange = type === 'SAY' ? 'say' : 'propose'
          const payload = encodeExchange({
            phase,
            exchange,
            value: value === 'nothing' ? NO_PROPOSAL : value,
          })
          return reactionOf(process.receive(state, [{ from, payload }]))
        },
      }
    },
  }
}

function readMessage(payload: Uint8Array): TossMessage | null {
  const message = readExchange(payload)
  if (message === null) return null
  const { phase, exchange, value } = message
  const type = exchange === 'say' ? 'SAY' : 'PROPOSE'
  return { type, phase, value: value === NO_PROPOSAL ? 'nothing' : value }
}

/** A lower number for a message that helps this value. */
export const rankOf = ({ value }: TossMessage, wanted: Value): number =>
  value === wanted ? 0 : value === 'nothing' ? 1 : 2
