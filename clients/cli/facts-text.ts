/** Names and values, such as those of a machine, as text. */
import { outputColumns, wrapWords } from './terminal.ts'

/** On one line. */
export const factsLine = (facts: object): string =>
  Object.entries(facts)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')

/** In as many lines as they need. */
export const factsText = (facts: object): string => wrapWords(factsLine(facts), outputColumns(), 2)
