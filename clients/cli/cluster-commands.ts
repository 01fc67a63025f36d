/** init, keygen, replica, gateway, up. */
import { existsSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { clusterFile } from '../../replicas/cluster-directory.ts'
import { areFree } from '../../replicas/free-ports.ts'
import { DEFAULT_BASE_PORT, generateReplica, initCluster } from '../../replicas/init.ts'
import { startLocalCluster } from '../../replicas/local-cluster.ts'
import { toHex } from '../../src/base/bytes.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { readClusterFile } from '../../src/io/cluster-file.ts'
import type { AuthenticationMode, RequestMode } from '../../src/messages/cluster.ts'
import { DEFAULT_GATEWAY_PORT, DEFAULT_TIMEOUT_MS } from '../gateway/defaults.ts'
import { childArguments } from './child-arguments.ts'
import { authOption, directoryOption, requestsOption, storeAfterOption, wholeNumber } from './options.ts'
import { reportReady, stopOnSignal } from './process-end.ts'
import { runReplica } from './running-replica.ts'

const replicasOption = () =>
  new Option('--replicas <n>', 'how many replicas: 4, 7, 10 or 13').default(4).argParser(wholeNumber)
const cryptoOption = () =>
  new Option('--crypto <suite>', 'the suite of all replicas').choices(['sodium', 'noble']).default('sodium')
const list = (text: string): readonly string[] => text.split(',')

interface InitFlags {
  readonly dir: string
  readonly replicas: number
  readonly crypto: 'sodium' | 'noble'
  readonly auth: AuthenticationMode
  readonly requests: RequestMode
  readonly hosts?: readonly string[]
  readonly basePort: number
  readonly publicKeys?: readonly string[]
  readonly json?: true
}

export function addClusterCommands(program: Command): void {
  program
    .command('init')
    .description('make a cluster directory: keys, cluster file, empty logs')
    .addOption(replicasOption())
    .addOption(directoryOption())
    .addOption(cryptoOption())
    .addOption(authOption())
    .addOption(requestsOption())
    .option('--hosts <hosts>', 'one host for each replica, separated by commas', list)
    .option(
      '--base-port <port>',
      'replica i listens on port + i; 0: free ports',
      wholeNumber,
      DEFAULT_BASE_PORT,
    )
    .option('--public-keys <files>', "the replicas' public keys, as keygen printed them", list)
    .option('--json', 'print the result as JSON')
    .action(init)

  program
    .command('keygen')
    .description("make one replica's keys on its own machine and print the public ones")
    .addOption(directoryOption())
    .requiredOption('--id <i>', 'the replica', wholeNumber)
    .addOption(cryptoOption())
    .action(async ({ dir, id, crypto }: { dir: string; id: number; crypto: 'sodium' | 'noble' }) => {
      console.log(JSON.stringify(await generateReplica(dir, id, crypto), null, 2))
    })

  program
    .command('replica')
    .description('run one replica in the foreground; its log goes to standard output')
    .addOption(directoryOption())
    .requiredOption('--id <i>', 'the replica', wholeNumber)
    .addOption(storeAfterOption())
    .action(({ dir, id, storeAfterMib }: { dir: string; id: number; storeAfterMib?: number }) =>
      runReplica({ directory: dir, id, ...(storeAfterMib === undefined ? {} : { storeAfterMib }) }),
    )

  program
    .command('gateway')
    .description('serve HTTP in front of a cluster')
    .addOption(directoryOption())
    .option('--port <port>', 'where to listen; 0: a free port', wholeNumber, DEFAULT_GATEWAY_PORT)
    .option('--host <host>', 'loopback only', '127.0.0.1')
    .option('--timeout <ms>', 'after which an operation is unknown', wholeNumber, DEFAULT_TIMEOUT_MS)
    .option('--client <name>', 'the client key to use', 'gateway')
    .action(gateway)

  program
    .command('up')
    .description('run a whole cluster on this machine: replicas and a gateway')
    .addOption(replicasOption())
    .addOption(directoryOption())
    .addOption(cryptoOption())
    .addOption(authOption())
    .option('--port <port>', "the gateway's port; 0: a free port", wholeNumber, DEFAULT_GATEWAY_PORT)
    .option(
      '--base-port <port>',
      'of replicas that are made now: replica i listens on port + i; 0: free ports',
      wholeNumber,
    )
    .option('--timeout <ms>', 'after which an operation is unknown', wholeNumber, DEFAULT_TIMEOUT_MS)
    .action((flags: UpFlags, command: Command) =>
      up(flags, (name) => command.getOptionValueSource(name) !== 'default'),
    )
}

async function init(flags: InitFlags): Promise<void> {
  const { dir: directory, replicas, crypto: suite, auth, requests, basePort, hosts, publicKeys } = flags
  const cluster = await initCluster({
    directory,
    replicas,
    suite,
    auth,
    requests,
    basePort,
    ...(hosts === undefined ? {} : { hosts }),
    ...(publicKeys === undefined ? {} : { publicKeyFiles: publicKeys }),
  })
  const clusterId = toHex(cluster.clusterId)
  if (flags.json) {
    console.log(JSON.stringify({ directory, clusterId, n: replicas, auth, requests }))
    return
  }
  const mode = auth === 'oral' ? ' (oral)' : ''
  console.log(`Made ${clusterFile(directory)} for ${replicas} replicas${mode}, cluster id ${clusterId}.`)
  console.log(`Start each with: strategos replica --dir ${directory} --id I`)
}

async function gateway(flags: {
  dir: string
  port: number
  host: string
  timeout: number
  client: string
}): Promise<void> {
  // Loaded here, for a replica need not wait for it when it starts.
  const { startGateway } = await import('../gateway/server.ts')
  const running = await startGateway({
    directory: flags.dir,
    host: flags.host,
    port: flags.port,
    timeoutMs: flags.timeout,
    clientName: flags.client,
  })
  console.log(`The gateway listens on ${running.url}`)
  stopOnSignal(() => running.close())
  reportReady(running.url)
}

interface UpFlags {
  readonly dir: string
  readonly replicas: number
  readonly crypto: 'sodium' | 'noble'
  readonly auth: AuthenticationMode
  readonly port: number
  readonly basePort?: number
  readonly timeout: number
}

async function up(flags: UpFlags, isAsked: (flag: 'replicas' | 'auth') => boolean): Promise<void> {
  const { dir, replicas, crypto, auth, port, timeout } = flags
  if (!existsSync(clusterFile(dir))) {
    const basePort = flags.basePort ?? (await usualPortsOrFree(replicas))
    await initCluster({ directory: dir, replicas, suite: crypto, auth, basePort })
  }
  const cluster = readClusterFile(clusterFile(dir), suiteNamed)
  const n = cluster.replicas.length
  if (isAsked('replicas') && n !== replicas) {
    throw new OperatorError(
      `${dir} holds a cluster of ${n} replicas, not of ${replicas}; choose another --dir.`,
    )
  }
  if (isAsked('auth') && cluster.mode !== auth) {
    throw new OperatorError(
      `${dir} holds a cluster of auth ${cluster.mode}, not ${auth}; choose another --dir.`,
    )
  }
  const local = await startLocalCluster({
    directory: dir,
    cluster,
    ...childArguments(dir, { port, timeout }),
    onExit: (name, how) => console.error(`The ${name} ended (${how}). Nothing is restarted by itself.`),
  })
  stopOnSignal(() => local.stop())
  const { gatewayUrl: url } = local
  console.log(`${n} replicas agree behind ${url} (data in ${dir}). Try:

  curl -X PUT --data-binary hello ${url}/v1/kv/greeting
  curl ${url}/v1/kv/greeting
  curl ${url}/v1/status

Ctrl-C stops everything; the same command starts it again with its data.`)
  reportReady(url)
}

/** The usual ports when all are free, else 0: whichever are. */
async function usualPortsOrFree(count: number): Promise<number> {
  return (await areFree(DEFAULT_BASE_PORT, count)) ? DEFAULT_BASE_PORT : 0
}
