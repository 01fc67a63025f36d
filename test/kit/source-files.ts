/** The program's source as data: the imports and docstrings of each file. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The texts of files by their paths from the root of the repository, with `/`. */
export type SourceFiles = ReadonlyMap<string, string>

export interface Import {
  readonly specifier: string
  /** The imported file of a relative specifier; null for a package or a module of Node.js. */
  readonly target: string | null
  /** True if it is erased before the program runs. */
  readonly isTypeOnly: boolean
}

const TOP = fileURLToPath(new URL('../..', import.meta.url))

/** Every TypeScript file under these folders, in the order of their paths. */
export function readSourceFiles(folders: readonly string[]): SourceFiles {
  const files = new Map<string, string>()
  for (const folder of folders) {
    const entries = readdirSync(join(TOP, folder), { recursive: true, withFileTypes: true })
    for (const entry of entries) {
      if (!entry.isFile() || !/\.(ts|tsx|mts|cts)$/.test(entry.name)) continue
      const path = join(entry.parentPath, entry.name)
      if (path.includes('node_modules')) continue
      files.set(path.slice(TOP.length).replaceAll('\\', '/'), readFileSync(path, 'utf8'))
    }
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const STATEMENT =
  /\b(import|export)\s+(type\s+(?!from\b|,)(?=[\w{*]))?(?:[\w*{}\s,$]*?\sfrom\s*|[\w*{}\s,$]*?\}\s*from\s*)?(['"])([^'"\n]+)\3/g
const DYNAMIC = /\bimport\s*\(\s*(['"`])([^'"`\n]+)\1/g

/** All imports of a file: statements, `export … from`, bare imports, dynamic imports and `import('…')` types. */
export function importsOf(path: string, text: string): readonly Import[] {
  const code = withoutComments(text)
  const found: Import[] = []
  for (const [, , type, , specifier] of code.matchAll(STATEMENT)) {
    if (specifier !== undefined) found.push(importOf(path, specifier, type !== undefined))
  }
  for (const [, , specifier] of code.matchAll(DYNAMIC)) {
    if (specifier !== undefined) found.push(importOf(path, specifier, false))
  }
  return found
}

function importOf(path: string, specifier: string, isTypeOnly: boolean): Import {
  const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : null
  return { specifier, target, isTypeOnly }
}

/** Blanks comments, and keeps strings. */
export function withoutComments(text: string): string {
  return walk(text, { keepStrings: true })
}

/** Blanks comments and strings, including the expressions of templates. */
export function withoutCommentsAndStrings(text: string): string {
  return walk(text, { keepStrings: false })
}

export interface Docstring {
  /** The line that it begins in; the first one is 1. */
  readonly line: number
  /** Its whole text as one line, without its tags. */
  readonly words: string
  /** Its first paragraph, as one line. */
  readonly paragraph: string
  /** The index of its first character, and of the first one after it. */
  readonly start: number
  readonly end: number
}

/** All docstrings of a file, in order. */
export function docstringsOf(text: string): readonly Docstring[] {
  const found: Docstring[] = []
  for (let start = 0; start < text.length; ) {
    const end = endOfToken(text, start)
    if (text.startsWith('/**', start)) {
      const lines = text
        .slice(start + 3, end - 2)
        .split('\n')
        .map((line) => line.replace(/^\s*\*?\s*/, '').trim())
      const said = lines.slice(lines.findIndex((line) => line !== '')).filter((line) => !line.startsWith('@'))
      const blank = said.indexOf('')
      const paragraph = said.slice(0, blank < 0 ? undefined : blank).join(' ')
      const words = said.filter((line) => line !== '').join(' ')
      found.push({ line: text.slice(0, start).split('\n').length, words, paragraph, start, end })
    }
    start = end
  }
  return found
}

function walk(text: string, { keepStrings }: { readonly keepStrings: boolean }): string {
  let code = ''
  for (let at = 0; at < text.length; ) {
    const end = endOfToken(text, at)
    const token = text.slice(at, end)
    const isComment = token.startsWith('//') || token.startsWith('/*')
    const isString = !isComment && token.length > 1 && /^['"`]/.test(token)
    code += isComment || (isString && !keepStrings) ? token.replaceAll(/[^\n]/g, ' ') : token
    at = end
  }
  return code
}

/** Returns the end of the comment, the string or the single character at `at`. */
function endOfToken(text: string, at: number): number {
  const past = (index: number, length: number): number => (index < 0 ? text.length : index + length)
  if (text.startsWith('//', at)) return past(text.indexOf('\n', at), 0)
  if (text.startsWith('/*', at)) return past(text.indexOf('*/', at + 2), 2)
  const quote = text[at]
  if (quote !== "'" && quote !== '"' && quote !== '`') return at + 1
  for (let index = at + 1; index < text.length; index++) {
    if (text[index] === '\\') index++
    else if (text[index] === quote) return index + 1
    else if (text[index] === '\n' && quote !== '`') return at + 1 // a quote in a regular expression
  }
  return at + 1
}
