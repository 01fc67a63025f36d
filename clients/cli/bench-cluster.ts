/** A cluster of local processes for a benchmark, with sessions of the load generator. */
import { mkdirSync } from 'node:fs'
import { initCluster } from '../../replicas/init.ts'
import { startLocalCluster } from '../../replicas/local-cluster.ts'
import type { AuthenticationMode } from '../../src/messages/cluster.ts'
import { type Connection, openConnection } from '../library/connection.ts'
import { childArguments } from './child-arguments.ts'

export interface BenchCluster {
  readonly gatewayUrl: string
  readonly connections: readonly Connection[]
  /** Ends the sessions and the processes; the caller removes the directory. */
  close(): Promise<void>
}

export async function startBenchCluster(options: {
  readonly directory: string
  readonly replicas: number
  readonly suite: 'sodium' | 'noble'
  readonly auth: AuthenticationMode
  /** The sessions of the load generator. */
  readonly clients: number
}): Promise<BenchCluster> {
  const { directory, replicas, suite, auth } = options
  mkdirSync(directory, { recursive: true })
  const names = Array.from({ length: options.clients }, (_, index) => `bench-${index}`)
  const cluster = await initCluster({
    directory,
    replicas,
    suite,
    auth,
    basePort: 0,
    clients: ['gateway', ...names],
  })
  const local = await startLocalCluster({
    directory,
    cluster,
    ...childArguments(directory, { port: 0 }),
    onExit: ({ name, how, complaint }) => console.error(`The ${name} ended (${how}). ${complaint}`.trimEnd()),
  })
  const connections: Connection[] = []
  const close = async (): Promise<void> => {
    for (const connection of connections) await connection.close()
    await local.stop()
  }
  try {
    for (const name of names) connections.push(await openConnection({ directory, name }))
  } catch (error) {
    await close()
    throw error
  }
  return { gatewayUrl: local.gatewayUrl, connections, close }
}
