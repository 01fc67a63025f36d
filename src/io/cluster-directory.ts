/** The paths of a cluster directory. A replica needs cluster.json and its own folder, nothing else. */
import { join } from 'node:path'

export const clusterFile = (directory: string): string => join(directory, 'cluster.json')
export const replicaDirectory = (directory: string, id: number): string => join(directory, `replica-${id}`)
/** The lock of a cluster's directory: for running all of it. */
export const clusterLock = (directory: string): string => join(directory, 'lock')
/** The lock of a replica's folder: for everything in it. */
export const replicaLock = (directory: string, id: number): string =>
  join(replicaDirectory(directory, id), 'lock')
export const replicaKey = (directory: string, id: number): string =>
  join(replicaDirectory(directory, id), 'secret.key')
export const replicaLog = (directory: string, id: number): string =>
  join(replicaDirectory(directory, id), 'log')
/** The file of all that a replica of a local cluster writes to standard output. */
export const replicaProcessLog = (directory: string, id: number): string =>
  join(replicaDirectory(directory, id), 'replica.log')
/** The pages of stored states. */
export const replicaState = (directory: string, id: number): string =>
  join(replicaDirectory(directory, id), 'state')
export const clientsDirectory = (directory: string): string => join(directory, 'clients')
export const clientKey = (directory: string, name: string): string =>
  join(clientsDirectory(directory), `${name}.key`)
/** The start of the names of the files with a client's reserved timestamps and their lock. */
export const clientTimestamps = (directory: string, name: string): string =>
  join(clientsDirectory(directory), name)
export const gatewayProcessLog = (directory: string): string => join(directory, 'gateway.log')
export const runFile = (directory: string): string => join(directory, 'run.json')
