/** The mutants are text of the built program: a change of the source must not leave one behind unseen. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MUTANTS } from '../mutants/mutants.ts'

const ROOT = join(import.meta.dirname, '../..')

test.each(MUTANTS)('$rule $name', ({ file, search, replacement, also = [], paper }) => {
  for (const patch of [{ file, search, replacement }, ...also]) {
    const path = join(ROOT, 'dist', patch.file)
    const places = existsSync(path) ? readFileSync(path, 'utf8').split(patch.search).length - 1 : 0
    expect([patch.file, places]).toEqual([patch.file, 1])
    expect(patch.replacement).not.toBe(patch.search)
  }
  if (paper !== undefined) expect(existsSync(join(ROOT, 'test', paper.file))).toBe(true)
})
