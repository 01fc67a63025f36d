/** Documents of the project with tables generated from its code. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './built-program.ts'

/**
 * Returns a document with the text between its two markers, `<!-- name:begin -->` and `<!-- name:end -->`, replaced.
 */
export function withTable(path: string, name: string, table: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`]
  const text = readFileSync(join(ROOT, path), 'utf8')
  const [before = '', rest] = text.split(`${begin}\n`)
  const after = rest?.split(end)[1]
  if (after === undefined) throw new Error(`${path} has no ${begin}`)
  return `${before}${begin}\n${table}${end}${after}`
}

/** The code in a language in a section of a document, up to the next heading of the same level. */
export function codeBlocks(document: string, section: string, language: string): readonly string[] {
  const [, rest = ''] = document.split(`\n## ${section}\n`)
  const [text = ''] = rest.split('\n## ')
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, code = '']) => code,
  )
}
