/** The kit of every page: its frame, its tables, and text that nothing in it can break. A page needs no network. */
import { createHash } from 'node:crypto'
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
  const policy = `default-src 'none'; style-src 'unsafe-inline'${scripts}`
  return frame({ title, policy, head: `<style>${BASE_STYLE}${style}</style>`, body })
}

export interface ScriptedPage {
  /** Text. */
  readonly title: string
  /** Text: one sentence for those who find the page by a search. */
  readonly description: string
  /** The page's addition to the style of all pages. */
  readonly style: string
  /** A module, whole: it imports nothing. */
  readonly script: string
  /** True if the page asks the server that it comes from. */
  readonly connects: boolean
}

/** A page that one script draws, and the policy that it stands under, wherever it is opened: what is not in it does not run. */
export function scriptedPage(page: ScriptedPage): { readonly html: string; readonly policy: string } {
  const style = `${BASE_STYLE}${page.style}`
  // The script's end tag may stand in its texts, and an opening of a comment too.
  const script = page.script.replace(/<(?=\/script|!--)/gi, '\\x3c')
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    ...(page.connects ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  const head = `<meta name="description" content="${escapeHtml(page.description)}">
<style>${style}</style>`
  const body = `<noscript><p>${escapeHtml(page.title)} is drawn by a script, and this browser runs none.</p></noscript>
<script type="module">${script}</script>`
  return { html: frame({ title: page.title, policy, head, body }), policy }
}

/** A scripted page with the text that its address has behind the `#`, for when it is opened without one. */
export const openedAt = (html: string, text: string): string =>
  html.replace('<title>', `<meta name="opened-at" content="${escapeHtml(text)}">\n<title>`)

/** A scripted page with data that its script reads. The policy lets it through, because it is no script that runs. */
export const carrying = (html: string, data: unknown): string =>
  html.replace(
    '<body>',
    () => `<body>\n<script type="application/json" id="carried">${scriptJson(data)}</script>`,
  )

/** The source of a policy that lets exactly this text through. */
const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

function frame(page: {
  readonly title: string
  readonly policy: string
  /** HTML. */
  readonly head: string
  /** HTML. */
  readonly body: string
}): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${page.policy}">
<title>${escapeHtml(page.title)}</title>
${page.head}
</head>
<body>
${page.body}
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
