/** The command up: it runs a whole cluster on this machine, replicas and a gateway. */
import { existsSync } from 'node:fs'
import { lockCluster } from '../../replicas/cluster-lock.ts'
import { DEFAULT_BASE_PORT } from '../../replicas/defaults.ts'
import { areFree } from '../../replicas/free-ports.ts'
import { makeCluster } from '../../replicas/init.ts'
import { type EndedChild, startLocalCluster } from '../../replicas/local-cluster.ts'
import { moveToPorts } from '../../replicas/replica-addresses.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { clusterFile, gatewayProcessLog, replicaProcessLog } from '../../src/io/cluster-directory.ts'
import { readClusterFile } from '../../src/io/cluster-file.ts'
import type { AuthenticationMode, Cluster } from '../../src/messages/cluster.ts'
import { childArguments, orderedReplicaArguments } from './child-arguments.ts'
import type { SuiteFlag } from './options.ts'
import { stopOnSignal } from './process-end.ts'
import { notifyStopping, reportReady } from './readiness.ts'
import { wrapped } from './terminal.ts'

export interface UpFlags {
  readonly dir: string
  readonly replicas: number
  readonly crypto: SuiteFlag
  readonly auth: AuthenticationMode
  readonly port: number
  readonly basePort?: number
  readonly timeout: number
  readonly dashboard: boolean
  readonly playground?: true
}

/**
 * Starts the cluster of a directory, or makes one first. If it does not start, the directory is left as it was before.
 */
export async function up(flags: UpFlags, isAsked: (name: string) => boolean): Promise<void> {
  const { dir, port, timeout, dashboard, playground = false } = flags
  const { cluster, undo } = await findOrMake(flags, isAsked)
  const relay = playground ? new (await import('./attack-orders.ts')).OrderRelay() : null
  const local = await startLocalCluster({
    directory: dir,
    cluster,
    ...childArguments(dir, {
      port,
      timeout,
      gatewayFlags: [...(dashboard ? [] : ['--no-dashboard']), ...(playground ? ['--playground'] : [])],
    }),
    ...(playground ? { replicaArguments: orderedReplicaArguments(dir) } : null),
    onMessage: (id, message) => relay?.take(id, message),
    onExit: (child) => console.error(wrapped(endText(child, flags))),
  }).catch((error: unknown) => {
    undo()
    throw error
  })
  stopOnSignal(() => {
    notifyStopping()
    return local.stop()
  })
  relay?.begin(local, cluster)
  if (playground) console.log(red(PLAYGROUND_WARNING))
  const { gatewayUrl: url } = local
  const page = dashboard ? `Watch them in a browser at ${url}\n\n` : ''
  console.log(`${cluster.replicas.length} replicas agree behind ${url} (data in ${dir}).
${page}Try:

  curl -X PUT --data-binary hello ${url}/v1/kv/greeting
  curl ${url}/v1/kv/greeting
  curl ${url}/v1/status

Ctrl-C stops everything; the same command starts it again with its data.`)
  reportReady(url)
}

const PLAYGROUND_WARNING =
  'This cluster is a playground: whoever reaches its page can make its replicas lie, beyond what it survives. Keep nothing in it that you need.'

/** Text in red where a terminal shows it. */
const red = (text: string): string => {
  const shown = wrapped(text)
  return process.stdout.isTTY && process.stdout.hasColors() ? `\x1b[31m${shown}\x1b[0m` : shown
}

interface Found {
  readonly cluster: Cluster
  /** Undoes what was made or changed. */
  undo(): void
}

async function findOrMake(flags: UpFlags, isAsked: (name: string) => boolean): Promise<Found> {
  const { dir, replicas, crypto: suite, auth, basePort } = flags
  if (!existsSync(clusterFile(dir))) {
    const chosen = basePort ?? (await usualPortsOrFree(replicas))
    return makeCluster({ directory: dir, replicas, suite, auth, basePort: chosen })
  }
  const cluster = readClusterFile(clusterFile(dir), suiteNamed)
  const refuse = (has: string, wanted: string): never => {
    throw new OperatorError(`${dir} holds a cluster of ${has}, not ${wanted}; choose another --dir.`)
  }
  const n = cluster.replicas.length
  if (isAsked('replicas') && n !== replicas) refuse(`${n} replicas`, `of ${replicas}`)
  if (isAsked('auth') && cluster.mode !== auth) refuse(`auth ${cluster.mode}`, auth)
  if (isAsked('crypto') && cluster.suite !== suite) refuse(`suite ${cluster.suite}`, suite)
  // Zero asks for free ports; an existing cluster keeps the ports that were free when it was made.
  if (basePort === undefined || basePort === 0) return { cluster, undo: () => {} }
  // The ports of a running cluster are not changed.
  const lock = await lockCluster(dir)
  try {
    return moveToPorts(dir, cluster, basePort)
  } finally {
    await lock.release()
  }
}

/** The reason why a child process ended, if it reported one, and the command that starts it again. */
function endText({ id, how, complaint }: EndedChild, { dir, port, timeout }: UpFlags): string {
  const subject = id === null ? 'The gateway' : `Replica ${id}`
  const why = complaint === '' ? '.' : `: ${complaint.replace(/[.]?$/, '.')}`
  const log = id === null ? gatewayProcessLog(dir) : replicaProcessLog(dir, id)
  const again =
    id === null
      ? `strategos gateway --dir ${quoted(dir)} --port ${port} --timeout ${timeout}`
      : `strategos replica --dir ${quoted(dir)} --id ${id}`
  return `${subject} ended (${how})${why} Its log is ${log}.\nStart it again with: ${again}`
}

/** A word, quoted for a shell. */
const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

/** The usual base port if all its ports are free, otherwise 0, which means any free ports. */
async function usualPortsOrFree(count: number): Promise<number> {
  return (await areFree(DEFAULT_BASE_PORT, count)) ? DEFAULT_BASE_PORT : 0
}
