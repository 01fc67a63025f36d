/** A cluster whose network silently loses packets: four replicas and a gateway, each at its own node, and a writer. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { initCluster } from '../../replicas/init.ts'
import { type Direction, Namespaces } from './namespaces.ts'

const MAIN = resolve(import.meta.dirname, '../../dist/clients/cli/main.js')
const REPLICAS = [0, 1, 2, 3]
const GATEWAY = 4
const NODES = [...REPLICAS, GATEWAY]
const BASE_PORT = 7400
const GATEWAY_PORT = 7480
const START_MS_MAX = 120_000
const STOP_MS_MAX = 10_000

/** Writes one key after the other through the gateway, and prints when each write was acknowledged. */
const WRITER = `
for (let number = 0; ; number++) {
  const { status } = await fetch('http://127.0.0.1:${GATEWAY_PORT}/v1/kv/key' + (number % 8), { method: 'PUT', body: String(number) }).catch(() => ({ status: 0 }))
  if (status === 200) console.log(Date.now())
  await new Promise((done) => setTimeout(done, 20))
}`

/** The directions between the two groups: from the first to the second and, for a loss both ways, back. */
export function directionsBetween(
  some: readonly number[],
  how: 'both ways' | 'to them' | 'from them',
): readonly Direction[] {
  const others = NODES.filter((node) => !some.includes(node))
  return some.flatMap((one) =>
    others.flatMap((other) => [
      ...(how === 'to them' ? [] : [{ from: one, to: other }]),
      ...(how === 'from them' ? [] : [{ from: other, to: one }]),
    ]),
  )
}

export class LossyFleet {
  readonly network: Namespaces
  readonly #directory = mkdtempSync(join(tmpdir(), 'strategos-test-'))
  readonly #children: { readonly process: ChildProcess; output: string }[] = []
  readonly #writtenAt: number[] = []

  private constructor() {
    this.network = Namespaces.create(NODES.length)
  }

  /** Starts the cluster and the writer. If anything fails, it cleans up. */
  static async up(): Promise<LossyFleet> {
    const fleet = new LossyFleet()
    try {
      await fleet.#start()
      return fleet
    } catch (error) {
      await fleet.close()
      throw error
    }
  }

  /** The time of each acknowledged write, in milliseconds of the machine's clock. */
  get writtenAt(): readonly number[] {
    return this.#writtenAt
  }

  /** The logs of the replicas. */
  get logs(): readonly string[] {
    return this.#children.slice(0, REPLICAS.length).map(({ output }) => output)
  }

  /** Waits for a write after this time; returns the delay. */
  async writtenAfter(moment: number, withinMs: number): Promise<number> {
    const isThere = (): boolean => (this.#writtenAt.at(-1) ?? 0) > moment
    await this.#until(`a write after it, within ${withinMs} ms`, isThere, withinMs)
    return (this.#writtenAt.find((each) => each > moment) as number) - moment
  }

  /** Loses packets in these directions for a duration, and returns the time of healing. */
  async lose(directions: readonly Direction[], forMs: number): Promise<number> {
    this.network.swallow(directions)
    await sleep(forMs)
    this.network.heal()
    return Date.now()
  }

  async close(): Promise<void> {
    await Promise.all(this.#children.map(({ process }) => ended(process)))
    this.network.close()
    rmSync(this.#directory, { recursive: true, force: true })
  }

  async #start(): Promise<void> {
    const directory = this.#directory
    const hosts = REPLICAS.map((id) => this.network.address(id))
    await initCluster({ directory, replicas: REPLICAS.length, suite: 'sodium', hosts, basePort: BASE_PORT })
    const starts = REPLICAS.map((id) =>
      this.#run(id, MAIN, 'replica', '--dir', directory, '--id', String(id)),
    )
    for (const child of starts) await this.#until('a replica', () => child.output.includes('ready'))
    const port = String(GATEWAY_PORT)
    const gateway = this.#run(GATEWAY, MAIN, 'gateway', '--dir', directory, '--port', port)
    await this.#until('the gateway', () => gateway.output.includes('http://'))
    const writer = this.#run(GATEWAY, '--input-type=module', '--eval', WRITER)
    writer.process.stdout?.on('data', (text: string) => {
      this.#writtenAt.push(...text.split('\n').filter(Boolean).map(Number))
    })
    await this.#until('the first writes', () => this.#writtenAt.length > 3)
  }

  #run(node: number, ...args: readonly string[]) {
    const [command, ...rest] = this.network.at(node, process.execPath, ...args)
    const child = { process: spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] }), output: '' }
    for (const stream of [child.process.stdout, child.process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        child.output = (child.output + text).slice(-100_000)
      })
    }
    this.#children.push(child)
    return child
  }

  async #until(what: string, condition: () => boolean, withinMs = START_MS_MAX): Promise<void> {
    const last = Date.now() + withinMs
    while (!condition()) {
      if (Date.now() > last)
        throw new Error(
          `it did not come: ${what}; ${this.#children.map(({ output }) => output.slice(-400)).join('\n--\n')}`,
        )
      await sleep(20)
    }
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((done) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
    child.once('exit', () => {
      clearTimeout(timer)
      done()
    })
    child.kill('SIGTERM')
  })
}

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))
