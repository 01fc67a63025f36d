/** Names and values, such as those of a machine, as text. */
import { outputColumns, wrapWords } from './terminal.ts'

/** The facts on one line. */
export const factsLine = (facts: object): string =>
  Object.entries(facts)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')

/** The facts on as many lines as they need. */
export const factsText = (facts: object): string => wrapWords(factsLine(facts), outputColumns(), 2)
