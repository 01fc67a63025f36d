/** Runs the simulator's scenarios and seeds against a mutated copy of the built program, until one of them fails. */
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Mutant } from './mutants.ts'

const ROOT = join(import.meta.dirname, '..', '..')

export interface Kill {
  /** `scenario NAME` or `seed X`; null when nothing noticed the mutant. */
  readonly by: string | null
  /** The first seed that noticed it; null for a scenario. */
  readonly seed: number | null
  /** What was noticed. */
  readonly what: string
}

/** Throws where the patch no longer applies. */
export async function hunt(mutant: Mutant, seedsMax: number): Promise<Kill> {
  const directory = mkdtempSync(join(tmpdir(), 'strategos-mutant-'))
  try {
    cpSync(join(ROOT, 'dist'), join(directory, 'dist'), { recursive: true })
    cpSync(join(ROOT, 'package.json'), join(directory, 'package.json'))
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
    patch(join(directory, 'dist', mutant.file), mutant)
    return (await huntByScenarios(directory)) ?? (await huntBySeeds(directory, seedsMax))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function patch(path: string, { name, search, replacement }: Mutant): void {
  const text = readFileSync(path, 'utf8')
  const places = text.split(search).length - 1
  if (places !== 1) throw new Error(`the patch of "${name}" applies ${places} times in ${path}`)
  writeFileSync(
    path,
    text.replace(search, () => replacement),
  )
}

async function huntByScenarios(directory: string): Promise<Kill | null> {
  const { output, code } = await run(directory, ['--scenarios', '--until-failure', '--json'])
  if (code === 0) return null
  const last = output.trim().split('\n').at(-1) ?? ''
  if (!last.startsWith('{')) return { by: 'scenario', seed: null, what: `the program ended with ${code}` }
  const { scenario, verdict } = JSON.parse(last)
  return { by: `scenario ${scenario}`, seed: null, what: verdict }
}

async function huntBySeeds(directory: string, seedsMax: number): Promise<Kill> {
  const { output, code } = await run(directory, [
    '--seeds',
    `1..${seedsMax}`,
    '--until-failure',
    '--no-shrink',
    '--json',
  ])
  if (code === 0) return { by: null, seed: null, what: 'survived' }
  if (!output.startsWith('{')) return { by: 'seeds', seed: null, what: `the program ended with ${code}` }
  const [first] = JSON.parse(output).failures
  if (first === undefined) return { by: 'a seed that ran twice', seed: null, what: 'diverged' }
  const what = first.violation === null ? first.verdict : `${first.verdict}: ${first.violation.name}`
  return { by: `seed ${first.seed}`, seed: first.seed, what }
}

function run(
  directory: string,
  flags: readonly string[],
): Promise<{ readonly output: string; readonly code: number }> {
  const child = spawn(process.execPath, ['dist/clients/cli/main.js', 'simulate', ...flags], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const parts: Buffer[] = []
  child.stdout.on('data', (part: Buffer) => parts.push(part))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ output: Buffer.concat(parts).toString(), code: code ?? -1 }))
  })
}
