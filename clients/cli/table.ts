/** Rows of cells as lines of text. The first row is the headings. */
import { outputColumns } from './terminal.ts'

/**
 * Formats a table. Columns of words are aligned left, numbers right. A table that is wider than the output continues
 * below itself, with the first column repeated.
 */
export function tableText(
  rows: readonly (readonly string[])[],
  { columns = outputColumns(), words = FIRST }: TableOptions = {},
): string {
  const [headings = []] = rows
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return foldColumns(widths, columns)
    .map((shown) => partText(rows, shown, { widths, words }))
    .join('\n\n')
}

export interface TableOptions {
  readonly columns?: number
  /** The columns of words; only the first if absent. */
  readonly words?: ReadonlySet<number>
}

const FIRST: ReadonlySet<number> = new Set([0])

/** The columns of each part of the table: one part with all of them if they fit. */
function foldColumns(widths: readonly number[], columns: number): readonly (readonly number[])[] {
  const [first = 0] = widths
  const parts: number[][] = [[0]]
  let used = first
  for (let column = 1; column < widths.length; column++) {
    const width = 2 + (widths[column] ?? 0)
    const part = parts.at(-1) as number[]
    if (used + width > columns && part.length > 1) {
      parts.push([0, column])
      used = first + width
    } else {
      part.push(column)
      used += width
    }
  }
  return parts
}

function partText(
  rows: readonly (readonly string[])[],
  shown: readonly number[],
  { widths, words }: { readonly widths: readonly number[]; readonly words: ReadonlySet<number> },
): string {
  const cellText = (cell: string, column: number): string => {
    const width = widths[column] ?? 0
    return words.has(column) ? cell.padEnd(width) : cell.padStart(width)
  }
  const rowText = (row: readonly string[]): string =>
    shown.map((column) => cellText(row[column] ?? '', column)).join('  ')
  return rows.map((row) => rowText(row).trimEnd()).join('\n')
}
