/** Ben-Or's consensus among automata whose processes begin with given values. */
import {
  type BenOrState,
  benOr,
  encodeExchange,
  NO_PROPOSAL,
  readExchange,
} from '../../classics/agreement/ben-or.ts'
import type { AsynchronousAlgorithm, TypedMessage } from '../../classics/automaton.ts'
import type { ProcessId, Value } from '../../classics/process.ts'
import { agreementAutomata, type Letters } from './agreement-automata.ts'

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
  return agreementAutomata({ algorithm, values, letters: LETTERS })
}

const LETTERS: Letters<TossMessage> = {
  read(payload) {
    const message = readExchange(payload)
    if (message === null) return null
    const { phase, exchange, value } = message
    const type = exchange === 'say' ? 'SAY' : 'PROPOSE'
    return { type, phase, value: value === NO_PROPOSAL ? 'nothing' : value }
  },
  write: ({ type, phase, value }) =>
    encodeExchange({
      phase,
      exchange: type === 'SAY' ? 'say' : 'propose',
      value: value === 'nothing' ? NO_PROPOSAL : value,
    }),
}

/** A lower number for a message that helps this value. */
export const rankOf = ({ value }: TossMessage, wanted: Value): number =>
  value === wanted ? 0 : value === 'nothing' ? 1 : 2
