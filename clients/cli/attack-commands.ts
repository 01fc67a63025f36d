/** attack list, attack NAME, attack --all. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type AnyAttack, isOutsideAttack } from '../../attacks/attack.ts'
import { attackIn, EVERY_ATTACK, type World, worldsOf } from '../../attacks/every-attack.ts'
import { COLUMNS_LEGEND } from '../../attacks/report/legend.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import { isClusterSize } from '../../src/base/quorum.ts'
import type { AuthenticationMode } from '../../src/messages/cluster.ts'
import { isAttackFile, readAttackFile } from './attack-file.ts'
import { type RunFlags, runAttacks } from './attack-run.ts'
import { authOption, directoryOption, wholeNumber } from './options.ts'
import { playTraitors } from './running-traitors.ts'

interface Flags extends Omit<RunFlags, 'traitors'> {
  readonly all?: true
  readonly dir: string
  readonly play?: readonly number[]
  readonly traitors?: readonly number[]
  readonly orders?: true
  readonly playClient?: readonly string[]
}

const SECONDS_HELP =
  'before, during and after the attack together (default: 12); in the simulator, virtual ones of the attack alone'

const HELP = `
A run makes a cluster of its own, loads it, attacks it for a third of the time, and checks
safety, liveness and what is expected of that attack. A run on processes takes its figures
from this machine: compare before, during and after, not one run with another.

${COLUMNS_LEGEND}

Exit codes: 0 all held as expected, 1 not, 2 wrong usage or interrupted.`

export function addAttackCommands(program: Command): void {
  program
    .command('attack')
    .description('attack a cluster of its own and judge it; "list" tells which attacks there are')
    .argument('[name]', 'the attack, or the file of one, such as ./mine.mjs', attackName)
    .option('--all', 'run every attack of the catalogue, one after another')
    .option('--until-failure', 'with --all: stop at the first that is not as expected')
    .addOption(
      new Option('--in <world>', 'where it is run').choices(['processes', 'simulator']).default('processes'),
    )
    .option('--replicas <n>', 'how many replicas', wholeNumber, 4)
    .option('--traitors <ids>', 'other traitors than the attack would choose, such as 0,2', idList)
    .option('--seconds <s>', SECONDS_HELP, wholeNumber)
    .option(
      '--load <n>',
      'operations that correct clients have under way, on processes (default: 16)',
      wholeNumber,
    )
    .option('--seed <x>', 'of what is random in the attack and in the load', wholeNumber, 1)
    .addOption(
      new Option('--crypto <suite>', 'sodium or noble').choices(['sodium', 'noble']).default('sodium'),
    )
    .addOption(authOption())
    .option('--json', 'print the result as JSON')
    .option('--markdown', 'print the throughput under each attack as a table for a text')
    .option('--html <file>', 'write a report that opens in a browser, without a network')
    .option('--play <ids>', 'play these replicas of the cluster in --dir, in the foreground', idList)
    .addOption(directoryOption())
    .addOption(new Option('--play-client <names>', 'be its hostile client').argParser(nameList).hideHelp())
    .addOption(new Option('--orders', 'attack when the parent process says so').hideHelp())
    .addHelpText('after', HELP)
    .action(attack)
}

function attackName(name: string): string {
  if (name === 'list' || EVERY_ATTACK.has(name) || isAttackFile(name)) return name
  throw new InvalidArgumentError('There is no such attack; "attack list" tells which there are.')
}

/** What this world can run of it, or of all. */
async function chosenAttacks(name: string | undefined, world: World): Promise<readonly AnyAttack[]> {
  if (name !== undefined && isAttackFile(name)) return [await readAttackFile(name)]
  const names = name === undefined ? [...EVERY_ATTACK.keys()] : [name]
  return names.flatMap((each) => attackIn(world, each) ?? [])
}

/** Replicas, separated by commas. */
function idList(text: string): readonly number[] {
  const found = text.split(',').map(Number)
  if (!/^\d{1,2}(,\d{1,2})*$/.test(text) || new Set(found).size < found.length) {
    throw new InvalidArgumentError('It is no list of replicas such as 0,2.')
  }
  return found
}

async function attack(name: string | undefined, flags: Flags, command: Command): Promise<void> {
  if (name === 'list') return list(flags.json === true)
  if ((name === undefined) !== (flags.all === true)) {
    command.error('Say which attack, or --all; "attack list" tells which there are.')
  }
  if (flags.play !== undefined) return play(name, flags, command)
  if (flags.playClient !== undefined) return playClient(name, flags.playClient, flags, command)
  if (!isClusterSize(flags.replicas)) {
    throw new OperatorError(`--replicas must be 4, 7, 10 or 13, not ${flags.replicas}.`)
  }
  const outside = flags.traitors?.find((id) => id >= flags.replicas)
  if (outside !== undefined) {
    throw new OperatorError(`There is no replica ${outside} among ${flags.replicas}.`)
  }
  const possible = await chosenAttacks(name, flags.in)
  const chosen = possible.filter(({ needsSignatures }) => flags.auth === 'signed' || needsSignatures !== true)
  if (possible.length > 0 && chosen.length === 0) {
    throw new OperatorError(`${name} forges what only signatures make: run it with --auth signed.`)
  }
  if (flags.traitors !== undefined && chosen.some(({ behaviour }) => behaviour === undefined)) {
    throw new OperatorError('--traitors is for one attack that replicas play.')
  }
  await runAttacks(chosen, flags, name)
}

const nameList = (text: string): readonly string[] => text.split(',')

async function playClient(
  name: string | undefined,
  names: readonly string[],
  { dir, traitors = [], seed }: Flags,
  command: Command,
): Promise<void> {
  const attack = name === undefined ? undefined : (EVERY_ATTACK.get(name) ?? (await readAttackFile(name)))
  if (attack === undefined || isOutsideAttack(attack) || attack.client === undefined) {
    return command.error('This attack has no hostile client.')
  }
  const { playHostileClient } = await import('./running-hostile-client.ts')
  playHostileClient({ role: attack.client, directory: dir, names, traitors, seed })
}

async function play(name: string | undefined, flags: Flags, command: Command): Promise<void> {
  const attack = name === undefined ? undefined : (EVERY_ATTACK.get(name) ?? (await readAttackFile(name)))
  if (attack?.behaviour === undefined) {
    return command.error('Only an attack that replicas play can be played.')
  }
  const parts = isOutsideAttack(attack) ? undefined : attack.parts
  const played = { behaviour: attack.behaviour, ...(parts === undefined ? {} : { parts }) }
  const { dir, play: ids = [], seed, orders } = flags
  await playTraitors({ name: attack.name, played, root: dir, ids, seed, isOrdered: orders === true })
}

/** The modes of the clusters that it can be launched against. */
function modesOf({ needsSignatures, needsMacs }: AnyAttack): readonly AuthenticationMode[] {
  if (needsSignatures === true) return ['signed']
  return needsMacs === true ? ['oral'] : ['signed', 'oral']
}

function list(isJson: boolean): void {
  const entries = [...EVERY_ATTACK.values()].map((attack) => {
    const { name, plays = 'replicas', targets, does, source, expects } = attack
    return { name, plays, in: worldsOf(name), auth: modesOf(attack), targets, does, source, expects }
  })
  if (isJson) console.log(JSON.stringify(entries, null, 2))
  else for (const { name, does } of entries) console.log(`${name}\t${does}`)
}
