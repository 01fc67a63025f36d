/** Replicas as processes that a test may kill, stop, wipe and start again one by one, with a gateway to ask for their status. */
import type { ChildProcess } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { RecordedLoad, verdictOf } from '../../attacks/run/load/recorded-load.ts'
import type { ClusterStatus } from '../../clients/api/status.ts'
import { DEFAULT_CLIENTS, initCluster } from '../../replicas/init.ts'
import { replicaDirectory } from '../../src/io/cluster-directory.ts'
import type { AuthenticationMode } from '../../src/messages/cluster.ts'
import { CHECKPOINT_INTERVAL } from '../../src/messages/limits.ts'
import { http, isAlive, PATIENT_GATEWAY, type ProcessKit, until } from './process-kit.ts'

export const LOAD_NAMES = ['load-0', 'load-1'] as const
/** A load that uses only a part of the machine, because the replicas are under test. */
const LOAD_PAUSE_MS = 60

interface Running {
  readonly child: ReturnType<ProcessKit['start']>
  readonly pid: number
}

export class Fleet {
  readonly directory: string
  readonly ids: readonly number[]
  readonly #kit: ProcessKit
  readonly #replicaFlags: readonly string[]
  readonly #running = new Map<number, Running>()
  #gatewayUrl = ''

  private constructor(kit: ProcessKit, directory: string, replicaFlags: readonly string[]) {
    this.#kit = kit
    this.#replicaFlags = replicaFlags
    this.directory = directory
    this.ids = [0, 1, 2, 3]
  }

  /** A new cluster of four, all of it running. `replicaFlags` are given to every replica's command. */
  static async up(
    kit: ProcessKit,
    {
      auth = 'signed',
      replicaFlags = [],
      checkpointInterval = CHECKPOINT_INTERVAL,
    }: {
      readonly auth?: AuthenticationMode
      readonly replicaFlags?: readonly string[]
      readonly checkpointInterval?: number
    } = {},
  ): Promise<Fleet> {
    const directory = kit.directory()
    const clients = [...DEFAULT_CLIENTS, ...LOAD_NAMES]
    await initCluster({
      ...{ directory, replicas: 4, suite: 'sodium', auth, basePort: 0, clients, checkpointInterval },
    })
    const fleet = new Fleet(kit, directory, replicaFlags)
    await fleet.start(...fleet.ids)
    const gateway = kit.start('gateway', '--dir', directory, '--port', '0', ...PATIENT_GATEWAY)
    await printed(gateway, 'http://')
    fleet.#gatewayUrl = /http:\/\/\S+/.exec(gateway.output.stdout)?.[0] ?? ''
    return fleet
  }

  /** Starts these replicas together and waits until each is ready. */
  async start(...ids: readonly number[]): Promise<void> {
    for (const id of ids) {
      const child = this.#kit.start(
        'replica',
        '--dir',
        this.directory,
        '--id',
        `${id}`,
        ...this.#replicaFlags,
      )
      this.#running.set(id, { child, pid: child.pid ?? 0 })
    }
    for (const id of ids) await printed((this.#running.get(id) as Running).child, '"msg":"ready"')
  }

  /** Ends these replicas in this way and waits until they are gone. */
  async end(signal: 'SIGKILL' | 'SIGTERM', ...ids: readonly number[]): Promise<void> {
    for (const id of ids) this.signal(signal, id)
    const isGone = (id: number): boolean => !isAlive(this.#running.get(id)?.pid ?? 0)
    await until(`replicas ${ids} are gone`, () => ids.every(isGone))
  }

  signal(signal: NodeJS.Signals, id: number): void {
    this.#running.get(id)?.child.kill(signal)
  }

  /** Removes all that a replica, which must be down, knows but its key. */
  wipe(id: number): void {
    const folder = replicaDirectory(this.directory, id)
    for (const name of readdirSync(folder)) {
      if (name !== 'secret.key') rmSync(join(folder, name), { recursive: true })
    }
  }

  /** Starts a load on this cluster whose history is recorded. */
  startLoad(): Promise<RecordedLoad> {
    return RecordedLoad.start({ directory: this.directory, names: LOAD_NAMES, pauseMs: LOAD_PAUSE_MS })
  }

  get gatewayUrl(): string {
    return this.#gatewayUrl
  }

  async status(): Promise<ClusterStatus> {
    return (await http(`${this.#gatewayUrl}/v1/status`)).json as unknown as ClusterStatus
  }

  /** Waits until all vote and no replica lags: a moment with a load going on. `slack` in sequence numbers. */
  async level(slack = 200): Promise<void> {
    let seen: unknown = null
    const isLevel = async (): Promise<boolean> => {
      const { replicas } = await this.status()
      seen = replicas.map(({ id, view, lastExecuted, state }) => ({ id, view, lastExecuted, state }))
      const executed = replicas.map(({ lastExecuted }) => lastExecuted ?? -1)
      const isVoting = replicas.every(({ state }) => state === 'voting')
      return isVoting && Math.max(...executed) - Math.min(...executed) <= slack && Math.min(...executed) > 0
    }
    await until('all replicas vote and are level', isLevel).catch((error: Error) => {
      throw new Error(`${error.message}: ${JSON.stringify(seen)}`)
    })
  }
}

async function printed(
  child: ChildProcess & { readonly output: { stdout: string; stderr: string } },
  text: string,
) {
  await until(`it printed ${text}`, () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${child.output.stderr}`)
    return child.output.stdout.includes(text)
  })
}

/** Ends the load: its history must be linearizable, and hold more than the answers that were counted. */
export async function expectLinearizable(load: RecordedLoad): Promise<void> {
  const lines = await load.stop()
  expect(lines.length).toBeGreaterThan(2 * load.acknowledged)
  expect(verdictOf(lines).kind).toBe('linearizable')
}
