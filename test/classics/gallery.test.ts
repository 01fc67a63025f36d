/** The gallery: each entry holds in every run within its bounds, costs what was proved, and breaks outside. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { breakText, explorationText } from '../../clients/cli/classics-text.ts'
import { GALLERY } from '../../src/simulator/classics/gallery/catalogue.ts'
import { ROOMS } from '../../src/simulator/classics/gallery/entry.ts'
import { ROOT } from '../kit/built-program.ts'
import { IS_DEEP } from '../kit/depth.ts'

const SEEDS = [1, 2, 3, 4, 5]
/** The entries whose explorations take seconds. The deep run has them. */
const LONG = ['clock-averaging', 'deadlock-detection', 'information-gathering', 'reliable-broadcast']

test('names differ, rooms stay together, and each entry names the file of its algorithm', () => {
  expect(new Set(GALLERY.map(({ name }) => name)).size).toBe(GALLERY.length)
  const rooms = GALLERY.map(({ room }) => ROOMS.indexOf(room))
  expect(rooms).toEqual([...rooms].sort((a, b) => a - b))
  expect(GALLERY.filter(({ file }) => !existsSync(join(ROOT, file)))).toEqual([])
})

describe.each(GALLERY.map((entry) => [entry.name, entry] as const))('%s', (name, entry) => {
  test('holds over seeds, with the messages of the closed form', () => {
    const { n, faults, faultsMax } = entry.sizes
    for (const size of new Set([n, Math.min(n + 1, entry.sizes.nMax)])) {
      for (const seed of SEEDS) {
        const run = entry.run({ n: size, faults: Math.min(faults, faultsMax(size)), seed })
        expect([seed, run.violation]).toEqual([seed, null])
        if (run.expectedMessages !== null) expect(run.messages).toBe(run.expectedMessages)
      }
    }
  })

  test.runIf(IS_DEEP || !LONG.includes(name))('holds in all runs within bounds', async () => {
    const exploration = entry.explore()
    expect(exploration.violation).toBeNull()
    expect(exploration.runs).toBeGreaterThan(0n)
    await expect(`${explorationText(entry, exploration)}\n`).toMatchFileSnapshot(
      `gallery/explored/${name}.txt`,
    )
  })

  test('breaks outside its bound, and reads as it did', async () => {
    const broken = entry.break()
    expect(broken.run.violation).not.toBeNull()
    await expect(`${breakText(entry, broken)}\n`).toMatchFileSnapshot(`gallery/broken/${name}.txt`)
  })
})
