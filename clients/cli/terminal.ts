/** Text at the width of the terminal that it goes to. What goes to a file or another program keeps its long lines. */

/** Columns of a line where the output is no terminal, or does not say how wide it is. */
const COLUMNS_DEFAULT = 80
/** Narrower terminals would have a word on each line. */
const COLUMNS_MIN = 40

/** Columns of standard output. */
export const outputColumns = (): number =>
  Math.max(COLUMNS_MIN, terminalColumns(process.stdout) ?? COLUMNS_DEFAULT)

/** Columns of the terminal that a stream goes to; null where it is none. */
export const terminalColumns = (stream: NodeJS.WriteStream): number | null =>
  stream.isTTY && stream.columns > 0 ? stream.columns : null

/** The text as it is for a file or a program; for a terminal on standard error, broken between words at its width. */
export function wrapped(text: string): string {
  const columns = terminalColumns(process.stderr)
  return columns === null ? text : reflow(text, Math.max(COLUMNS_MIN, columns))
}

/** A paragraph, an entry of a list such as "name  what it is", or a line that stands as it is. */
interface Block {
  readonly words: string[]
  /** Columns by which the lines after the first are indented; null for a line that stands as it is. */
  readonly hang: number | null
}

/**
 * Fits a text that is written in lines of any width to the width of the output: lines of a paragraph are joined and
 * broken anew. A line that begins with blanks continues the entry of a list, or else stands as it is.
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

/** Names, and beside each what it stands for, in as many lines as that needs. */
export function entriesText(
  entries: readonly (readonly [string, string])[],
  columns = outputColumns(),
): string {
  const width = Math.max(0, ...entries.map(([name]) => name.length)) + 2
  return entries.map(([name, text]) => wrapWords(`${name.padEnd(width)}${text}`, columns, width)).join('\n')
}

/**
 * Breaks a line between words where it is wider than `columns`; all lines but the first are indented by `hang`. A word
 * that is wider stays whole, since a person may want to copy it.
 */
export function wrapWords(line: string, columns: number, hang = 0): string {
  const margin = ' '.repeat(Math.max(0, Math.min(hang, columns - 10)))
  const lines: string[] = []
  let current = ''
  // Blanks between words stay with the word behind them, so that columns of a list stay as they are.
  for (const word of line.match(/ *\S+/g) ?? []) {
    if (current !== '' && widthOf(current) + widthOf(word) > columns) {
      lines.push(current)
      current = margin + word.trimStart()
    } else current += word
  }
  return [...lines, current].join('\n')
}

/** A line cut to so many columns, with an ellipsis where something is missing. */
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

/** Columns that a text takes: two for what may be wide, as East Asian letters and emoji are. */
function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += (character.codePointAt(0) ?? 0) < 0x1100 ? 1 : 2
  return width
}
