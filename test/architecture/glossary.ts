/** The second part of `src/GLOSSARY.md`: every file of the program, by room, with its first sentence and its exported types. */
import { docstringsOf, type SourceFiles, withoutCommentsAndStrings } from '../kit/source-files.ts'

/** A longer sentence ends at its first colon or semicolon. */
const SENTENCE_MAX = 160

export interface DescribedFile {
  readonly path: string
  /** Returns the description of a file; null if it has none. */
  readonly sentence: string | null
  readonly types: readonly string[]
}

/** The files of the program that have code, in the order of their paths. */
export const describedFiles = (files: SourceFiles): readonly DescribedFile[] =>
  [...files]
    .filter(([path]) => !path.endsWith('.d.ts'))
    .map(([path, text]) => ({ path, sentence: sentenceOf(path, text), types: exportedTypes(text) }))

/** A section for each room, a line for each file. */
export function roomsOf(files: readonly DescribedFile[]): string {
  const rooms = new Map<string, string[]>()
  for (const file of files) {
    const room = file.path.slice(0, file.path.lastIndexOf('/'))
    rooms.set(room, [...(rooms.get(room) ?? []), lineOf(file)])
  }
  return [...rooms]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([room, lines]) => `### ${room}\n\n${lines.join('\n')}\n`)
    .join('\n')
}

function lineOf({ path, sentence, types }: DescribedFile): string {
  const name = `\`${path.slice(path.lastIndexOf('/') + 1)}\``
  const list = types.length === 0 ? '' : ` Types: ${types.map((type) => `\`${type}\``).join(', ')}.`
  return `- ${name} ${sentence ?? 'Says nothing of itself.'}${list}`
}

/** The names of the types, interfaces and classes that a file exports, in their order. */
export function exportedTypes(text: string): readonly string[] {
  const code = withoutCommentsAndStrings(text)
  const declared = [...code.matchAll(/^export (?:declare |abstract )*(?:type|interface|class) (\w+)/gm)]
  return declared.map(([, name = '']) => name)
}

/**
 * The first sentence of a file's head; without one, the `does` of an attack; otherwise the first sentence of the
 * export with the file's name, or of its only export.
 */
export function sentenceOf(path: string, text: string): string | null {
  const docstrings = docstringsOf(text)
  const [first] = docstrings
  const isHead = first !== undefined && /^(#![^\n]*)?\s*$/.test(text.slice(0, first.start))
  if (isHead) return firstSentence(first.paragraph)
  const [, , attack] = /^ {2}does:\s*(['"`])(.+)\1,$/m.exec(text) ?? []
  if (attack !== undefined) return `Attack: ${attack}.`
  const stem = path.slice(path.lastIndexOf('/') + 1, -'.ts'.length)
  const exported = [...text.matchAll(/^export (?:\w+ )*?(?:function\*?|const|class|interface|type) (\w+)/gm)]
  const namesake = exported.filter(([, name = '']) => kebabOf(name) === stem)
  const [main] = exported.length === 1 ? exported : namesake
  const own = docstrings.find(
    ({ end }) => text.slice(end, main?.index).trim() === '' && end <= (main?.index ?? 0),
  )
  return main === undefined || own === undefined ? null : firstSentence(own.paragraph)
}

const kebabOf = (name: string): string => name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase()

/** A paragraph up to the end of its first sentence. The number of an invariant before it is spelled out. */
export function firstSentence(paragraph: string): string {
  const [, number, rest = paragraph] = /^(\d+)(?:, [^.]*)?\. (.*)$/.exec(paragraph) ?? []
  const [sentence = rest] = /^.*?[.?!](?=\s|$)/.exec(rest) ?? []
  const short = sentence.length > SENTENCE_MAX ? sentence.replace(/(?<=^.{20,}?)[:;] .*$/, '') : sentence
  const whole = short.replace(/[:;,]$/, '').replace(/(?<![.?!])$/, '.')
  return number === undefined ? whole : `Invariant ${number}: ${whole}`
}

/** The files, exported types and kinds of messages that a glossary lacks. */
export function missingFrom(
  glossary: string,
  files: readonly DescribedFile[],
  kinds: readonly string[],
): readonly string[] {
  const sections = new Map(
    glossary.split(/^### /m).map((section) => [section.slice(0, section.indexOf('\n')), section]),
  )
  const ofFiles = files.flatMap(({ path, types }) => {
    const slash = path.lastIndexOf('/')
    const lines = (sections.get(path.slice(0, slash)) ?? '').split('\n')
    const line = lines.find((each) => each.startsWith(`- \`${path.slice(slash + 1)}\` `))
    if (line === undefined) return [path]
    return types.filter((type) => !line.includes(`\`${type}\``)).map((type) => `${type} of ${path}`)
  })
  const ofKinds = kinds.filter((kind) => !glossary.includes(`\n| \`${kind}\` |`))
  return [...ofFiles, ...ofKinds.map((kind) => `the kind ${kind}`)]
}
