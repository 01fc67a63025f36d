/** The picture of the front page matches its caption, and is drawn from a run. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { drawConviction } from '../../attacks/report/draw-conviction.ts'

const COMMITTED = join(import.meta.dirname, '../../attacks/report/conviction.svg')
const count = (text: string, part: string): number => text.split(part).length - 1

test('a lie, three convictions, the batch executed by all correct replicas, the client answered', () => {
  const picture = drawConviction()
  expect(count(picture, '<line class="lane"')).toBe(5)
  expect(count(picture, '<line class="m lie"')).toBeGreaterThanOrEqual(1)
  expect(count(picture, '<rect class="convicts"')).toBe(3)
  expect(count(picture, '<title>executes</title>')).toBeGreaterThanOrEqual(3)
  expect(count(picture, '<title>reply of')).toBeGreaterThanOrEqual(2)
  expect(picture).toContain('It notices nothing.')
})

test('the picture that is committed names the command that draws it, and has the same lanes and lies', () => {
  const committed = readFileSync(COMMITTED, 'utf8')
  expect(committed).toContain('<!-- Drawn by: npm run picture -->')
  expect(count(committed, '<line class="lane"')).toBe(5)
  expect(count(committed, '<rect class="convicts"')).toBe(3)
})
