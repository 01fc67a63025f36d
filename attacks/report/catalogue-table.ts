/** The catalogue as a markdown table: `npm run attacks:table`. Its one argument is the file to write it into. */
import { readFileSync, writeFileSync } from 'node:fs'
import { EVERY_ATTACK } from '../catalogue/every-attack.ts'
import { modesOf } from '../language/attack.ts'

const [BEGIN, END] = ['<!-- attacks:begin -->', '<!-- attacks:end -->']
const HEADINGS = ['attack', 'played by', 'world', 'modes', 'what it does', 'what is expected'] as const

export function catalogueTable(): string {
  const rows = [...EVERY_ATTACK.values()].map((attack) => {
    const { name, plays = 'replicas', world, does, expects } = attack
    return [`\`${name}\``, plays, world, modesOf(attack).join(', '), does, expects]
  })
  return [HEADINGS, HEADINGS.map(() => ':--'), ...rows].map(line).join('\n')
}

const line = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

/** Returns the text with the table between its markers; null where it has none. */
export function withCatalogueTable(text: string): string | null {
  const [before, rest] = text.split(`${BEGIN}\n`)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) return null
  return `${before}${BEGIN}\n${catalogueTable()}\n${END}${after}`
}

const [, , file] = process.argv
if (file !== undefined && import.meta.filename === process.argv[1]) {
  const text = withCatalogueTable(readFileSync(file, 'utf8'))
  if (text === null) {
    console.error(`${file} has no ${BEGIN} with ${END} behind it: put both where the table belongs.`)
    process.exitCode = 2
  } else writeFileSync(file, text)
}
