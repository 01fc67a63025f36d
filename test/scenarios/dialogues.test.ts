/** Every dialogue reads as it did: `npm run scenarios -- --update` writes those anew whose protocol has changed. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { rerun } from './rerun.ts'

const FOLDER = import.meta.dirname
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'))

describe('dialogues', () => {
  test('there are at least twelve', () => expect(files.length).toBeGreaterThanOrEqual(12))

  test.each(files)('%s', async (name) => {
    const path = join(FOLDER, name)
    await expect(rerun(readFileSync(path, 'utf8'))).toMatchFileSnapshot(path)
  })

  test('a changed dialogue is found, and so is an unknown command', () => {
    const told = rerun('> cluster of 4\n> A asks 0\nnothing happens\n')
    expect(told).toContain('REQUEST A1')
    expect(told).not.toContain('nothing happens')
    expect(() => rerun('> cluster of 4\n> dance\n')).toThrow('No such command')
  })
})
