/** Writes the catalogue as Markdown tables: `npm run attacks:table`. Its argument is the file that contains them. */
import { readFileSync, writeFileSync } from 'node:fs'
import { EVERY_ATTACK } from '../catalogue/every-attack.ts'
import { modesOf } from '../language/attack.ts'

/** The tables, by the name that stands in their markers. */
const TABLES = { attacks: catalogueTable, limits: limitsTable } as const
const HEADINGS = ['attack', 'played by', 'world', 'modes', 'what it does', 'what is expected'] as const
const LIMITS_HEADINGS = ['attack', 'limit', 'most', 'sent'] as const

export function catalogueTable(): string {
  const rows = [...EVERY_ATTACK.values()].map((attack) => {
    const { name, plays = 'replicas', world, does, expects } = attack
    return [`\`${name}\``, plays, world, modesOf(attack).join(', '), does, expects]
  })
  return [HEADINGS, HEADINGS.map(() => ':--'), ...rows].map(line).join('\n')
}

/** The limits that attacks target, each with the amount that is sent. */
export function limitsTable(): string {
  const rows = [...EVERY_ATTACK.values()].flatMap(({ name, exceeds = [] }) =>
    exceeds.map(({ what, limit, sent }) => [`\`${name}\``, what, grouped(limit), grouped(sent)]),
  )
  return [LIMITS_HEADINGS, [':--', ':--', '--:', '--:'], ...rows].map(line).join('\n')
}

const grouped = (number: number): string => number.toLocaleString('en-US')

const line = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

/** Returns the text with each table between its markers; null if a marker is missing. */
export function withCatalogueTable(text: string): string | null {
  let renewed = text
  for (const [name, table] of Object.entries(TABLES)) {
    const [begin, end] = markersOf(name)
    const [before, rest] = renewed.split(`${begin}\n`)
    const after = rest?.split(end)[1]
    if (before === undefined || after === undefined) return null
    renewed = `${before}${begin}\n${table()}\n${end}${after}`
  }
  return renewed
}

const markersOf = (name: string) => [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`] as const

const [, , file] = process.argv
if (file !== undefined && import.meta.filename === process.argv[1]) {
  const text = withCatalogueTable(readFileSync(file, 'utf8'))
  if (text === null) {
    const wanted = Object.keys(TABLES).map((name) => markersOf(name).join(' and '))
    console.error(`${file} lacks one of these pairs, put them where the tables belong: ${wanted.join('; ')}.`)
    process.exitCode = 2
  } else writeFileSync(file, text)
}
