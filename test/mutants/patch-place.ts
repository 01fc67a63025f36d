/** Finds the place of a patch: in the declaration that it names, whichever file of the built program that lives in. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAst } from 'vitest/node'
import { PROGRAM } from '../architecture/layer-checks.ts'
import { BROWSER_SOURCES, builtFile } from '../kit/built-program.ts'
import { readSourceFiles } from '../kit/source-files.ts'
import type { Patch } from './mutant.ts'

/** Built files, as paths below the directory that was built, to their text. What was built of former sources is left out. */
export type BuiltFiles = ReadonlyMap<string, string>

/** The files of the program that was built in a directory. */
export function readBuiltFiles(directory: string): BuiltFiles {
  const sources = [...readSourceFiles(PROGRAM).keys()].filter(
    (path) => !path.startsWith(BROWSER_SOURCES) && !path.endsWith('.d.ts'),
  )
  return new Map(
    sources.map((path) => [builtFile(path), readFileSync(join(directory, builtFile(path)), 'utf8')]),
  )
}

export interface PatchPlace {
  readonly file: string
  /** The index of the text's first character. */
  readonly start: number
}

/** The one place of a patch. Throws an error that says where else its text is, if there is not exactly one. */
export function placeOfPatch({ within, search }: Patch, files: BuiltFiles): PatchPlace {
  const all = [...files].flatMap(([file, text]) => placesIn(file, text, search))
  const inside = all.filter(({ names }) => names.includes(within))
  const [place] = inside
  if (place !== undefined && inside.length === 1) return place
  const elsewhere = all
    .filter((each) => !inside.includes(each))
    .map(({ names, file }) => `${names.join(', ')} (${file})`)
  throw new Error(
    `${within} contains ${JSON.stringify(search)} ${inside.length} times; ` +
      `others that contain it: ${elsewhere.length === 0 ? 'none' : elsewhere.join('; ')}`,
  )
}

/** A file with a patch applied. */
export function patched(patch: Patch, files: BuiltFiles): { readonly file: string; readonly text: string } {
  const { file, start } = placeOfPatch(patch, files)
  const text = files.get(file) ?? ''
  return { file, text: text.slice(0, start) + patch.replacement + text.slice(start + patch.search.length) }
}

interface NamedPlace extends PatchPlace {
  /** The declarations around it: one, as a rule. */
  readonly names: readonly string[]
}

function placesIn(file: string, text: string, search: string): readonly NamedPlace[] {
  const places: NamedPlace[] = []
  for (let start = text.indexOf(search); start >= 0; start = text.indexOf(search, start + 1)) {
    const end = start + search.length
    const around = declarationsOf(text).filter((each) => each.start <= start && end <= each.end)
    places.push({ file, start, names: around.map(({ name }) => name) })
  }
  return places
}

interface Declaration {
  /** Of a function or a constant its name; of a method `Class.method`. */
  readonly name: string
  readonly start: number
  readonly end: number
}

const known = new Map<string, readonly Declaration[]>()

/** The functions and constants at the top of a file, and the members of its classes. */
function declarationsOf(text: string): readonly Declaration[] {
  const before = known.get(text)
  if (before !== undefined) return before
  const found = parseAst(text).body.flatMap((statement) => {
    const declared =
      statement.type === 'ExportNamedDeclaration' && statement.declaration ? statement.declaration : statement
    const { start, end } = statement
    if (declared.type === 'FunctionDeclaration') return [{ name: declared.id?.name ?? '', start, end }]
    if (declared.type === 'VariableDeclaration') {
      return declared.declarations.map(({ id }) => ({
        name: id.type === 'Identifier' ? id.name : '',
        start,
        end,
      }))
    }
    if (declared.type !== 'ClassDeclaration') return []
    const { id, body } = declared
    return body.body.flatMap((member) =>
      'key' in member
        ? [{ name: `${id?.name ?? ''}.${keyName(member.key)}`, start: member.start, end: member.end }]
        : [],
    )
  })
  known.set(text, found)
  return found
}

/** The name of a member as it is written, a private one with its `#`. */
function keyName(key: { readonly type: string; readonly name?: unknown }): string {
  const name = String(key.name ?? '')
  return key.type === 'PrivateIdentifier' ? `#${name}` : name
}
