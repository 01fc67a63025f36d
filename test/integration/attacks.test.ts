/** Attacks on real replica processes: the verdict and its facts, the count of acts, and the cleanup. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Command, CommanderError } from 'commander'
import { afterEach, describe, expect, test } from 'vitest'
import { addAttackCommand } from '../../clients/cli/commands/attack.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import { IS_DEEP } from '../kit/depth.ts'
import { runCommand } from './command-run.ts'
import { type Finished, isAlive, ProcessKit, until } from './process-kit.ts'

let kit = new ProcessKit()
afterEach(async () => {
  await kit.cleanUp()
  kit = new ProcessKit()
})

interface Told {
  readonly held: boolean
  readonly asExpected: boolean
  readonly faults: readonly string[]
  readonly notes: readonly string[]
  readonly facts: {
    readonly acts: number
    readonly actsByTurn: Readonly<Record<string, number>>
    readonly viewChanges: number
    readonly traitors: readonly number[]
    readonly guilty: readonly number[]
    readonly measured: {
      readonly before: { readonly done: number }
      readonly during: { readonly done: number }
      readonly after: { readonly done: number }
      readonly memory: readonly { readonly replica: number; readonly peakBytes: number }[]
    }
  }
}

/** Runs a command with its own temporary directory, so that leftovers are found. */
async function attack(...args: readonly string[]): Promise<{ finished: Finished; told: Told }> {
  const temporary = kit.directory()
  // A light load, because the effect on throughput is not tested.
  const flags = ['--seconds', '2', '--load', '2', '--json']
  const finished = await kit.runWith({ TMPDIR: temporary }, 'attack', ...args, ...flags)
  expect(readdirSync(temporary)).toEqual([])
  const [told] = (JSON.parse(finished.stdout || '{"runs":[]}') as { runs: Told[] }).runs
  if (told === undefined) throw new Error(`it told nothing: ${finished.stderr}`)
  return { finished, told }
}

test.runIf(IS_DEEP)(
  'two worlds: with f + 1 traitors agreement breaks on real disks, and the run says so',
  async () => {
    const { finished, told } = await attack('two-worlds')
    expect([told.faults, told.held, told.asExpected, finished.code]).toEqual([[], false, true, 0])
    expect(told.notes.join('\n')).toMatch(
      /replicas \d and \d (executed|decided) different batches at sequence number \d+/,
    )
  },
)

test.runIf(IS_DEEP)('a partition of the network is healed', async () => {
  const { finished, told } = await attack('partition')
  expect(told.faults).toEqual([])
  expect(told.facts.acts).toBe(2)
  expect(finished.code).toBe(0)
})

test.runIf(IS_DEEP)('a soak: a dozen attacks and more, in turn', async () => {
  const { told } = await attack('soak')
  expect(told.faults).toEqual([])
  const acted = Object.entries(told.facts.actsByTurn).filter(([, acts]) => acts > 0)
  expect(acted.length).toBeGreaterThanOrEqual(12)
})

test.runIf(IS_DEEP)('a run that is interrupted ends every process and removes its directory', async () => {
  const temporary = kit.directory()
  const run = kit.startWith({ TMPDIR: temporary }, 'attack', 'mute')
  await until('the load runs', () => run.output.stderr.includes('warm'))
  const children = readFileSync(`/proc/${run.pid}/task/${run.pid}/children`, 'utf8').trim().split(' ')
  expect(children).toHaveLength(4)
  const ended = new Promise((resolve) => run.once('close', resolve))
  run.kill('SIGINT')
  expect(await ended).toBe(2)
  expect(run.output.stderr).toContain('Interrupted.')
  expect(children.some((pid) => isAlive(Number(pid)))).toBe(false)
  expect(readdirSync(temporary)).toEqual([])
})

/**
 * The sentence with which the command refuses to start, run in this process, because most of the time would be
 * loading.
 */
async function refusal(args: readonly string[]): Promise<string> {
  let printed = ''
  const print = (text: string): void => {
    printed += text
  }
  const program = new Command().exitOverride().configureOutput({ writeOut: print, writeErr: print })
  addAttackCommand(program)
  const ended = program.parseAsync(['attack', ...args], { from: 'user' })
  const error: unknown = await ended.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (error instanceof OperatorError) return error.message
  if (error instanceof CommanderError && error.exitCode !== 0) return printed
  throw new Error(`it was not refused: ${error}`)
}

describe('what is no run', () => {
  test.each([
    [[], /Name an attack/],
    [['mute', '--all'], /Name an attack/],
    [['nonsense'], /There is no attack "nonsense"/],
    [['mute', '--replicas', '5'], /Allowed choices are 4, 7, 10, 13/],
    [['mute', '--traitors', '4'], /There is no replica 4/],
    [['mute', '--traitors', '1,1'], /list of replica ids/],
    [['partition', '--traitors', '1'], /that replicas play/],
    [['slowloris', '--in', 'simulator'], /needs processes/],
    [['partition', '--play', '1'], /that replicas play/],
    [['twins'], /only the simulator/],
    [['mute', '--html', '/nowhere/report.html'], /cannot be written/],
  ])('%j', async (args, saying) => expect(await refusal(args)).toMatch(saying))

  test('ends with exit code 2 and prints nothing else', async () => {
    const { code, stdout, stderr } = await kit.run('attack', 'mute', '--traitors', '4')
    expect(stderr).toBe(`${await refusal(['mute', '--traitors', '4'])}\n`)
    expect([code, stdout]).toEqual([2, ''])
  })

  test('the list', async () => {
    const { code, stdout } = await runCommand(kit, 'attack', 'list', '--json')
    expect(code).toBe(0)
    const entries = JSON.parse(stdout) as { name: string; plays: string }[]
    expect(entries).toContainEqual(expect.objectContaining({ name: 'mute', plays: 'replicas' }))
    const both = ['processes', 'simulator']
    expect(entries).toContainEqual(expect.objectContaining({ name: 'partition', plays: 'network', in: both }))
    expect(entries).toContainEqual(expect.objectContaining({ name: 'stranger', plays: 'client', in: both }))
    expect((await runCommand(kit, 'attack', 'list')).stdout).toMatch(/^mute {2}/m)
  })
})

test('the attack that README writes runs', async () => {
  const root = resolve(import.meta.dirname, '../..')
  const listings = readFileSync(join(root, 'attacks/README.md'), 'utf8').matchAll(/```js\n(.*?)```/gs)
  const listing = [...listings].map(([, text]) => text).find((text) => text?.includes("'strategos/attacks'"))
  if (listing === undefined) throw new Error('attacks/README.md has no listing')
  const project = kit.directory()
  mkdirSync(join(project, 'node_modules'))
  symlinkSync(root, join(project, 'node_modules', 'strategos'))
  const file = join(project, 'half-silent.mjs')
  writeFileSync(file, listing)
  const simulated = await runCommand(kit, 'attack', file, '--in', 'simulator', '--seconds', '1')
  expect(simulated.stdout).toMatch(/^half-silent +held/m)
})

test('a file that is no attack is refused in one sentence', async () => {
  const directory = kit.directory()
  const written = async (name: string, text: string): Promise<string> => {
    writeFileSync(join(directory, name), text)
    const { code, stdout, stderr } = await runCommand(
      kit,
      'attack',
      join(directory, name),
      '--in',
      'simulator',
    )
    expect([code, stdout, stderr.trim().split('\n').length]).toEqual([2, '', 1])
    return stderr
  }
  expect((await runCommand(kit, 'attack', './nowhere.mjs')).stderr).toMatch(
    /cannot be used as an attack: Cannot find/,
  )
  expect(await written('a.mjs', 'export const a = 1')).toMatch(/it has no default export/)
  expect(await written('b.mjs', "export default { name: 'Big' }")).toMatch(
    /"name": it must consist of lower-case/,
  )
  expect(await written('c.mjs', 'export default {')).toMatch(/cannot be used as an attack: Unexpected/)
})

test('an attack in the simulator is reported in the same way, and its page is written', async () => {
  const page = join(kit.directory(), 'report.html')
  const run = await runCommand(
    kit,
    'attack',
    'silent-primary',
    '--in',
    'simulator',
    '--seconds',
    '1',
    '--seed',
    '3',
    '--html',
    page,
  )
  expect(run.code).toBe(0)
  expect(run.stdout).toMatch(/^silent-primary +held/m)
  expect(run.stdout).not.toContain('op/s')
  expect(readFileSync(page, 'utf8')).toContain('1 of 1 attacks held as expected')
})
