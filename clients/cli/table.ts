/** Rows of cells as lines: the first column to the left, the others to the right. The first row is the headings. */
export function tableText(rows: readonly (readonly string[])[]): string {
  const [headings = []] = rows
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const cellText = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)
  return rows.map((row) => row.map(cellText).join('  ').trimEnd()).join('\n')
}
