/** The command attack: it lists attacks, or chooses and runs them. */
import type { Command } from 'commander'
import { attackIn, EVERY_ATTACK } from '../../attacks/catalogue/every-attack.ts'
import {
  type AnyAttack,
  adversaryOf,
  modesOf,
  runsInSimulator,
  type World,
  worldsOf,
} from '../../attacks/language/attack.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import { isAttackFile, readAttackFile } from './attack-file.ts'
import { type RunFlags, runAttacks } from './attack-run.ts'
import { playTraitors } from './running-traitors.ts'
import { entriesText } from './terminal.ts'

export interface AttackFlags extends Omit<RunFlags, 'traitors'> {
  readonly all?: true
  readonly dir: string
  readonly logLevel: string
  readonly play?: readonly number[]
  readonly traitors?: readonly number[]
  readonly orders?: true
  readonly onOrder?: true
  readonly playClient?: readonly string[]
}

/** The chosen attack, or all attacks that this world can run. */
async function chosenAttacks(name: string | undefined, world: World): Promise<readonly AnyAttack[]> {
  if (name !== undefined && isAttackFile(name)) {
    const written = await readAttackFile(name)
    return worldsOf(written).includes(world) ? [written] : []
  }
  const names = name === undefined ? [...EVERY_ATTACK.keys()] : [name]
  return names.flatMap((each) => attackIn(world, each) ?? [])
}

export async function attack(name: string | undefined, flags: AttackFlags, command: Command): Promise<void> {
  if (name === 'list') return list(flags.json === true)
  if (flags.onOrder === true) {
    const { dir: directory, play: [id = 0] = [], seed, logLevel } = flags
    return (await import('./running-ordered-replica.ts')).playOnOrder({ directory, id, seed, logLevel })
  }
  if (name !== undefined && !EVERY_ATTACK.has(name) && !isAttackFile(name)) {
    throw new OperatorError(`There is no attack "${name}"; "strategos attack list" names them.`)
  }
  if ((name === undefined) !== (flags.all === true)) {
    command.error('Name an attack, or use --all; "strategos attack list" prints the attacks.')
  }
  if (flags.play !== undefined) return play(name, flags, command)
  if (flags.playClient !== undefined) return playClient(name, flags.playClient, flags, command)
  if (command.getOptionValueSource('dir') === 'cli') {
    command.error('--dir belongs to --play: without --play an attack makes a new cluster.')
  }
  const outside = flags.traitors?.find((id) => id >= flags.replicas)
  if (outside !== undefined) {
    throw new OperatorError(`There is no replica ${outside} among ${flags.replicas}.`)
  }
  const possible = await chosenAttacks(name, flags.in)
  const chosen = possible.filter(({ mode }) => flags.auth === 'signed' || mode !== 'signed')
  if (possible.length > 0 && chosen.length === 0) {
    throw new OperatorError(`${name} forges what only signatures make: run it with --auth signed.`)
  }
  if (flags.traitors !== undefined && chosen.some((each) => adversaryOf(each) === undefined)) {
    throw new OperatorError('--traitors needs a single attack that replicas play.')
  }
  await runAttacks(chosen, flags, name)
}

async function playClient(
  name: string | undefined,
  names: readonly string[],
  { dir, traitors = [], seed }: AttackFlags,
  command: Command,
): Promise<void> {
  const attack = name === undefined ? undefined : (EVERY_ATTACK.get(name) ?? (await readAttackFile(name)))
  if (attack === undefined || !runsInSimulator(attack) || attack.client === undefined) {
    return command.error('This attack has no hostile client.')
  }
  const { playHostileClient } = await import('./running-hostile-client.ts')
  playHostileClient({ role: attack.client, directory: dir, names, traitors, seed })
}

async function play(name: string | undefined, flags: AttackFlags, command: Command): Promise<void> {
  const attack = name === undefined ? undefined : (EVERY_ATTACK.get(name) ?? (await readAttackFile(name)))
  const adversary = attack === undefined ? undefined : adversaryOf(attack)
  if (attack === undefined || adversary === undefined) {
    return command.error('Only an attack that replicas play can be played.')
  }
  const { dir, play: ids = [], seed, orders, logLevel } = flags
  await playTraitors({
    name: attack.name,
    adversary,
    root: dir,
    ids,
    seed,
    logLevel,
    isOrdered: orders === true,
  })
}

function list(isJson: boolean): void {
  const entries = [...EVERY_ATTACK.values()].map((attack) => {
    const { name, plays = 'replicas', targets, does, source, expects } = attack
    return { name, plays, in: worldsOf(attack), auth: modesOf(attack), targets, does, source, expects }
  })
  if (isJson) console.log(JSON.stringify(entries, null, 2))
  else console.log(entriesText(entries.map(({ name, does }) => [name, does])))
}
