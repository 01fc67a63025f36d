/** The glossary: it has every file, exported type and kind of message, and each of its terms leads to a file. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { KIND_NAMES, KINDS } from '../../src/messages/kinds.ts'
import { ROOT } from '../kit/built-program.ts'
import { withTable } from '../kit/documents.ts'
import { readSourceFiles } from '../kit/source-files.ts'
import { describedFiles, exportedTypes, firstSentence, missingFrom, roomsOf, sentenceOf } from './glossary.ts'
import { PROGRAM } from './layer-checks.ts'

const GLOSSARY = 'src/GLOSSARY.md'
const files = describedFiles(readSourceFiles(PROGRAM))
/** The glossary with its second part as the sources have it now, which the first test holds to be as it is. */
const glossary = withTable(GLOSSARY, 'rooms', roomsOf(files))

test('`npm run glossary` would change nothing', async () => {
  await expect(glossary).toMatchFileSnapshot(join(ROOT, GLOSSARY))
})

test('every file says what it is', () => {
  expect(files.length).toBeGreaterThan(400)
  expect(files.filter(({ sentence }) => sentence === null).map(({ path }) => path)).toEqual([])
})

test('every file, exported type and kind of message is in it', () => {
  expect(files.flatMap(({ types }) => types).length).toBeGreaterThan(400)
  expect(missingFrom(glossary, files, KIND_NAMES)).toEqual([])
})

describe('the terms', () => {
  const rows = glossary
    .slice(0, glossary.indexOf('<!-- rooms:begin -->'))
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---') && !/^\| (term|kind) /.test(line))
    .map((line) => line.split(' | ').map((cell) => cell.replaceAll(/^\| | \|$/g, '').trim()))
  const terms = rows.filter(([name = '']) => !name.startsWith('`'))
  const kinds = rows.filter(([name = '']) => name.startsWith('`'))

  test('there are some seventy, each once, in the order of the alphabet', () => {
    const names = terms.map(([name = '']) => name)
    expect(names.length).toBeGreaterThan(69)
    expect(names).toEqual([...new Set(names)].sort((a, b) => a.localeCompare(b, 'en')))
  })

  test('each has a meaning, and a file that is there', () => {
    const unclear = rows.filter((cells) => {
      const [, , meaning = '', where = ''] = cells
      const [, file = ''] = /`([^`]+)`/.exec(where) ?? []
      const isThere = ['src', ''].some((folder) => file !== '' && existsSync(join(ROOT, folder, file)))
      return cells.length !== 4 || meaning.length < 20 || !isThere
    })
    expect(unclear).toEqual([])
  })

  test('the kinds have their numbers', () => {
    const numbers = kinds.map(([name = '', number = '']) => [name.replaceAll('`', ''), Number(number)])
    expect(numbers).toEqual(KIND_NAMES.map((kind) => [kind, KINDS[kind].number]))
  })
})

describe('planted violations', () => {
  const planted = new Map([
    ['src/a/old.ts', '/** An old thing. */\nexport interface Old {}\n'],
    ['src/a/new.ts', '/** A new thing. */\nexport interface New {}\nexport type Late = 1\n'],
  ])
  const text = `| \`prepare\` | 3 |\n${roomsOf(describedFiles(planted))}`

  test('a file, a type and a kind that are not in it are found', () => {
    const grown = describedFiles(new Map([...planted, ['src/b/old.ts', '/** B. */']]))
    expect(missingFrom(`\n${text}`, grown, ['prepare', 'commit'])).toEqual([
      'src/b/old.ts',
      'the kind commit',
    ])
    const without = text.replace('`Late`', '')
    expect(missingFrom(without, describedFiles(planted), [])).toEqual(['Late of src/a/new.ts'])
  })

  test('a sentence comes from the head, an attack, a namesake, or nowhere', () => {
    expect(sentenceOf('src/a/x.ts', "/**\n * A thing. And\n * more.\n */\nimport 'b'\n")).toBe('A thing.')
    expect(sentenceOf('src/a/x.ts', "export const x = {\n  does: 'lies',\n}\n")).toBe('Attack: lies.')
    const named =
      '/** Most. */\nconst MOST = 1\n/** Counts votes: all. */\nexport class VoteCount {}\nexport type A = 1\n'
    expect(sentenceOf('src/a/vote-count.ts', `import 'b'\n${named}`)).toBe('Counts votes: all.')
    expect(sentenceOf('src/a/other.ts', `import 'b'\n${named}`)).toBeNull()
    expect(sentenceOf('src/a/x.ts', 'export const A = 1\n')).toBeNull()
  })

  test('a sentence ends where it ends', () => {
    expect(firstSentence('The batch (rule 1.2) of v. It is')).toBe('The batch (rule 1.2) of v.')
    expect(firstSentence('A list as received:')).toBe('A list as received.')
    expect(firstSentence('5, first half. No two. More.')).toBe('Invariant 5: No two.')
  })

  test('types are exported ones', () => {
    const code =
      'export class A {}\ninterface B {}\nexport type C = 1\n// export type D\nexport interface E {}\n'
    expect(exportedTypes(code)).toEqual(['A', 'C', 'E'])
  })
})
