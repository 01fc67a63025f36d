/** The lesson: each of its commands runs, and ends as it says. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { type ClassicsFlags, classics } from '../../clients/cli/classics-command.ts'
import { ROOT } from '../kit/built-program.ts'

const LESSON = readFileSync(join(ROOT, 'src/classics/LESSON.md'), 'utf8')
const COMMANDS = [...LESSON.matchAll(/^ {4}strategos classics (\S+)(.*)$/gm)].map(
  ([, name = '', rest = '']) => [name, rest.trim()] as const,
)

afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = undefined
})

test('it goes through eight parts', () => {
  expect(LESSON.match(/^## \d\./gm)).toHaveLength(8)
  expect(COMMANDS.length).toBeGreaterThanOrEqual(8)
})

test.each(COMMANDS)('strategos classics %s %s', async (name, rest) => {
  const printed: string[] = []
  vi.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text))
  const [, option = '', value] = /^--(\S+) ?(\d+)?$/.exec(rest) ?? []
  const flags: ClassicsFlags = option === '' ? {} : { [option]: value === undefined ? true : Number(value) }
  await classics(name, flags)
  expect(process.exitCode).toBe(0)
  expect(printed.join('\n')).toContain(option === 'break' ? 'broke, as it must: ' : 'hold')
})
