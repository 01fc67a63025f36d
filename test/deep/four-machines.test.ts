/**
 * The walk of `replicas/README.md` on four machines with four owners, run from its own text: each machine is a network
 * namespace with a directory of its own. A load goes on from the first write to the last step; its history must be
 * linearizable, so no acknowledged write is lost.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verdictOf } from '../../attacks/run/load/recorded-load.ts'
import { ROOT } from '../kit/built-program.ts'
import { Namespaces } from '../kit/namespaces.ts'
import { PATIENCE_MS } from '../kit/patience.ts'

const WHY_NOT = Namespaces.whyNot()
const MAIN = join(ROOT, 'dist/clients/cli/main.js')
const HOSTS = ['a.example', 'b.example', 'c.example', 'd.example', 'e.example', 'app.example']
const [MACHINES, NEW_PLACE, PROGRAM] = [[0, 1, 2, 3], 4, 5]
/** The writes that the load makes after each step. */
const WRITES_BETWEEN = 5

/** A step of the walk: the commands, and the machine or machines that they are for, in words. */
interface Step {
  readonly where: string
  readonly commands: string
}

const readme = readFileSync(join(ROOT, 'replicas/README.md'), 'utf8')
const [, section = ''] = /^## Four machines, four owners\n([\s\S]*?)^## /m.exec(readme) ?? []
const STEPS: readonly Step[] = [...section.matchAll(/^```sh on (.+)\n([\s\S]*?)^```$/gm)].map(
  ([, where = '', commands = '']) => ({ where, commands }),
)

describe.skipIf(WHY_NOT !== null)(`four machines${WHY_NOT === null ? '' : `: ${WHY_NOT}`}`, () => {
  let walk: Walk
  beforeAll(() => {
    walk = new Walk()
  })
  afterAll(() => walk.close())

  test('every step of the walk ends well, and the history under it is linearizable', async () => {
    expect(STEPS.length).toBeGreaterThan(15)
    for (const step of STEPS) {
      await walk.take(step)
      if (walk.isLoaded) await walk.progress(WRITES_BETWEEN)
      else if (step.commands.includes('strategos put')) await walk.load()
    }
    expect(walk.histories).toBe(1)
  })
})

interface Load {
  readonly process: ChildProcess
  acknowledged: number
}

class Walk {
  readonly #root = mkdtempSync(join(tmpdir(), 'strategos-walk-'))
  readonly #network = Namespaces.create(HOSTS.length)
  /** The node at which each machine is. */
  readonly #places = new Map<number, number>(MACHINES.map((machine) => [machine, machine]))
  #load: Load | null = null
  /** The number of loads whose history was judged. */
  histories = 0

  constructor() {
    this.#network.nameNodes(HOSTS)
    for (const host of HOSTS) mkdirSync(join(this.#root, host), { mode: 0o700 })
    const bin = join(this.#root, 'bin')
    mkdirSync(bin)
    const programs = {
      strategos: `exec '${process.execPath}' '${MAIN}' "$@"`,
      // The machines share a disk here: `scp [-r] FILES HOST:` copies to the directory of another one.
      scp: `for last; do :; done\nwhile [ $# -gt 1 ]; do case "$1" in -*) ;; *) cp -a "$1" "${this.#root}/\${last%:}/" ;; esac; shift; done`,
    }
    for (const [name, text] of Object.entries(programs)) {
      writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`)
      chmodSync(join(bin, name), 0o755)
    }
  }

  get isLoaded(): boolean {
    return this.#load !== null
  }

  /** Runs a step on each of its machines: at once, unless it is for one after another. */
  async take({ where, commands }: Step): Promise<void> {
    if (this.#load !== null && commands.includes('gateway.pid) &&')) await this.#endLoad(this.#load)
    if (where === 'the machine of the program') return this.#run(PROGRAM, 0, commands)
    if (where === 'the new machine of replica 2') {
      this.#places.set(2, NEW_PLACE)
      return this.#run(NEW_PLACE, 2, commands)
    }
    const machines = where.startsWith('every machine') ? MACHINES : where.match(/\d/g)?.map(Number)
    if (machines === undefined) throw new Error(`the walk names no machine: "${where}"`)
    const run = (machine: number) => this.#run(this.#places.get(machine) as number, machine, commands)
    if (!where.endsWith(', one after another')) await Promise.all(machines.map(run))
    else for (const machine of machines) await run(machine)
  }

  async load(): Promise<void> {
    const [command, ...args] = this.#network.at(
      PROGRAM,
      ...[process.execPath, join(ROOT, 'test/kit/walk-load.js'), this.#home(PROGRAM), this.#history],
    )
    const running: Load = {
      process: spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] }),
      acknowledged: 0,
    }
    running.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      running.acknowledged = Number(text.trim().split('\n').at(-1))
    })
    this.#load = running
    await this.progress(1)
  }

  /** Waits for further acknowledged writes. */
  async progress(writes: number): Promise<void> {
    const load = this.#load
    if (load === null) return
    const target = load.acknowledged + writes
    await expect.poll(() => load.acknowledged, { timeout: PATIENCE_MS }).toBeGreaterThanOrEqual(target)
  }

  async close(): Promise<void> {
    this.#load?.process.kill('SIGKILL')
    for (const pid of this.#processes()) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended, as it should.
      }
    }
    this.#network.close()
    rmSync(this.#root, { recursive: true, force: true })
  }

  get #history(): string {
    return join(this.#root, 'history')
  }

  #home(node: number): string {
    return join(this.#root, HOSTS[node] as string)
  }

  /** Ends the load, and judges its history. */
  async #endLoad({ process, acknowledged }: Load): Promise<void> {
    this.#load = null
    process.kill('SIGTERM')
    await exitOf(process)
    const lines = readFileSync(this.#history, 'utf8').split('\n')
    expect(lines.length).toBeGreaterThan(2 * acknowledged)
    expect(verdictOf(lines).kind).toBe('linearizable')
    this.histories++
  }

  async #run(node: number, machine: number, commands: string): Promise<void> {
    const home = this.#home(node)
    const [command, ...args] = this.#network.at(node, 'sh', '-eu', '-c', commands)
    const shell = spawn(command, args, {
      cwd: home,
      env: {
        PATH: `${join(this.#root, 'bin')}:${process.env['PATH']}`,
        I: `${machine}`,
        HOST: HOSTS[node],
        STRATEGOS_LOG_LEVEL: 'info',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PATIENCE_MS,
    })
    let output = ''
    for (const stream of [shell.stdout, shell.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-10_000)
      })
    }
    const code = await exitOf(shell)
    if (code === 0) return
    const logs = readdirSync(home).filter((name) => name.endsWith('.log'))
    const tails = logs.map((name) => `${name}:\n${readFileSync(join(home, name), 'utf8').slice(-2_000)}`)
    throw new Error(`on ${HOSTS[node]}, exit ${code}:\n${commands}\n${output}\n${tails.join('\n')}`)
  }

  /** The processes that the steps started. */
  #processes(): readonly number[] {
    return HOSTS.flatMap((_, node) => {
      const home = this.#home(node)
      const files = readdirSync(home).filter((name) => name.endsWith('.pid'))
      return files.map((name) => Number(readFileSync(join(home, name), 'utf8')))
    }).filter((pid) => pid > 0)
  }
}

function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode)
  return new Promise((resolve) => child.once('exit', (code) => resolve(code)))
}
