/** Real processes for tests: the built command line, children that are always ended, directories that are always removed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { PATIENCE_MS } from '../kit/patience.ts'

const MAIN = resolve(import.meta.dirname, '../../dist/clients/cli/main.js')

export interface RunFile {
  readonly gateway: { readonly pid: number; readonly url: string }
  readonly replicas: readonly { readonly id: number; readonly pid: number; readonly address: string }[]
}

/** A time limit of the gateway that suits a busy machine; the limit itself is tested with a shorter one. */
export const PATIENT_GATEWAY = ['--timeout', `${PATIENCE_MS}`] as const

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Everything that one test started. `cleanUp` ends it, however the test went. */
export class ProcessKit {
  readonly #children = new Set<ChildProcess>()
  readonly #pids = new Set<number>()
  readonly #directories: string[] = []

  constructor() {
    if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run "npm run build" first`)
  }

  directory(): string {
    const directory = mkdtempSync(join(tmpdir(), 'strategos-test-'))
    this.#directories.push(directory)
    return directory
  }

  /** Starts the command line; its output is gathered in `output`. */
  start(...args: readonly string[]): ChildProcess & { readonly output: { stdout: string; stderr: string } } {
    return this.startWith({}, ...args)
  }

  /** The same with other environment variables. */
  startWith(
    variables: Readonly<Record<string, string>>,
    ...args: readonly string[]
  ): ChildProcess & { readonly output: { stdout: string; stderr: string } } {
    return this.#spawn([process.execPath, MAIN, ...args], variables)
  }

  /** The same with a limit of open files and connections. */
  startWithOpenFiles(
    most: number,
    ...args: readonly string[]
  ): ChildProcess & { readonly output: { stdout: string; stderr: string } } {
    const limited = ['sh', '-c', 'ulimit -n "$0" && exec "$@"', String(most), process.execPath, MAIN]
    return this.#spawn([...limited, ...args], {})
  }

  #spawn(
    [command = '', ...args]: readonly string[],
    variables: Readonly<Record<string, string>>,
  ): ChildProcess & { readonly output: { stdout: string; stderr: string } } {
    const env = { ...process.env, ...variables }
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env })
    const output = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output.stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output.stderr += text
    })
    this.#children.add(child)
    child.once('exit', () => this.#children.delete(child))
    return Object.assign(child, { output })
  }

  /** Runs the command line to its end. */
  run(...args: readonly string[]): Promise<Finished> {
    return this.runWith({}, ...args)
  }

  runWith(variables: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Finished> {
    return finished(this.startWith(variables, ...args))
  }

  /** Runs the command line to its end under a command that prepares its environment, for example namespaces. */
  runBehind(before: readonly string[], ...args: readonly string[]): Promise<Finished> {
    return finished(this.startBehind(before, ...args))
  }

  /** Starts the command line under such a command, which it replaces. */
  startBehind(
    before: readonly string[],
    ...args: readonly string[]
  ): ChildProcess & { readonly output: { stdout: string; stderr: string } } {
    return this.#spawn([...before, process.execPath, MAIN, ...args], {})
  }

  /** A cluster of local processes with a gateway on a free port, all of them ready. */
  async up(
    directory: string,
    ...flags: readonly string[]
  ): Promise<RunFile & { readonly process: ReturnType<ProcessKit['start']> }> {
    // Free ports, for other tests start clusters at the same time.
    const ports = ['--port', '0', '--base-port', '0'] as const
    const child = this.start('up', '--dir', directory, ...ports, ...PATIENT_GATEWAY, ...flags)
    await until('the cluster is up', () => {
      if (child.exitCode !== null) throw new Error(`up ended: ${child.output.stderr}`)
      return child.output.stdout.includes('Ctrl-C')
    })
    const running = JSON.parse(readFileSync(join(directory, 'run.json'), 'utf8')) as RunFile
    for (const { pid } of [running.gateway, ...running.replicas]) this.#pids.add(pid)
    return { ...running, process: child }
  }

  async cleanUp(): Promise<void> {
    const children = [...this.#children]
    for (const child of children) child.kill('SIGKILL')
    for (const pid of this.#pids) end(pid, 'SIGKILL')
    await until(
      'all processes are gone',
      () => this.#children.size === 0 && [...this.#pids].every((pid) => !isAlive(pid)),
    )
    for (const directory of this.#directories) rmSync(directory, { recursive: true, force: true })
  }
}

function finished(
  child: ChildProcess & { readonly output: { stdout: string; stderr: string } },
): Promise<Finished> {
  child.stdin?.end()
  return new Promise((done) => child.once('close', (code) => done({ code, ...child.output })))
}

export function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A killed process whose parent has not yet asked for its end is gone all the same.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** Waits patiently for a condition. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${PATIENCE_MS} ms in vain until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

export interface Answer {
  readonly status: number
  readonly type: string
  readonly text: string
  /** The parsed body where it is JSON, else an empty object. */
  readonly json: Record<string, unknown>
}

/** One HTTP request; a body of bytes or text. */
export async function http(
  url: string,
  method = 'GET',
  body?: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) })
  const text = await response.text()
  const type = response.headers.get('content-type') ?? ''
  return { status: response.status, type, text, json: type.includes('json') ? JSON.parse(text) : {} }
}

/** The same, asked again where the gateway had no answer in its time: a write may then have happened twice. */
export async function answered(...request: Parameters<typeof http>): Promise<Answer> {
  let answer = await http(...request)
  await until('it is answered', async () => {
    if (answer.status < 500) return true
    answer = await http(...request)
    return answer.status < 500
  })
  return answer
}

export const isReady = async (url: string): Promise<boolean> => (await http(`${url}/readyz`)).status === 200
