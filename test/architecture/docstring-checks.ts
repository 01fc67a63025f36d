/**
 * The checks of docstrings: the first sentence says what a thing is or does. Each takes files and returns violations.
 */
import { docstringsOf, type SourceFiles } from '../kit/source-files.ts'

const INDIRECT_OPENING = /^(What|Whether|How|Who|Whom|Whose|Where)\b/

/** Docstrings that open with an indirect question, which does not say what the thing is. */
export const indirectDocstrings = (files: SourceFiles): string[] =>
  [...files].flatMap(([path, text]) =>
    docstringsOf(text)
      .filter(({ words }) => INDIRECT_OPENING.test(words))
      .map(({ line, words }) => `${path}:${line} opens with: ${words.slice(0, 60)}`),
  )
