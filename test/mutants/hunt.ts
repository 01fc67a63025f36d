/**
 * Runs against a mutated copy of the built program whatever is to notice the mistake: the attack that it lets through; the
 * one test of the rule, where no run shows it; else the simulator's scenarios, the catalogue of attacks and the
 * simulator's seeds, until one of them fails.
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Mutant } from './mutant.ts'
import { patched, readBuiltFiles } from './patch-place.ts'

const ROOT = join(import.meta.dirname, '..', '..')

export interface Kill {
  /** The judge that noticed it; null when none did. */
  readonly by: 'scenario' | 'attack' | 'seed' | 'paper test' | null
  /** The first seed that noticed it; null for anything else. */
  readonly seed: number | null
  /** The fault that was noticed. */
  readonly what: string
  /** True where the program broke, and no checker said anything. */
  readonly isProgramAtFault?: true
}

export interface HuntOptions {
  readonly seedsMax: number
  /** True if runs are to notice also those mutants that a test of a rule notices. */
  readonly isByRunsOnly: boolean
  /** The only checker that is to notice it, in scenarios and seeds. */
  readonly only?: string
}

/**
 * A mutant with a test and an attack has to be noticed by both. Throws where a patch no longer applies, or where the test or
 * the attack that is to notice it does not hold without it.
 */
export async function hunt(mutant: Mutant, { seedsMax, isByRunsOnly, only }: HuntOptions): Promise<Kill> {
  const directory = mkdtempSync(join(tmpdir(), 'strategos-mutant-'))
  try {
    cpSync(join(ROOT, 'dist'), join(directory, 'dist'), { recursive: true })
    for (const file of ['package.json', 'tsconfig.json', 'test']) {
      cpSync(join(ROOT, file), join(directory, file), { recursive: true })
    }
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
    if (only !== undefined) {
      patchAll(directory, mutant)
      return await huntByRuns(directory, mutant, { seedsMax, flags: ['--only', only] })
    }
    const { attack } = mutant
    const paper = isByRunsOnly ? undefined : mutant.paper
    if (attack !== undefined) await expectAttackToHold(directory, mutant, attack)
    if (paper !== undefined) await expectToHold(directory, mutant, paper)
    patchAll(directory, mutant)
    const byPaper = paper === undefined ? null : await huntByPaper(directory, paper)
    if (byPaper !== null && (attack === undefined || byPaper.by === null)) return byPaper
    if (attack !== undefined) {
      const kill = await huntByAttacks(directory, [attack])
      return kill ?? { by: null, seed: null, what: `${attack} held` }
    }
    return (
      (await huntByScenarios(directory, mutant, [])) ??
      (mutant.mode === 'oral' ? null : await huntByAttacks(directory, ['--all', '--until-failure'])) ??
      (await huntBySeeds(directory, mutant, { seedsMax, flags: [] }))
    )
  } finally {
    rmSync(directory, { recursive: true })
  }
}

interface RunOptions {
  readonly seedsMax: number
  /** Of the command line, beside those of every run. */
  readonly flags: readonly string[]
}

async function huntByRuns(directory: string, mutant: Mutant, options: RunOptions): Promise<Kill> {
  const kill = await huntByScenarios(directory, mutant, options.flags)
  if (kill !== null && kill.isProgramAtFault !== true) return kill
  const bySeed = await huntBySeeds(directory, mutant, options)
  // A program that breaks, or takes another course the second time, is nothing that the checker noticed.
  return bySeed.isProgramAtFault === true ? { ...bySeed, by: null } : bySeed
}

/** Writes the mutant's patches into the built program. Throws where one of them no longer applies. */
function patchAll(directory: string, mutant: Mutant): void {
  for (const patch of [mutant, ...(mutant.also ?? [])]) {
    const { file, text } = patched(patch, readBuiltFiles(directory))
    writeFileSync(join(directory, file), text)
  }
}

type Paper = NonNullable<Mutant['paper']>

async function expectToHold(directory: string, mutant: Mutant, paper: Paper): Promise<void> {
  const { passed, failed } = await runPaper(directory, paper)
  if (passed > 0 && failed === 0) return
  throw new Error(`"${paper.test}" must hold without "${mutant.name}": ${passed} passed, ${failed} failed`)
}

async function expectAttackToHold(directory: string, mutant: Mutant, attack: string): Promise<void> {
  const kill = await huntByAttacks(directory, [attack])
  if (kill !== null) throw new Error(`an attack must hold without "${mutant.name}": ${kill.what}`)
}

async function huntByPaper(directory: string, paper: Paper): Promise<Kill> {
  const { failed } = await runPaper(directory, paper)
  if (failed === 0) return { by: null, seed: null, what: `${paper.file} > ${paper.test} holds` }
  return { by: 'paper test', seed: null, what: `${paper.file} > ${paper.test}; ${paper.why}` }
}

async function runPaper(
  directory: string,
  { file, test }: Paper,
): Promise<{ readonly passed: number; readonly failed: number }> {
  const pattern = test.replaceAll(/[^\w ,:-]/gu, '.')
  const { output } = await run(directory, [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--config',
    'test/mutants/paper.config.ts',
    '--reporter',
    'json',
    '-t',
    pattern,
    join('test', file),
  ])
  // Whatever a module prints comes before the report.
  const report = output.slice(output.indexOf('{"numTotal'))
  const { numPassedTests, numFailedTests } = JSON.parse(report)
  return { passed: numPassedTests, failed: numFailedTests }
}

async function huntByScenarios(
  directory: string,
  { mode = 'signed' }: Mutant,
  flags: readonly string[],
): Promise<Kill | null> {
  const { output, code } = await simulate(directory, [
    ...flags,
    '--scenarios',
    '--auth',
    mode,
    '--until-failure',
    '--json',
  ])
  if (code === 0) return null
  const last = output.trim().split('\n').at(-1) ?? ''
  if (!last.startsWith('{')) {
    return { by: 'scenario', seed: null, what: `the program ended with ${code}`, isProgramAtFault: true }
  }
  const { scenario, verdict, explanation } = JSON.parse(last)
  return { by: 'scenario', seed: null, what: `${scenario}: ${explanation ?? verdict}` }
}

/** Without the defence that the mutant takes away, the attack that it is there for does what it is after. */
async function huntByAttacks(directory: string, asked: readonly string[]): Promise<Kill | null> {
  const flags = [...asked, '--in', 'simulator', '--json']
  const { output, code } = await run(directory, ['dist/clients/cli/main.js', 'attack', ...flags])
  if (code === 0) return null
  if (!output.startsWith('{')) return { by: 'attack', seed: null, what: `the program ended with ${code}` }
  const { name, faults } = JSON.parse(output).runs.at(-1)
  return { by: 'attack', seed: null, what: `${name}: ${faults[0]}` }
}

/** Four replicas: no mistake needs more, and they are the cheapest to run. */
async function huntBySeeds(
  directory: string,
  { mode = 'signed' }: Mutant,
  { seedsMax, flags }: RunOptions,
): Promise<Kill> {
  const { output, code } = await simulate(directory, [
    ...flags,
    '--seeds',
    `1..${seedsMax}`,
    '--replicas',
    '4',
    '--auth',
    mode,
    '--until-failure',
    '--no-shrink',
    '--json',
  ])
  if (code === 0) return { by: null, seed: null, what: `survived ${seedsMax} seeds` }
  const broke = { by: 'seed', seed: null, isProgramAtFault: true } as const
  if (!output.startsWith('{')) return { ...broke, what: `the program ended with ${code}` }
  const [first] = JSON.parse(output).failures
  if (first === undefined) return { ...broke, what: 'one that ran twice diverged' }
  const { verdict, violation } = first
  const what = violation === null ? verdict : `${verdict}: ${violation.name}: ${violation.explanation}`
  return { by: 'seed', seed: first.seed, what: `seed ${first.seed}: ${what}` }
}

const simulate = (directory: string, flags: readonly string[]) =>
  run(directory, ['dist/clients/cli/main.js', 'simulate', ...flags])

function run(
  directory: string,
  args: readonly string[],
): Promise<{ readonly output: string; readonly code: number }> {
  const child = spawn(process.execPath, args, { cwd: directory, stdio: ['ignore', 'pipe', 'ignore'] })
  const parts: Buffer[] = []
  child.stdout.on('data', (part: Buffer) => parts.push(part))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ output: Buffer.concat(parts).toString(), code: code ?? -1 }))
  })
}
