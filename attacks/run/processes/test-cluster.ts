/**
 * The cluster of a run: a directory, a process for each correct replica, and one for all traitors. `close` always ends
 * every process and removes the directory.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, hasEnded, killChild, startChild, stopChild } from '../../../replicas/child-process.ts'
import { initCluster } from '../../../replicas/init.ts'
import { type ReplicaId, replicaIds } from '../../../src/base/ids.ts'
import { replicaDirectory } from '../../../src/io/cluster-directory.ts'
import type { AuthenticationMode, Cluster, RequestMode } from '../../../src/messages/cluster.ts'
import type { RejectionReason } from '../../../src/messages/rejection.ts'
import type { Machines } from '../../language/cluster-harness.ts'
import { waitUntil } from '../deadlines.ts'
import { homeOf, separate } from './cluster-directories.ts'
import { ProcessorTime } from './processor-time.ts'
import { Proxies } from './proxies.ts'
import type { TraitorsNews, TraitorsOrder } from './traitor-process.ts'

/** The command lines of the processes, after the node binary. */
export interface Commands {
  replica(directory: string, id: number): readonly string[]
  gateway(directory: string): readonly string[]
  traitors(play: {
    readonly name: string
    readonly root: string
    readonly ids: readonly number[]
    readonly seed: number
  }): readonly string[]
  /** The command line of a hostile client with the keys of these clients. */
  client(play: {
    readonly name: string
    readonly root: string
    readonly names: readonly string[]
    readonly traitors: readonly number[]
    readonly seed: number
  }): readonly string[]
}

export interface TestClusterSetting {
  readonly name: string
  readonly n: number
  readonly suite: 'sodium' | 'noble'
  readonly auth: AuthenticationMode
  readonly requests: RequestMode
  readonly traitors: readonly ReplicaId[]
  readonly seed: number
  readonly clients: readonly string[]
  readonly hasProxies: boolean
  readonly hasGateway: boolean
  /** The limit of open files of each correct replica and of the gateway; null for the machine's limit. */
  readonly openFiles?: number | null
  readonly commands: Commands
}

/** The checkpoint interval, shorter than usual, so that every attack includes checkpoints. */
const CHECKPOINT_INTERVAL = 16
/** The maximum time for the traitors' process to follow an order, in milliseconds. */
const ORDER_MS_MAX = 60_000

export class TestCluster implements Machines {
  readonly root = mkdtempSync(join(tmpdir(), 'strategos-attack-'))
  readonly correct: readonly ReplicaId[]
  /** The processes that ended by themselves, as sentences. */
  readonly casualties: string[] = []
  readonly #setting: TestClusterSetting
  readonly #replicas = new Map<ReplicaId, Child>()
  /** The children that are being stopped. */
  readonly #ending = new Set<Child>()
  readonly #correctTime = new ProcessorTime()
  readonly #traitorTime = new ProcessorTime()
  #traitors: Child | null = null
  #gateway: Child | null = null
  #gatewayUrl: string | null = null
  #news: TraitorsNews = { acts: 0, byTurn: {}, isOn: false }
  #proxies: Proxies | null = null
  #cluster: Cluster | null = null

  private constructor(setting: TestClusterSetting) {
    this.#setting = setting
    process.once('exit', this.#atExit)
    this.correct = replicaIds(setting.n).filter((id) => !setting.traitors.includes(id))
  }

  /** Starts a new cluster. */
  static async open(setting: TestClusterSetting): Promise<TestCluster> {
    const testCluster = new TestCluster(setting)
    try {
      await testCluster.#start()
    } catch (error) {
      await testCluster.close()
      throw error
    }
    return testCluster
  }

  get cluster(): Cluster {
    return this.#cluster as Cluster
  }

  get links(): Proxies | null {
    return this.#proxies
  }

  /** The URL of the gateway; null in a run without one. */
  get gateway(): string | null {
    return this.#gatewayUrl
  }

  /** The number of times that the traitors acted. */
  get acts(): number {
    return this.#news.acts
  }

  /** The acts by the attack whose turn it was; empty if attacks do not take turns. */
  get actsByTurn(): ReadonlyMap<string, number> {
    return new Map(Object.entries(this.#news.byTurn))
  }

  /** Processor time of the correct replicas and of the traitors so far, in milliseconds. */
  processorMs(): { readonly correct: number; readonly traitors: number } {
    for (const { process } of this.#replicas.values()) this.#correctTime.look(process.pid)
    this.#traitorTime.look(this.#traitors?.process.pid)
    return { correct: this.#correctTime.ms, traitors: this.#traitorTime.ms }
  }

  homeOf(id: number): string {
    return homeOf(this.root, id)
  }

  /** The process id of a correct replica; null while it is not running. */
  pid(id: ReplicaId): number | null {
    const child = this.#replicas.get(id)
    return child === undefined || hasEnded(child.process) ? null : (child.process.pid ?? null)
  }

  /** Turns the traitors' attack on or off; resolves when they have followed. */
  async turn(isOn: boolean): Promise<void> {
    const child = this.#traitors
    if (child === null) return
    child.process.send({ order: isOn ? 'on' : 'off' } satisfies TraitorsOrder, () => {})
    const isDone = (): boolean => hasEnded(child.process) || this.#news.isOn === isOn
    const hasFollowed = await waitUntil(isDone, { limitMs: ORDER_MS_MAX })
    if (!hasFollowed) this.casualties.push(`the traitors' process does not answer`)
  }

  freeze(id: ReplicaId): void {
    this.#replicas.get(id)?.process.kill('SIGSTOP')
  }

  thaw(id: ReplicaId): void {
    this.#replicas.get(id)?.process.kill('SIGCONT')
  }

  async kill(id: ReplicaId): Promise<void> {
    const child = this.#replicas.get(id)
    if (child === undefined) return
    this.#ending.add(child)
    this.#correctTime.look(child.process.pid)
    await killChild(child.process)
  }

  async restart(id: ReplicaId): Promise<void> {
    this.#startReplica(id)
    await this.#replicas.get(id)?.ready
  }

  /** Asks every process to stop, so that each sends its last report. */
  async stop(): Promise<void> {
    const children = this.#children()
    for (const child of children) this.#ending.add(child)
    await Promise.all(children.map((child) => stopChild(child.process)))
  }

  /** Ends every process and removes the directory. */
  async close(): Promise<void> {
    const children = this.#children()
    for (const child of children) this.#ending.add(child)
    await Promise.all(children.map((child) => killChild(child.process)))
    await this.#proxies?.close()
    rmSync(this.root, { recursive: true, force: true })
    process.off('exit', this.#atExit)
  }

  /**
   * The messages that the correct replicas refused, and the replicas that these convict, as reported at their end.
   */
  refusals(): {
    readonly rejected: ReadonlyMap<RejectionReason, number>
    readonly guilty: readonly ReplicaId[]
  } {
    const rejected = new Map<RejectionReason, number>()
    const guilty = new Set<ReplicaId>()
    for (const id of this.correct) {
      for (const said of this.#lastWords(id)) {
        for (const [reason, count] of Object.entries(said.rejected)) {
          rejected.set(reason as RejectionReason, (rejected.get(reason as RejectionReason) ?? 0) + count)
        }
        for (const liar of said.guilty) guilty.add(liar as ReplicaId)
      }
    }
    return { rejected, guilty: [...guilty].sort((a, b) => a - b) }
  }

  async #start(): Promise<void> {
    const { n, suite, auth, requests, clients, hasProxies, traitors, commands, name, seed } = this.#setting
    const cluster = await initCluster({
      directory: this.root,
      replicas: n,
      suite,
      auth,
      requests,
      basePort: 0,
      clients,
      checkpointInterval: CHECKPOINT_INTERVAL,
    })
    this.#cluster = cluster
    if (hasProxies) {
      const proxies = await Proxies.between(cluster)
      this.#proxies = proxies
      separate(this.root, cluster, (from, to) => {
        const { address } = cluster.replicas[to] as { address: { host: string; port: number } }
        return proxies.address(from, to) ?? address
      })
    }
    for (const id of this.correct) this.#startReplica(id)
    if (traitors.length > 0) {
      const play = { name, root: this.root, ids: traitors, seed }
      const child = this.#watch(
        startChild('traitors', commands.traitors(play), join(this.root, 'traitors.log')),
      )
      child.process.on('message', (news: Partial<TraitorsNews>) => {
        if (news.acts !== undefined) this.#news = news as TraitorsNews
      })
      this.#traitors = child
    }
    if (this.#setting.hasGateway) {
      const args = commands.gateway(this.root)
      const log = join(this.root, 'gateway.log')
      this.#gateway = this.#watch(startChild('gateway', args, log, this.#setting.openFiles))
    }
    await Promise.all(this.#children().map(({ ready }) => ready))
    this.#gatewayUrl = (await this.#gateway?.ready) ?? null
  }

  /** Cleans up if this process ends unexpectedly. */
  readonly #atExit = (): void => {
    for (const child of this.#children()) child.process.kill('SIGKILL')
    rmSync(this.root, { recursive: true, force: true })
  }

  #startReplica(id: ReplicaId): void {
    const home = this.homeOf(id)
    const args = this.#setting.commands.replica(home, id)
    const child = startChild(`replica ${id}`, args, this.#logOf(id), this.#setting.openFiles)
    this.#replicas.set(id, this.#watch(child))
  }

  #logOf(id: ReplicaId): string {
    return join(replicaDirectory(this.homeOf(id), id), 'replica.log')
  }

  #watch(child: Child): Child {
    // 'close' is emitted after all its output is read.
    child.process.once('close', (code, signal) => {
      if (this.#ending.has(child)) return
      const [complaint] = child.complaint().split('\n')
      this.casualties.push(
        `the process of ${child.name} ended (${signal ?? `exit code ${code}`}): ${complaint}`,
      )
    })
    return child
  }

  #children(): readonly Child[] {
    const others = [this.#gateway, this.#traitors].filter((each) => each !== null)
    return [...this.#replicas.values(), ...others]
  }

  *#lastWords(id: ReplicaId): Iterable<{
    readonly rejected: Readonly<Record<string, number>>
    readonly guilty: readonly number[]
  }> {
    for (const line of readFileSync(this.#logOf(id), 'utf8').split('\n')) {
      if (line.includes('"msg":"stopped"')) yield JSON.parse(line)
    }
  }
}
