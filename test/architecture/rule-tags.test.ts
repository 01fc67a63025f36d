/**
 * Every rule has its tag beside the code that keeps it and in the name of a test, so that a reader finds both within a
 * minute.
 */
import { describe, expect, test } from 'vitest'
import { readSourceFiles } from '../kit/source-files.ts'

const between = (section: number, first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, index) => `PBFT-${section}.${first + index}`)

/** A comment's tag: `@rule` and the numbers of the rules that the code below it keeps. */
const TAG_LINE = /@rule((?: \d+(?:\.\d+)?)+)/g

/** The rules of the protocol that exist here, section by section; `PBFT-6` is the table of section 6. */
const RULES = [
  ...between(1, 1, 12),
  ...between(2, 1, 9),
  ...between(3, 1, 13),
  ...between(4, 1, 10),
  'PBFT-5.1',
  'PBFT-5.4',
  'PBFT-5.5',
  'PBFT-6',
  ...between(6, 1, 5),
]
/** The invariants that are checked after every simulated step, but for memory, which has bounds all over the code. */
const INVARIANTS = [...between(7, 1, 13), 'PBFT-7.15', 'PBFT-7.16', 'PBFT-7.17']
const MEMORY = 'PBFT-7.14'

const TAG = /PBFT-\d+(?:\.\d+)?/g
const COMMENT = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/g
/** The first argument of `test` and `test.each(…)`: a name in quotes of any kind. */
const TEST_NAME = /\btest(?:\.(?:each|runIf)\([\s\S]*?\))?\(\s*(['"`])((?:(?!\1)[\s\S])*)\1/g

const tagsIn = (texts: Iterable<string>): Set<string> =>
  new Set([...texts].flatMap((text) => text.match(TAG) ?? []))

const tagsOfComment = (comment: string): string[] =>
  [...comment.matchAll(TAG_LINE)].flatMap(([, numbers = '']) =>
    numbers
      .trim()
      .split(' ')
      .map((number) => `PBFT-${number}`),
  )

/** The tags in the comments of the files under a folder. */
const tagsInComments = (folder: string): Set<string> =>
  new Set(
    [...readSourceFiles([folder]).values()].flatMap((text) =>
      (text.match(COMMENT) ?? []).flatMap((comment) => tagsOfComment(comment)),
    ),
  )

/** The tags in the names of tests. */
const tagsInTestNames = (): Set<string> =>
  tagsIn(
    [...readSourceFiles(['test'])]
      .filter(([path]) => path.endsWith('.test.ts'))
      .flatMap(([, text]) => [...text.matchAll(TEST_NAME)].map(([, , name = '']) => name)),
  )

const missing = (wanted: readonly string[], found: ReadonlySet<string>): string[] =>
  wanted.filter((tag) => !found.has(tag))

describe('rules and tests', () => {
  test('each rule has its `@rule` line in a comment of the program', () => {
    expect(missing([...RULES, MEMORY], tagsInComments('src'))).toEqual([])
  })

  test('each invariant has its tag in a comment of a checker', () => {
    expect(missing(INVARIANTS, tagsInComments('src/simulator/checkers'))).toEqual([])
  })

  test('each rule and each invariant has a test whose name begins with it, or names it', () => {
    expect(missing([...RULES, ...INVARIANTS, MEMORY], tagsInTestNames())).toEqual([])
  })

  test('no tag names a rule that does not exist', () => {
    const known = new Set([...RULES, ...INVARIANTS, MEMORY])
    const used = new Set([...tagsInComments('src'), ...tagsInTestNames()])
    expect([...used].filter((tag) => !known.has(tag))).toEqual([])
  })

  test('a name is read whole, and code is no comment', () => {
    const names = [...`test.each([1, [2]])("PBFT-1.1 it's %i", () => {})`.matchAll(TEST_NAME)]
    expect(names.map(([, , name]) => name)).toEqual(["PBFT-1.1 it's %i"])
    expect("const tag = '@rule 9.9' // @rule 1.2 6".match(COMMENT)).toEqual(['// @rule 1.2 6'])
    expect(tagsOfComment('// @rule 1.2 6')).toEqual(['PBFT-1.2', 'PBFT-6'])
  })
})
