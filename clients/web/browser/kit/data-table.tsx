/** A table that scrolls by itself where it is wider than its place. */
import type { ComponentChildren } from 'preact'

export interface DataTableProps {
  readonly caption?: string
  readonly columns: readonly string[]
  readonly rows: readonly {
    readonly key: string | number
    readonly cells: readonly ComponentChildren[]
    readonly class?: string
  }[]
  /** Said in place of the table where it has no rows. */
  readonly empty?: string
}

export function DataTable({ caption, columns, rows, empty }: DataTableProps) {
  if (rows.length === 0 && empty !== undefined) return <p class="faint">{empty}</p>
  return (
    <div class="wide">
      <table>
        {caption !== undefined && <caption>{caption}</caption>}
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, cells, class: name = '' }) => (
            <tr key={key} class={name}>
              {cells.map((cell, index) => (
                <td key={columns[index] ?? index}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
