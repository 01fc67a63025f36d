/** Shell completion: every command and option of the program is in each script, and bash completes with its script. */
import { execFileSync, spawnSync } from 'node:child_process'
import type { Command } from 'commander'
import { beforeAll, describe, expect, test } from 'vitest'
import { createProgram } from '../../clients/cli/program.ts'
import { expectSentence, runHere } from './command-kit.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const
const program = await createProgram()
const commandsOf = (command: Command, path: readonly string[] = []): readonly [string, Command][] => [
  [path.join(' '), command],
  ...command.commands.flatMap((each) => commandsOf(each, [...path, each.name()])),
]
const all = commandsOf(program)
const scripts: Record<string, string> = {}
beforeAll(async () => {
  for (const shell of SHELLS) scripts[shell] = (await runHere(['completion', shell])).stdout
})

describe.each(SHELLS)('%s', (shell) => {
  test.each(all)('"%s": its commands, options and choices are there', (path, command) => {
    const script = scripts[shell] ?? ''
    const own =
      shell === 'fish'
        ? script.split('\n').filter((line) => line.includes(`__strategos_at \\'${path}\\''`))
        : script.split('\n').filter((line) => line.startsWith(`    '${path}') `))
    const words = own.join('\n').split(/[\s']+/)
    for (const { name } of command.commands.map((each) => ({ name: each.name() })))
      expect(words).toContain(name)
    for (const option of command.options) {
      const word = shell === 'fish' ? option.long?.slice(2) : option.long
      if (option.hidden) expect(words).not.toContain(word)
      else expect(words).toContain(word)
      for (const choice of option.hidden ? [] : (option.argChoices ?? [])) expect(script).toContain(choice)
    }
  })
})

test('another shell is refused in a sentence', async () => {
  expectSentence(await runHere(['completion', 'tcsh']), 'Allowed choices are bash, zsh, fish')
})

const hasBash = spawnSync('bash', ['-c', 'complete -p; true']).status === 0

test.skipIf(!hasBash).each([
  [['st'], ['status']],
  [['compa'], ['compact']],
  [['list', '--so'], ['--sort']],
  [
    ['list', '--sort', ''],
    ['key', 'version', 'create', 'mod', 'value'],
  ],
  [['list', '--sort', 'key', '--desc'], ['--descending']],
  [['bench', 'fail'], ['failover']],
  [['bench', 'failover', '--cry'], ['--crypto']],
  [['init', '--auth', 'o'], ['oral']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish', '-h', '--help'],
  ],
  [['put', '--store-after'], []],
])('bash completes %j', (words, expected) => {
  const line = ['strategos', ...words].map((word) => `'${word}'`).join(' ')
  const call = `COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _strategos; printf '%s\\n' "\${COMPREPLY[@]}"`
  const printed = execFileSync('bash', ['--norc', '-c', `${scripts.bash}\n${call}`], { encoding: 'utf8' })
  expect(printed.split('\n').filter((word) => word !== '')).toEqual(expected)
})
