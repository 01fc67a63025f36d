/** Lines for a terminal: none is wider than it. What goes to a file or another program stays whole. */

/** Columns of the terminal that standard output, or another stream, goes to; null where it is none. */
export function terminalColumns(stream: NodeJS.WriteStream = process.stdout): number | null {
  return stream.isTTY && stream.columns > 0 ? stream.columns : null
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

/** A line broken at spaces to so many columns; what follows the first piece is indented. A word that is wider is cut in two. */
export function wrapLine(line: string, columns: number, indent = ''): string {
  const lines: string[] = []
  let text = ''
  for (const word of line.split(/(?<=\S) /)) {
    const longer = text === '' ? word : `${text} ${word}`
    if (widthOf(longer) <= columns) {
      text = longer
      continue
    }
    if (text !== '') lines.push(text)
    text = lines.length === 0 ? word : indent + word.trimStart()
    while (widthOf(text) > columns && text.length > columns) {
      lines.push(text.slice(0, columns))
      text = indent + text.slice(columns)
    }
  }
  return [...lines, text].join('\n')
}

/** Columns that a text takes: two for what may be wide, as East Asian letters and emoji are. */
function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += (character.codePointAt(0) ?? 0) < 0x1100 ? 1 : 2
  return width
}
