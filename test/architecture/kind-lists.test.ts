/**
 * The row of a kind of message in `kinds.ts` has all its properties. A second list of many kinds would have to be
 * maintained by hand, so there is none, except for the dispatchers, which treat each kind differently.
 */
import { describe, expect, test } from 'vitest'
import { KINDS } from '../../src/messages/kinds.ts'
import { readSourceFiles, type SourceFiles, withoutComments } from '../kit/source-files.ts'
import { PROGRAM } from './layer-checks.ts'

/** The number of kinds from which on a list counts; shorter lists have a specific meaning. */
const KINDS_MIN = 7

/** The files that may have a list, and how many: each of these is a switch whose cases differ. */
const DISPATCHERS: Readonly<Record<string, number>> = {
  'src/messages/kinds.ts': 1,
  'src/messages/codecs.ts': 1,
  'src/pbft/step.ts': 1,
  'src/pbft/relevance.ts': 1,
  'src/pbft/oral/oral-mode.ts': 2,
  'src/runtime/authentication/signed-authentication.ts': 1,
  'src/simulator/specification/heard.ts': 1,
  'src/simulator/specification/permission.ts': 1,
  'src/simulator/trace/message-phrases.ts': 1,
}

interface Block {
  readonly line: number
  readonly kinds: Set<string>
}

/** The lists of a file: brackets of any sort that hold the names of many kinds in quotes, brackets inside apart. */
function kindLists(text: string): readonly Block[] {
  const lists: Block[] = []
  const open: Block[] = [{ line: 1, kinds: new Set() }]
  let line = 1
  for (const [token, , name] of withoutComments(text).matchAll(/(['"])([\w-]+)\1|[\n{}[\]()]/g)) {
    const inside = open.at(-1)
    if (name !== undefined && name in KINDS) inside?.kinds.add(name)
    else if (token === '\n') line++
    else if ('{[('.includes(token)) open.push({ line, kinds: new Set() })
    else if ('}])'.includes(token)) lists.push(...(open.length > 1 ? open.splice(-1) : []))
  }
  return [...lists, ...open].filter(({ kinds }) => kinds.size >= KINDS_MIN)
}

const listsIn = (files: SourceFiles): string[] =>
  [...files].flatMap(([path, text]) => {
    const lists = kindLists(text)
    if (lists.length === (DISPATCHERS[path] ?? 0)) return []
    return [
      `${path} has ${lists.length} lists of kinds, at lines ${lists.map(({ line }) => line).join(', ')}`,
    ]
  })

describe('lists of kinds', () => {
  test('there is none beside the table, but for the dispatchers', () => {
    expect(listsIn(readSourceFiles(PROGRAM))).toEqual([])
  })

  const names = Object.keys(KINDS).map((kind) => `'${kind}'`)
  const seven = names.slice(0, KINDS_MIN)
  test.each([
    ['an array', `const LINKED = [\n${seven.join(',\n')}\n]`],
    ['a switch', `switch (kind) {\n${seven.map((name) => `case ${name}:`).join('\n')}\nreturn f(kind)\n}`],
    ['a chain', `const isOf = (kind) => ${seven.map((name) => `kind === ${name}`).join(' || ')}`],
  ])('%s of seven is found, one of six is not', (_, text) => {
    expect(listsIn(new Map([['src/pbft/x.ts', text]]))).toHaveLength(1)
    expect(listsIn(new Map([['src/pbft/x.ts', text.replace(seven[3] ?? '', "'none'")]]))).toEqual([])
  })

  test('a second list in a dispatcher is found, and a comment is none', () => {
    const step = `switch (kind) {${names.map((name) => `case ${name}: break\n`).join('')}}`
    const comment = `// ${names.join(' ')}`
    expect(listsIn(new Map([['src/pbft/step.ts', `${step}\n${comment}`]]))).toEqual([])
    expect(listsIn(new Map([['src/pbft/step.ts', `${step}\n${step}`]]))).toHaveLength(1)
  })
})
