/**
 * A cluster of local processes: it starts replicas and a gateway, writes run.json, and stops them together. It
 * restarts nothing.
 */
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { formatAddress } from '../src/io/address.ts'
import { gatewayProcessLog, replicaProcessLog, runFile } from '../src/io/cluster-directory.ts'
import type { Cluster } from '../src/messages/cluster.ts'
import { type Child, startChild, stopChild } from './child-process.ts'
import { lockCluster } from './cluster-lock.ts'

export interface LocalClusterOptions {
  readonly directory: string
  readonly cluster: Cluster
  /** The command line of a child, after the node binary. */
  readonly replicaArguments: (id: number) => readonly string[]
  readonly gatewayArguments: readonly string[]
  /** Called when a child ends by itself. */
  readonly onExit: (child: EndedChild) => void
  /** Called for what a child says; `id` is that of a replica, null for the gateway. */
  readonly onMessage?: (id: number | null, message: unknown) => void
}

export interface EndedChild {
  /** The name of the child, for example "replica 2". */
  readonly name: string
  /** The id of a replica; null for the gateway. */
  readonly id: number | null
  /** The exit code or the signal, in words. */
  readonly how: string
  /** Its last lines on standard error; empty if there were none. */
  readonly complaint: string
}

export interface LocalCluster {
  readonly gatewayUrl: string
  readonly gatewayPid: number
  readonly replicas: readonly { readonly id: number; readonly pid: number; readonly address: string }[]
  /** Says something to a replica, or to the gateway where the id is null. */
  tell(id: number | null, message: object): void
  stop(): Promise<void>
}

/** Starts all processes and waits until each is ready. If one fails, all are stopped and its error is thrown. */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  const lock = await lockCluster(options.directory)
  try {
    const running = await startLocked(options)
    return { ...running, stop: () => running.stop().finally(() => lock.release()) }
  } catch (error) {
    await lock.release()
    throw error
  }
}

async function startLocked(options: LocalClusterOptions): Promise<LocalCluster> {
  const { directory, cluster } = options
  let isUp = false
  const children: Child[] = []
  const byId = new Map<number | null, Child>()
  const tell = (id: number | null, message: object): void => {
    const child = byId.get(id)?.process
    if (child?.connected === true) child.send(message)
  }
  const launch = (id: number | null, args: readonly string[], logPath: string): Child => {
    const name = id === null ? 'gateway' : `replica ${id}`
    const child = startChild(name, args, logPath)
    // At `close`, all its output has been read.
    child.process.once('close', (code, signal) => {
      const how = signal === null ? `exit code ${code}` : `killed by ${signal}`
      if (isUp) options.onExit({ name, id, how, complaint: child.complaint() }) // Before it was ready, its end is the error of the start.
    })
    if (options.onMessage !== undefined) {
      child.process.on('message', (message) => options.onMessage?.(id, message))
    }
    children.push(child)
    byId.set(id, child)
    return child
  }
  const stop = async (): Promise<void> => {
    const wasUp = isUp
    isUp = false
    // The gateway first: it answers the calls that have come, for which it needs the replicas.
    const gateway = byId.get(null)
    if (gateway !== undefined) await stopChild(gateway.process)
    await Promise.all(children.map((child) => stopChild(child.process)))
    if (wasUp) rmSync(runFile(directory), { force: true })
  }
  try {
    const replicas = cluster.replicas.map(({ id }) =>
      launch(id, options.replicaArguments(id), replicaProcessLog(directory, id)),
    )
    await Promise.all(replicas.map((child) => child.ready))
    const gateway = launch(null, options.gatewayArguments, gatewayProcessLog(directory))
    const gatewayUrl = await gateway.ready
    const running = {
      gatewayUrl,
      gatewayPid: gateway.process.pid ?? 0,
      replicas: cluster.replicas.map(({ id, address }) => ({
        id,
        pid: replicas[id]?.process.pid ?? 0,
        address: formatAddress(address),
      })),
    }
    writeRunFile(directory, running)
    isUp = true
    return { ...running, tell, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function writeRunFile(directory: string, running: Omit<LocalCluster, 'stop' | 'tell'>): void {
  const json = {
    gateway: { pid: running.gatewayPid, url: running.gatewayUrl },
    replicas: running.replicas,
  }
  const beside = `${runFile(directory)}.new`
  writeFileSync(beside, `${JSON.stringify(json, null, 2)}\n`)
  renameSync(beside, runFile(directory))
}
