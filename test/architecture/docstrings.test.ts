/** Docstrings, held by checks. Each check also runs on planted violations, so that it is known to be able to fail. */
import { describe, expect, test } from 'vitest'
import { docstringsOf, readSourceFiles } from '../kit/source-files.ts'
import { indirectDocstrings } from './docstring-checks.ts'
import { PROGRAM } from './layer-checks.ts'

describe('the program and its tests', () => {
  const files = readSourceFiles([...PROGRAM, 'test'])

  test('there are docstrings to check', () => {
    expect([...files.values()].flatMap(docstringsOf).length).toBeGreaterThan(1_000)
  })
  test('no docstring opens with an indirect question', () => expect(indirectDocstrings(files)).toEqual([]))
})

describe('planted violations', () => {
  test.each([
    '/** What it is made from. */',
    '/** Whether n is large. */',
    '/**\n * How many there are.\n * And why.\n */',
    'const a = 1\n  /** Where it begins. */\n  const b = 2',
    '/**\n *\n * Whom to ask.\n */',
  ])('%j opens with an indirect question', (text) => {
    expect(indirectDocstrings(new Map([['src/base/x.ts', text]]))).toHaveLength(1)
  })

  test.each([
    '/** True if n is large. */',
    '/** However it ends, it is closed. */',
    '/** Whoever asks is answered. */',
    '// What a comment is, is free.',
    "const text = '/** What is in quotes, too. */'",
  ])('%j does not', (text) => {
    expect(indirectDocstrings(new Map([['src/base/x.ts', text]]))).toEqual([])
  })
})
