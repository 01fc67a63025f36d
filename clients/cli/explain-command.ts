/** The command explain: it runs a seed or an attack in the simulator, and explains its steps in sentences. */
import type { Command } from 'commander'
import { EVERY_ATTACK } from '../../attacks/catalogue/every-attack.ts'
import { type AnyAttack, modesOf, runsInSimulator } from '../../attacks/language/attack.ts'
import { controlOf } from '../../attacks/run/judge.ts'
import { ATTACK_BEGINS_AT_MS, attackInSimulator } from '../../attacks/run/simulated/in-simulator.ts'
import { drawSwarmPlan, simulateSwarm } from '../../attacks/run/simulated/swarm.ts'
import { given } from '../../src/base/given.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import type { AuthenticationMode } from '../../src/messages/cluster.ts'
import { GALLERY, galleryEntry } from '../../src/simulator/classics/gallery/catalogue.ts'
import { traitorsOf } from '../../src/simulator/plan/plan.ts'
import { nearestNames } from '../gateway/nearest-name.ts'
import { classics } from './classics-command.ts'
import { type Explanation, explanationJson, explanationText } from './explanation-text.ts'
import { type AskedPart, RunRecording } from './run-recording.ts'

export interface ExplainFlags extends AskedPart {
  readonly auth: AuthenticationMode
  readonly replicas?: number
  readonly json?: true
}

/** The options that only a run of the store takes. */
const OF_A_STORE = ['replica', 'from', 'to', 'auth', 'replicas'] as const
const REPLICAS = 4
const SEED = 1

export async function explain(name: string, flags: ExplainFlags, command: Command): Promise<void> {
  const { from = 1, to = Number.POSITIVE_INFINITY, json } = flags
  if (from > to) throw new OperatorError(`There is no step from ${from} to ${to}: --from is after --to.`)
  if (/^\d{1,15}$/.test(name)) return show(explainSeed(Number(name), flags), json)
  const attack = EVERY_ATTACK.get(name)
  if (attack !== undefined) return show(explainAttack(attack, flags), json)
  if (galleryEntry(name) === null) throw new OperatorError(unknownText(name))
  const wrong = OF_A_STORE.find((each) => command.getOptionValueSource(each) === 'cli')
  if (wrong !== undefined)
    throw new OperatorError(
      `${name} is an algorithm, which takes no --${wrong}: see strategos classics --help.`,
    )
  await classics(name, given({ json }))
}

function unknownText(name: string): string {
  const near = nearestNames(name, [...EVERY_ATTACK.keys(), ...GALLERY.map((entry) => entry.name)])
  const end =
    near.length === 0
      ? '; "strategos attack list" and "strategos classics" name them.'
      : `: did you mean ${near.join(' or ')}?`
  return `There is no seed, attack or algorithm "${name}"${end}`
}

function show(explanation: Explanation, json: true | undefined): void {
  console.log(json ? explanationJson(explanation) : explanationText(explanation))
}

function explainSeed(seed: number, flags: ExplainFlags): Explanation {
  const { auth, replicas } = flags
  const plan = drawSwarmPlan(seed, replicas, auth)
  const traitors = traitorsOf(plan)
  expectReplica(flags, plan.n)
  const recording = new RunRecording(flags, {
    n: plan.n,
    isTraitor: (id) => traitors.includes(id),
    fromMs: 0,
    begins: 'its beginning',
    beginsAt: ({ event: { text } }) => {
      if (text.startsWith('fault: turn ')) return 'the turn of a traitor'
      return traitors.length === 0 && text.startsWith('fault: ') ? 'the first fault' : null
    },
  })
  const result = simulateSwarm({ seed, plan, ...recording.hooks })
  return {
    title: `Seed ${seed}: a cluster of ${plan.n} replicas with the faults that the seed draws`,
    auth,
    traitors,
    replay: `strategos explain ${seed}${optionsText(flags)}`,
    ...recording.explained(result),
  }
}

function explainAttack(attack: AnyAttack, flags: ExplainFlags): Explanation {
  const { name, does } = attack
  const { auth, replicas: n = REPLICAS } = flags
  if (!runsInSimulator(attack))
    throw new OperatorError(`${name} needs processes, which have no steps: run strategos attack ${name}.`)
  if (!modesOf(attack).includes(auth))
    throw new OperatorError(`${name} runs with --auth ${modesOf(attack).join(' or ')} only.`)
  expectReplica(flags, n)
  const traitors = attack.traitors(n)
  const recording = new RunRecording(flags, {
    n,
    isTraitor: (id) => traitors.includes(id),
    fromMs: attack.simulated?.beginsAtMs ?? ATTACK_BEGINS_AT_MS,
    begins: 'the beginning of the attack',
    beginsAt: ({ event: { text } }) => (text.startsWith('fault: ') ? 'the first fault' : null),
  })
  const { facts, result } = attackInSimulator(attack, { n, seed: SEED, auth, ...recording.hooks })
  return {
    title: `${name}: ${does}`,
    auth: facts.auth,
    traitors,
    replay: `strategos explain ${name}${optionsText(flags)}`,
    ...recording.explained(result, controlOf(attack, facts) !== null),
  }
}

function expectReplica({ replica }: ExplainFlags, n: number): void {
  if (replica !== undefined && replica >= n)
    throw new OperatorError(`There is no replica ${replica} among ${n}: use --replica 0 to ${n - 1}.`)
}

/** The options that choose the run and the replica, without the range of steps. */
const optionsText = ({ auth, replicas, replica }: ExplainFlags): string =>
  [
    auth === 'signed' ? '' : ` --auth ${auth}`,
    replicas === undefined ? '' : ` --replicas ${replicas}`,
    replica === undefined ? '' : ` --replica ${replica}`,
  ].join('')
