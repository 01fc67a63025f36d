/** Every option of every command, found in the tree of commands: a value that makes no sense is refused in a sentence. */
import type { Command, Option } from 'commander'
import { afterAll, describe, expect, test } from 'vitest'
import { createProgram } from '../../clients/cli/program.ts'
import { CONFIGURATIONS_MAX } from '../../src/linearizability/check-history.ts'
import { expectSentence, runHere, Scratch } from './command-kit.ts'

const scratch = new Scratch()
afterAll(() => scratch.remove())

/** No number, no choice, no URL, no host, and as a path one that cannot be made. */
const NONSENSE = `${scratch.file}/no such thing`

interface Leaf {
  readonly path: readonly string[]
  readonly command: Command
}

const leavesOf = (command: Command, path: readonly string[]): readonly Leaf[] =>
  command.commands.length === 0
    ? [{ path, command }]
    : command.commands.flatMap((each) => leavesOf(each, [...path, each.name()]))

const program = await createProgram()
const leaves = leavesOf(program, [])
const named = leaves.map(({ path, command }) => ({ name: path.join(' '), path, command }))

/** An attack may stand without a name, and then another sentence would be first. */
const wordsOf = ({ path, command }: Leaf): readonly string[] => [
  ...path,
  ...command.registeredArguments.map((_, index) => (path[0] === 'attack' ? 'mute' : `argument-${index}`)),
]

/** Whatever else the command insists on, and a directory in which there is no cluster. */
function restOf(command: Command, apart: Option): readonly string[] {
  const others = command.options.filter((each) => each !== apart)
  return others.flatMap((each) => {
    if (each.long === '--dir') return ['--dir', scratch.path('absent')]
    return each.mandatory ? [each.long ?? '', each.long === '--id' ? '0' : scratch.path('absent')] : []
  })
}

test('there are commands and options to try', () => {
  expect(leaves.length).toBeGreaterThanOrEqual(18)
  expect(leaves.flatMap(({ command }) => command.options).length).toBeGreaterThan(80)
})

describe.each(named)('$name', (leaf) => {
  const { path, command } = leaf
  const valued = command.options.filter((option) => option.required || option.optional)

  test.each(valued.map((option) => ({ flags: option.flags, option })))('$flags', async ({ option }) => {
    for (const value of [NONSENSE, '']) {
      const flag = option.long ?? ''
      const finished = await runHere([...wordsOf(leaf), ...restOf(command, option), flag, value])
      expectSentence(finished)
      for (const choice of option.argChoices ?? []) expect(finished.stderr).toContain(choice)
    }
  })

  test('an option that there is not, and one argument too many', async () => {
    const words = [...wordsOf(leaf), ...restOf(command, {} as Option)]
    expectSentence(await runHere([...words, '--no-such-option']), 'unknown option')
    const takesMore = command.registeredArguments.some(({ variadic }) => variadic)
    if (!takesMore) expectSentence(await runHere([...words, 'a', 'b', 'c']), 'too many arguments')
  })

  test('its help is no wider than 80 columns', async () => {
    const { code, stdout } = await runHere([...path, '--help'])
    expect(code).toBe(0)
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
  })
})

test.each(['', 'nonsense', 'bench nonsense'])('"%s" is no command', async (line) => {
  const { code, stderr } = await runHere(line.split(' ').filter((word) => word !== ''))
  expect(code).toBe(2)
  expect(stderr).not.toMatch(/is broken/)
})

test('the log level is checked where it comes from the environment too', async () => {
  const words = ['replica', '--id', '0', '--dir', scratch.path('absent')]
  const finished = await runHere(words, { STRATEGOS_LOG_LEVEL: 'loud' })
  expectSentence(
    finished,
    /'loud' from env 'STRATEGOS_LOG_LEVEL' is invalid. Allowed choices are trace, debug/,
  )
})

test.each([
  ['localhost:8080', 'Expected a URL with its scheme'],
  ['127.0.0.1:8080', 'Expected a URL with its scheme'],
  ['ftp://127.0.0.1', 'Expected a URL with its scheme'],
  ['http://127.0.0.1/?a=b', 'without a query'],
  ['http://127.0.0.1:1', 'cannot be reached (ECONNREFUSED)'],
  ['http://127.0.0.1:1///', 'The gateway at http://127.0.0.1:1/ cannot be reached'],
])('--url %s', async (url, saying) => {
  expectSentence(await runHere(['get', 'a', '--url', url]), saying)
})

test.each(['0.0.0.0', '10.0.0.1', 'example.org', '::'])(
  'a gateway does not listen on %s without its guards',
  async (host) => {
    const refused = await runHere(['gateway', '--host', host])
    expectSentence(refused, 'only with TLS and with callers that it knows')
    expect(refused.stderr).toMatch(/--tls-cert.*--tls-key.*--tokens.*--tls-client-ca/)
  },
)

test.each([
  [['--tls-cert', 'a.crt'], 'TLS needs both --tls-cert and --tls-key'],
  [['--tls-cert', 'none.crt', '--tls-key', 'none.key'], '--tls-cert: none.crt cannot be read'],
  [['--tokens', 'none.json'], 'The tokens in none.json cannot be used: it does not exist.'],
  [['--cors-origins', 'https://app.example/'], 'Expected sites as a browser names them'],
])('gateway %s', async (args, saying) => {
  expectSentence(await runHere(['gateway', ...args]), saying)
})

test('what is run by simulate is one thing', async () => {
  const pairs = [
    ['--seed', '1', '--seeds', '1..2'],
    ['--twins', '--scenarios'],
    ['--plan', scratch.file, '--seed', '1'],
    ['--trace', '--twins'],
    ['--steps', '3', '--seeds', '1..2'],
    ['--playground', scratch.path('page.html'), '--twins'],
  ]
  for (const flags of pairs) expectSentence(await runHere(['simulate', ...flags]), 'cannot be used with')
})

test('the limit of a search that the help names is the one that holds', async () => {
  expect((await runHere(['check', '--help'])).stdout.replaceAll(/\s+/g, ' ')).toContain(
    `${CONFIGURATIONS_MAX})`,
  )
})
