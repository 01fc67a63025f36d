/** The checks of docstrings: the first sentence says what a thing is or does. Each takes files and gives what is wrong. */
import { docstringsOf, type SourceFiles } from '../kit/source-files.ts'

const INDIRECT_OPENING = /^(What|Whether|How|Who|Whom|Whose|Where)\b/

/** Docstrings that open with an indirect question, which names what one may ask of a thing and not the thing. */
export const indirectDocstrings = (files: SourceFiles): string[] =>
  [...files].flatMap(([path, text]) =>
    docstringsOf(text)
      .filter(({ words }) => INDIRECT_OPENING.test(words))
      .map(({ line, words }) => `${path}:${line} opens with: ${words.slice(0, 60)}`),
  )
