/** The kit of every page: its frame, its tables, and text that nothing in it can break. A page needs no network. */
import { BASE_STYLE } from './base-style.ts'

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as it may stand in a page, in an attribute too. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (found) => ENTITIES[found] ?? found)

/** JSON as it may stand in a script: it cannot end it. */
export const scriptJson = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c')

/** Names and values, such as those of a machine, in a line. */
export const factsHtml = (facts: Readonly<Record<string, string | number>>): string =>
  escapeHtml(
    Object.entries(facts)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  )

export interface Page {
  /** Text. */
  readonly title: string
  /** The page's addition to the style of all pages. */
  readonly style: string
  /** HTML. */
  readonly body: string
  /** True if there are scripts in the body; without it none is run. */
  readonly hasScripts?: boolean
}

/** A whole page. It may load nothing: all that it needs stands in it. */
export function htmlPage({ title, style, body, hasScripts = false }: Page): string {
  const scripts = hasScripts ? "; script-src 'unsafe-inline'" : ''
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'${scripts}">
<title>${escapeHtml(title)}</title>
<style>${BASE_STYLE}${style}</style>
</head>
<body>
${body}
</body>
</html>
`
}

export interface Table {
  /** Text; no caption when absent. */
  readonly caption?: string
  readonly columns: readonly string[]
  readonly rows: readonly Row[]
}

/** Cells of text or numbers; `raw` is HTML that is put in as it is. */
export interface Row {
  readonly cells: readonly (string | number | { readonly raw: string })[]
  readonly className?: string
}

export function htmlTable({ caption, columns, rows }: Table): string {
  const head = columns.map((column) => `<th scope="col">${escapeHtml(column)}</th>`).join('')
  const body = rows.map(({ cells, className }) => {
    const inside = cells.map(
      (cell) => `<td>${typeof cell === 'object' ? cell.raw : escapeHtml(`${cell}`)}</td>`,
    )
    return `<tr${className === undefined ? '' : ` class="${escapeHtml(className)}"`}>${inside.join('')}</tr>`
  })
  const above = caption === undefined ? '' : `<caption>${escapeHtml(caption)}</caption>`
  return `<table>${above}<thead><tr>${head}</tr></thead>
<tbody>${body.join('\n')}</tbody></table>`
}

/** A table that may be wider than the page: it scrolls by itself. */
export const wideTable = (table: Table): string => `<div class="wide">${htmlTable(table)}</div>`
