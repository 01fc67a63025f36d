/** The catalogue's table in the documents is the catalogue's: `npm run attacks:table` writes it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EVERY_ATTACK } from '../../attacks/catalogue/every-attack.ts'
import { catalogueTable, withCatalogueTable } from '../../attacks/report/catalogue-table.ts'
import { ROOT } from '../kit/built-program.ts'

test('the table has a line for each attack, and no cell that breaks it', () => {
  const lines = catalogueTable().split('\n')
  expect(lines).toHaveLength(EVERY_ATTACK.size + 2)
  for (const line of lines) expect(line.split(/(?<!\\)\|/)).toHaveLength(8)
})

test('attacks/README.md shows the catalogue as it is', () => {
  const text = readFileSync(join(ROOT, 'attacks/README.md'), 'utf8')
  const renewed = withCatalogueTable(text)
  expect(renewed, 'attacks/README.md has the markers of its table').not.toBeNull()
  expect(text, 'run `npm run attacks:table`').toBe(renewed)
})

test('a text without markers is left alone', () => {
  expect(withCatalogueTable('no table here')).toBeNull()
  expect(withCatalogueTable('<!-- attacks:begin -->\nno end')).toBeNull()
})

test.each([...EVERY_ATTACK.values()])(
  '$name is aimed at a limit and goes beyond it, if it is after resources',
  (attack) => {
    const { targets, exceeds = [] } = attack
    if (targets.includes('resources')) expect(exceeds).not.toEqual([])
    for (const { what, limit, sent } of exceeds)
      expect([what, sent]).toEqual([what, Math.max(sent, limit + 1)])
  },
)
