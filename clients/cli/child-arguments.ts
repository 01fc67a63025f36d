import { fileURLToPath } from 'node:url'
import type { LocalClusterOptions } from '../../replicas/local-cluster.ts'
import { DEFAULT_TIMEOUT_MS } from '../gateway/defaults.ts'

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url))

/** The command lines of a local cluster's processes. */
export function childArguments(
  directory: string,
  {
    port,
    timeout = DEFAULT_TIMEOUT_MS,
    gatewayFlags = [],
  }: { readonly port: number; readonly timeout?: number; readonly gatewayFlags?: readonly string[] },
): Pick<LocalClusterOptions, 'replicaArguments' | 'gatewayArguments'> {
  return {
    replicaArguments: (id) => [MAIN, 'replica', '--dir', directory, '--id', `${id}`],
    gatewayArguments: [
      ...[MAIN, 'gateway', '--dir', directory, '--port', `${port}`, '--timeout', `${timeout}`],
      ...gatewayFlags,
    ],
  }
}

/** The command line of a replica that plays attacks as its parent process orders. */
export const orderedReplicaArguments =
  (directory: string) =>
  (id: number): readonly string[] => [MAIN, 'attack', '--on-order', '--dir', directory, '--play', `${id}`]

/** The beginning of the command line of a process that plays replicas of a cluster as adversaries. */
export const attackArguments = (name: string, directory: string): readonly string[] => [
  ...[MAIN, 'attack', name, '--dir', directory],
]
