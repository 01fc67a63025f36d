/** Every option of the command line is declared in one module, and each value that an option takes is checked. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { COMMAND_FILES } from '../../clients/cli/command-files.ts'
import { ROOT } from '../kit/built-program.ts'

const CLI = join(ROOT, 'clients/cli')
const sources = readdirSync(CLI, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))

test('no command declares an option of its own, and none reads arguments past commander', () => {
  const bypassing = (pattern: RegExp, allowed: string): readonly string[] =>
    sources.filter((path) => path !== allowed && pattern.test(readFileSync(join(CLI, path), 'utf8')))
  expect(bypassing(/new Option\(|\.(option|requiredOption)\(/, 'options.ts')).toEqual([])
  expect(bypassing(/process\.argv/, 'main.ts')).toEqual([])
  // A command that is run for its user has the user's environment.
  expect(bypassing(/process\.env/, 'child-environment.ts')).toEqual([])
})

describe('every command', async () => {
  const program = new Command()
  for (const { load } of COMMAND_FILES) (await load())(program)
  const all = program.commands.flatMap((command) => [command, ...command.commands])

  test.each(all.map((command) => [command.name(), command] as const))('%s', (_name, command) => {
    expect(command.description()).toMatch(/^[a-z]+ .*[^.]$/)
    for (const option of command.options) {
      expect([option.flags, option.description]).toEqual([
        option.flags,
        expect.stringMatching(/^[a-z].*[^.]$/),
      ])
      const takesValue = option.required || option.optional
      const isChecked = option.parseArg !== undefined || option.argChoices !== undefined
      expect([option.flags, isChecked]).toEqual([option.flags, takesValue])
    }
  })
})
