/** Runs the command line inside the test's process; returns its output and exit code. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import { runCommandLine } from '../../clients/cli/command-line.ts'

export interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** For commands that end; the environment is as given while they run. */
export async function runHere(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const said = { stdout: '', stderr: '' }
  const keep = (stream: 'stdout' | 'stderr', end: string) => (text: unknown) => {
    said[stream] += `${text}${end}`
    return true
  }
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(keep('stdout', '')),
    vi.spyOn(process.stderr, 'write').mockImplementation(keep('stderr', '')),
    vi.spyOn(console, 'log').mockImplementation(keep('stdout', '\n')),
    vi.spyOn(console, 'error').mockImplementation(keep('stderr', '\n')),
  ]
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
  const before = process.exitCode
  process.exitCode = undefined
  try {
    const code = (await runCommandLine(args)) ?? process.exitCode ?? 0
    return { code: Number(code), ...said }
  } finally {
    process.exitCode = before
    vi.unstubAllEnvs()
    for (const spy of spies) spy.mockRestore()
  }
}

/** One line or two on standard error, of which the second only names the help, and exit code 2. */
export function expectSentence({ code, stdout, stderr }: Finished, saying: RegExp | string = ''): void {
  if (typeof saying === 'string') expect(stderr).toContain(saying)
  else expect(stderr).toMatch(saying)
  const [first = '', hint, ...more] = stderr.trimEnd().split('\n')
  expect(first).not.toBe('')
  expect(stderr).not.toMatch(/is broken|\n\s+at |node:internal/)
  expect([undefined, '(--help shows what there is)']).toContain(hint)
  expect(more).toEqual([])
  expect(stdout).toBe('')
  expect(code).toBe(2)
}

/** A temporary directory with a regular file in it, below which not even root can make anything. */
export class Scratch {
  readonly directory = mkdtempSync(join(tmpdir(), 'strategos-cli-'))
  readonly file = this.path('file')

  constructor() {
    writeFileSync(this.file, 'a file\n')
  }

  path(name: string): string {
    return join(this.directory, name)
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}
