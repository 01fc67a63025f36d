/** Fits text to the width of its terminal. Output to a file or another program keeps its long lines. */

/** The width of a line if the output is not a terminal, or its width is unknown. */
const COLUMNS_DEFAULT = 80
/** The smallest width; below it a line would hold a single word. */
const COLUMNS_MIN = 40

/** Columns of standard output. */
export const outputColumns = (): number =>
  Math.max(COLUMNS_MIN, terminalColumns(process.stdout) ?? COLUMNS_DEFAULT)

/** The columns of a stream's terminal; null if it is not a terminal. */
export const terminalColumns = (stream: NodeJS.WriteStream): number | null =>
  stream.isTTY && stream.columns > 0 ? stream.columns : null

/** Wraps a text at the width of the terminal on standard error; returns it unchanged if that is not a terminal. */
export function wrapped(text: string): string {
  const columns = terminalColumns(process.stderr)
  return columns === null ? text : reflow(text, Math.max(COLUMNS_MIN, columns))
}

/** A paragraph, an entry of a list such as "name  description", or a line that is kept unchanged. */
interface Block {
  readonly words: string[]
  /** The indentation of the lines after the first; null for a line that is kept unchanged. */
  readonly hang: number | null
}

/**
 * Fits a text to the width of the output: the lines of a paragraph are joined and wrapped again. A line that begins
 * with blanks continues the entry of a list; without one, it is kept unchanged.
 */
export function reflow(text: string, columns: number = outputColumns()): string {
  const blocks: Block[] = []
  for (const line of text.split('\n')) {
    const block = blocks.at(-1)
    const blanks = /^ */.exec(line)?.[0].length ?? 0
    const entry = /^\S+( \S+)? {2,}(?=\S)/.exec(line)
    if (line.trim() === '') blocks.push({ words: [''], hang: null })
    else if (entry !== null) blocks.push({ words: [line], hang: entry[0].length })
    else if (block !== undefined && block.hang !== null && block.hang === blanks)
      block.words.push(line.trim())
    else blocks.push({ words: [line], hang: blanks === 0 ? 0 : null })
  }
  return blocks
    .map(({ words, hang }) => (hang === null ? words.join(' ') : wrapWords(words.join(' '), columns, hang)))
    .join('\n')
}

/** Formats a list of names with their descriptions, wrapped. */
export function entriesText(
  entries: readonly (readonly [string, string])[],
  columns = outputColumns(),
): string {
  const width = Math.max(0, ...entries.map(([name]) => name.length)) + 2
  return entries.map(([name, text]) => wrapWords(`${name.padEnd(width)}${text}`, columns, width)).join('\n')
}

/**
 * Wraps a line at `columns`; all lines but the first are indented by `hang`. A word that is wider stays whole, because
 * a person may want to copy it.
 */
export function wrapWords(line: string, columns: number, hang = 0): string {
  const margin = ' '.repeat(Math.max(0, Math.min(hang, columns - 10)))
  const lines: string[] = []
  let current = ''
  // Blanks stay with the following word, so that columns of a list keep their alignment.
  for (const word of line.match(/ *\S+/g) ?? []) {
    if (current !== '' && widthOf(current) + widthOf(word) > columns) {
      lines.push(current)
      current = margin + word.trimStart()
    } else current += word
  }
  return [...lines, current].join('\n')
}

/** Cuts a line to a number of columns, with an ellipsis where something is missing. */
export function cutLine(line: string, columns: number): string {
  if (widthOf(line) <= columns) return line
  let width = 0
  let text = ''
  for (const character of line) {
    width += widthOf(character)
    if (width > columns - 1) break
    text += character
  }
  return `${text}…`
}

/** The columns that a text takes: two for characters that may be wide, such as East Asian letters and emoji. */
function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += (character.codePointAt(0) ?? 0) < 0x1100 ? 1 : 2
  return width
}
