/** Mutants contain text of the built program: a change of the source must not silently break one. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../kit/built-program.ts'
import { MUTANTS } from '../mutants/mutants.ts'
import { patched, placeOfPatch, readBuiltFiles } from '../mutants/patch-place.ts'

const files = readBuiltFiles(ROOT)

test.each(MUTANTS)('$rule $name', ({ within, search, replacement, also = [], paper }) => {
  for (const patch of [{ within, search, replacement }, ...also]) {
    expect(placeOfPatch(patch, files)).toMatchObject({ file: expect.stringMatching(/^dist\//) })
    expect(patch.replacement).not.toBe(patch.search)
  }
  if (paper !== undefined) expect(hasTest(paper.file, paper.test), `${paper.file}: ${paper.test}`).toBe(true)
})

/** True if a file has a test whose name may contain this. Names that are made in a loop are compared piece by piece. */
function hasTest(file: string, part: string): boolean {
  const text = readFileSync(join(ROOT, 'test', file), 'utf8').replaceAll("\\'", "'")
  const names = [...text.matchAll(/(?:'|"|`)([^\n]{8,}?)(?:'|"|`)[,)\]]/g)].map(([, name = '']) => name)
  const pieces = names.flatMap((name) => name.split(/^(?:PBFT-[\d.]+ )+|\$\{[^}]*\}|%[sio]|\$[a-z]+/))
  return pieces.some(
    (piece) => piece.includes(part) || (piece.trim().length >= 8 && part.includes(piece.trim())),
  )
}

describe('a patch', () => {
  const VOTE = 'export function vote(n) {\n    return n > 1;\n}\n'
  const CLASS = 'export class Votes {\n    #count = 1;\n    add(n) {\n        return n > 1;\n    }\n}\n'
  const program = new Map([
    ['dist/src/a.js', `${VOTE}const MOST = 1;\n`],
    ['dist/src/b.js', CLASS],
  ])
  const place = (within: string, search: string) =>
    placeOfPatch({ within, search, replacement: '' }, program).file

  test('is found in the declaration that it names, whichever file that is in', () => {
    expect(place('vote', 'n > 1')).toBe('dist/src/a.js')
    expect(place('MOST', 'const MOST = 1')).toBe('dist/src/a.js')
    expect(place('Votes.add', 'n > 1')).toBe('dist/src/b.js')
    expect(place('Votes.#count', '= 1')).toBe('dist/src/b.js')
    const moved = new Map([['dist/src/c.js', VOTE], ...program].slice(0, 1) as [string, string][])
    expect(placeOfPatch({ within: 'vote', search: 'n > 1', replacement: '' }, moved).file).toBe(
      'dist/src/c.js',
    )
  })

  test('that has no place reports where its text is', () => {
    expect(() => place('renamed', 'n > 1')).toThrow(
      'renamed contains "n > 1" 0 times; others that contain it: vote (dist/src/a.js); Votes.add (dist/src/b.js)',
    )
    expect(() => place('vote', 'gone')).toThrow('vote contains "gone" 0 times; others that contain it: none')
  })

  test('with two places has none', () => {
    expect(() => place('vote', 'n')).toThrow(/vote contains "n" \d+ times/)
    const twice = new Map([...program, ['dist/src/c.js', VOTE] as const])
    expect(() => placeOfPatch({ within: 'vote', search: 'n > 1', replacement: '' }, twice)).toThrow('2 times')
  })

  test('changes its own place and no other', () => {
    const { file, text } = patched({ within: 'vote', search: 'n > 1', replacement: "'$&'" }, program)
    expect([file, text]).toEqual([
      'dist/src/a.js',
      "export function vote(n) {\n    return '$&';\n}\nconst MOST = 1;\n",
    ])
  })
})
