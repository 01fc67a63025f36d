/** A cluster of local processes: starts replicas and a gateway, writes run.json, stops them together. Restarts nothing. */
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatAddress } from '../src/io/cluster-file.ts'
import type { Cluster } from '../src/messages/cluster.ts'
import { type Child, startChild, stopChild } from './child-process.ts'
import { replicaDirectory, runFile } from './cluster-directory.ts'
import { lockCluster } from './cluster-lock.ts'

export interface LocalClusterOptions {
  readonly directory: string
  readonly cluster: Cluster
  /** The command line of a child, after the node binary. */
  readonly replicaArguments: (id: number) => readonly string[]
  readonly gatewayArguments: readonly string[]
  /** Called when a child ends by itself. */
  readonly onExit: (name: string, how: string) => void
}

export interface LocalCluster {
  readonly gatewayUrl: string
  readonly gatewayPid: number
  readonly replicas: readonly { readonly id: number; readonly pid: number; readonly address: string }[]
  stop(): Promise<void>
}

/** Starts all processes and waits until each is ready; when one is not, all are stopped and its reason is the error. */
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
  const launch = (name: string, args: readonly string[], logPath: string): Child => {
    const child = startChild(name, args, logPath)
    child.process.once('exit', (code, signal) => {
      if (isUp) options.onExit(name, signal ?? `exit code ${code}`) // before that, its end is the error
    })
    children.push(child)
    return child
  }
  const stop = async (): Promise<void> => {
    const wasUp = isUp
    isUp = false
    await Promise.all(children.map((child) => stopChild(child.process)))
    if (wasUp) rmSync(runFile(directory), { force: true })
  }
  try {
    const replicas = cluster.replicas.map(({ id }) =>
      launch(
        `replica ${id}`,
        options.replicaArguments(id),
        join(replicaDirectory(directory, id), 'replica.log'),
      ),
    )
    await Promise.all(replicas.map((child) => child.ready))
    const gateway = launch('gateway', options.gatewayArguments, join(directory, 'gateway.log'))
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
    return { ...running, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function writeRunFile(directory: string, running: Omit<LocalCluster, 'stop'>): void {
  const json = {
    gateway: { pid: running.gatewayPid, url: running.gatewayUrl },
    replicas: running.replicas,
  }
  const beside = `${runFile(directory)}.new`
  writeFileSync(beside, `${JSON.stringify(json, null, 2)}\n`)
  renameSync(beside, runFile(directory))
}
