/** Runs attacks one after another, in processes or in the simulator, and reports their outcomes. */
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { type AnyAttack, runsInSimulator, type World } from '../../attacks/language/attack.ts'
import { cellsOf, faultLines, HEADINGS } from '../../attacks/report/cells.ts'
import {
  type AttackReport,
  asJson,
  isAsExpected,
  outcomeOf,
  outcomesText,
} from '../../attacks/report/report.ts'
import { controlOf } from '../../attacks/run/judge.ts'
import type { ProcessSetting } from '../../attacks/run/processes/run-phases.ts'
import type { Commands } from '../../attacks/run/processes/test-cluster.ts'
import type { FigureWeight } from '../../attacks/run/run-facts.ts'
import { given } from '../../src/base/given.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import { faultsMax } from '../../src/base/quorum.ts'
import type { AuthenticationMode } from '../../src/messages/cluster.ts'
import { describeMachine } from '../bench/machine.ts'
import { attackArguments, childArguments } from './child-arguments.ts'
import { expectWritable } from './output-file.ts'
import { interruptible } from './process-end.ts'
import { tableText } from './table.ts'
import { outputColumns, wrapWords } from './terminal.ts'

export interface RunFlags {
  readonly in: World
  readonly replicas: number
  readonly traitors?: readonly number[]
  readonly seconds?: number
  readonly load?: number
  readonly seed: number
  readonly crypto: 'sodium' | 'noble'
  readonly auth: AuthenticationMode
  readonly figures: FigureWeight
  readonly untilFailure?: true
  readonly json?: true
  readonly markdown?: true
  readonly html?: string
}

/** The command that runs an attack again; `asked` is the name or the file by which a single attack was chosen. */
const commandsFor = (asked: string | undefined): Commands => ({
  replica: (directory, id) => childArguments(directory, { port: 0 }).replicaArguments(id),
  gateway: (directory) => childArguments(directory, { port: 0 }).gatewayArguments,
  traitors: ({ name, root, ids, seed }) => [
    ...attackArguments(asked ?? name, root),
    ...['--play', ids.join(','), '--seed', `${seed}`, '--orders'],
  ],
  client: ({ name, root, names, traitors, seed }) => [
    ...attackArguments(asked ?? name, root),
    ...['--play-client', names.join(','), '--seed', `${seed}`],
    ...(traitors.length === 0 ? [] : ['--traitors', traitors.join(',')]),
  ],
})

/** Seconds of a run on processes: before, during and after the attack together. */
const SECONDS = 12
/** Operations that correct clients keep in flight by default. */
const LOAD = 16

/**
 * Runs attacks that this world can run. Sets the exit code to 0 if all ended as expected, otherwise to 1. `asked` is
 * the name or the file by which a single attack was chosen.
 */
export async function runAttacks(
  chosen: readonly AnyAttack[],
  flags: RunFlags,
  asked?: string,
): Promise<void> {
  if (chosen.length === 0) {
    throw new OperatorError(
      flags.in === 'simulator'
        ? 'It needs processes: run it with --in processes.'
        : 'It needs an environment that only the simulator provides: run it with --in simulator.',
    )
  }
  if (flags.html !== undefined) expectWritable(flags.html)
  const commands = commandsFor(asked)
  const startedAt = performance.now()
  const reports: AttackReport[] = []
  const interruption = interruptible()
  try {
    for (const [index, attack] of chosen.entries()) {
      const say = (sentence: string): void => console.error(`${attack.name}: ${sentence}`)
      if (chosen.length > 1) say(`${index + 1} of ${chosen.length}`)
      const run = (): Promise<AttackReport> =>
        flags.in === 'simulator'
          ? simulateAttack(attack, flags)
          : attackProcesses(attack, flags, { commands, signal: interruption.signal, say })
      const report = await run().catch((error: unknown) => {
        if (!(error instanceof OperatorError)) throw error
        // Ctrl-C also ends processes that are still starting; that is not their fault.
        interruption.signal.throwIfAborted()
        // An attack that the machine could not run must not lose the reports of the others.
        if (chosen.length === 1) throw error
        return notRun(attack, flags, error.message)
      })
      reports.push(report)
      say([outcomeOf(report), ...report.faults.slice(0, 1)].join(': '))
      if (flags.untilFailure && !isAsExpected(report)) break
    }
  } finally {
    interruption.stop()
  }
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10
  await tell(reports, seconds, flags)
  process.exitCode = reports.every(isAsExpected) ? 0 : 1
}

function notRun(attack: AnyAttack, flags: RunFlags, why: string): AttackReport {
  const { name, targets, does, source, expects } = attack
  const { replicas: n, auth, seed } = flags
  return {
    attack: { name, targets, does, source, expects },
    mustBreak: null,
    world: flags.in,
    seed,
    facts: {
      n,
      f: faultsMax(n),
      auth,
      traitors: [],
      acts: 0,
      actsByTurn: new Map(),
      viewChanges: 0,
      rejected: new Map(),
      guilty: [],
      cutOff: [],
    },
    faults: [`it could not be run: ${why}`],
    notes: [],
    timeline: null,
    seconds: 0,
  }
}

async function attackProcesses(
  attack: AnyAttack,
  { replicas: n, crypto: suite, auth, seconds = SECONDS, load = LOAD, seed, figures, traitors }: RunFlags,
  run: Pick<ProcessSetting, 'commands' | 'signal' | 'say'>,
): Promise<AttackReport> {
  // Loaded here, because neither the list nor the simulator needs it.
  const { attackInProcesses } = await import('../../attacks/run/processes/in-processes.ts')
  const asked = traitors === undefined ? {} : { traitors }
  return attackInProcesses(attack, { n, suite, auth, seconds, load, seed, figures, ...asked, ...run })
}

async function simulateAttack(
  attack: AnyAttack,
  { replicas: n, auth, seed, traitors, seconds }: RunFlags,
): Promise<AttackReport> {
  if (!runsInSimulator(attack)) throw new OperatorError(`${attack.name} does not run in the simulator.`)
  const { attackInSimulator } = await import('../../attacks/run/simulated/in-simulator.ts')
  const startedAt = performance.now()
  const { facts, faults, result } = attackInSimulator(attack, {
    n,
    seed,
    auth,
    ...given({ traitors, lastsMs: seconds && (1000 * seconds) / (attack.environment?.lasts ?? 1) }),
  })
  const { name, targets, does, source, expects } = attack
  return {
    attack: { name, targets, does, source, expects },
    mustBreak: controlOf(attack, facts)?.breaks ?? null,
    world: 'simulator',
    seed,
    facts,
    faults,
    notes: [`${result.batches} batches in ${result.virtualMs} virtual ms`, ...(attack.tells?.(facts) ?? [])],
    timeline: null,
    seconds: Math.round((performance.now() - startedAt) / 100) / 10,
  }
}

async function tell(reports: readonly AttackReport[], seconds: number, flags: RunFlags): Promise<void> {
  if (flags.html !== undefined) {
    const { reportPage } = await import('../../attacks/report/page.ts')
    writeFileSync(flags.html, reportPage(reports, { seconds, facts: settingOf(flags) }))
    console.error(`wrote ${flags.html}`)
  }
  if (flags.json) {
    console.log(
      JSON.stringify(
        {
          asExpected: reports.filter(isAsExpected).length,
          of: reports.length,
          seconds,
          runs: reports.map(asJson),
        },
        null,
        2,
      ),
    )
    return
  }
  if (flags.markdown) {
    const { markdownTable } = await import('../../attacks/report/markdown.ts')
    const day = new Date().toISOString().slice(0, 10)
    console.log(markdownTable(reports, { ...settingOf(flags), measured: `on ${day} in ${seconds} s` }))
    return
  }
  console.log(tableText(withoutEmptyColumns([HEADINGS, ...reports.map(cellsOf)])))
  const faults = faultLines(reports)
  if (faults.length > 0)
    console.log(`\n${faults.map((each) => wrapWords(each, outputColumns(), 2)).join('\n')}`)
  console.log(`\n${outcomesText(reports)}, in ${seconds} seconds.`)
}

function settingOf({
  replicas: n,
  crypto: suite,
  auth,
  load = LOAD,
  in: world,
}: RunFlags): Record<string, string | number> {
  const { processor, cores, node, platform, medianSyncMs } = describeMachine(tmpdir())
  const machine = { processor, cores, node, platform, 'sync in ms': medianSyncMs }
  return world === 'simulator'
    ? { n, auth, world }
    : { n, auth, suite, 'operations in flight': load, ...machine }
}

/** The columns that are empty in every row; the first row is the headings. */
function withoutEmptyColumns(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const [, ...body] = rows
  return rows.map((row) => row.filter((_, column) => body.some((each) => each[column] !== '')))
}
