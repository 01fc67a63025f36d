/**
 * Every option of the command line but those of the benchmarks, declared once: its unit, its choices, its default and
 * the check of its value. A closed set of values is commander's `choices`, so that the help and the error list them.
 */
import { Option } from 'commander'
import { FIGURE_WEIGHTS } from '../../attacks/run/run-facts.ts'
import { DEFAULT_BASE_PORT } from '../../replicas/defaults.ts'
import { AUTHENTICATION_MODES, READ_MODES, VOTE_MODES } from '../../src/messages/cluster.ts'
import type { SortTarget } from '../../src/store/range.ts'
import { DEFAULT_GATEWAY_PORT, DEFAULT_TIMEOUT_MS } from '../gateway/defaults.ts'
import {
  CLUSTER_SIZES,
  clientKeyFiles,
  clusterSize,
  clusterSizes,
  gatewayUrl,
  idempotencyKey,
  keyText,
  leaseDigits,
  listenHost,
  minutes,
  names,
  nonEmpty,
  port,
  replicaAddress,
  replicaIds,
  seedRange,
  wholeNumber,
} from './option-values.ts'

/** The longest delay of a Node.js timer, in milliseconds. */
const TIMER_MS_MAX = 2_147_483_647
export const SECONDS_MAX = 86_400
const SUITE_NAMES = ['sodium', 'noble'] as const
/** Named here, so that a command does not load the store for them. */
const SORTED_BY: Readonly<Record<SortTarget, true>> = {
  key: true,
  version: true,
  create: true,
  mod: true,
  value: true,
}
const SORT_NAMES = Object.keys(SORTED_BY)
const CHANGE_TYPES = ['put', 'delete'] as const
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

export const flag = (flags: string, description: string): Option => new Option(flags, description)

export const valued = (flags: string, description: string, read: (text: string) => unknown): Option =>
  new Option(flags, description).argParser(read)

const sizeOption = (description: string): Option =>
  new Option('--replicas <n>', description).choices(CLUSTER_SIZES.map(String)).argParser(clusterSize)

export type SuiteFlag = (typeof SUITE_NAMES)[number]

/** Options that several commands take. */
export const shared = {
  directory: () => valued('--dir <directory>', 'the cluster directory', nonEmpty).default('.strategos'),
  replicas: () => sizeOption('number of replicas').default(4),
  crypto: () =>
    new Option('--crypto <suite>', 'the cryptographic suite').choices(SUITE_NAMES).default('sodium'),
  auth: () =>
    new Option(
      '--auth <mode>',
      'how replicas authenticate messages: by signatures, or by a MAC per receiver (oral)',
    )
      .choices(AUTHENTICATION_MODES)
      .default('signed'),
  seed: (description: string) => valued('--seed <x>', description, wholeNumber()),
  json: (description = 'print the result as JSON') => flag('--json', description),
  html: (description: string) => valued('--html <file>', description, nonEmpty),
  /** The environment variable also reaches the children of `up`. */
  logLevel: () =>
    new Option('--log-level <level>', 'the lowest level that is logged')
      .choices(LOG_LEVELS)
      .env('STRATEGOS_LOG_LEVEL')
      .default('info'),
  /** Hidden: only tests and benchmarks need the log trimmed before it has grown by 64 MiB. */
  storeAfter: () =>
    valued(
      '--store-after-mib <mib>',
      'growth of the log, in MiB, after which a checkpoint is stored',
      wholeNumber(0, 1_000_000),
    ).hideHelp(),
} as const

/** Options of init, keygen, address, replica, gateway and up. */
export const cluster = {
  requests: () =>
    new Option('--requests <mode>', 'clients sign requests, or send MACs (oral; needs --auth oral)')
      .choices(AUTHENTICATION_MODES)
      .default('signed'),
  reads: () =>
    new Option(
      '--reads <mode>',
      'how reads are executed: in the order of all requests, or unordered: read at once from 2f + 1 replicas that agree, while each write waits for as many',
    )
      .choices(READ_MODES)
      .default('ordered'),
  votes: () =>
    new Option('--votes <mode>', 'first votes wait for the disk, or not (unsynced; needs --auth signed)')
      .choices(VOTE_MODES)
      .default('synced'),
  hosts: () =>
    valued(
      '--hosts <hosts>',
      'the host or host:port of each replica, separated by commas; DNS names or IP addresses',
      names,
    ),
  basePort: (description: string) => valued('--base-port <port>', description, port),
  defaultBasePort: () =>
    cluster
      .basePort('the port of replica 0; replica i listens on port + i; 0: free ports')
      .default(DEFAULT_BASE_PORT),
  publicKeys: () =>
    valued(
      '--public-keys <files>',
      'the files with the public keys that keygen printed for the replicas, separated by commas',
      names,
    ),
  clients: () =>
    valued(
      '--clients <names>',
      'the names of the client keys to make, separated by commas; each gateway needs its own (default: gateway,operator)',
      names,
    ),
  administrators: () =>
    valued(
      '--administrators <names>',
      'the clients that may change principals and rights, separated by commas (default: operator)',
      names,
    ),
  id: () =>
    valued('--id <i>', 'the id of the replica, counted from 0', wholeNumber(0, 99)).makeOptionMandatory(),
  ownerId: () => valued('--id <i>', 'the id of the replica, counted from 0', wholeNumber(0, 99)),
  ownerClient: () => valued('--client <name>', 'the name of the client', nonEmpty),
  show: () => flag('--show', 'print the public keys of existing keys; make none'),
  clientKeys: () =>
    valued(
      '--client-keys <names>',
      'the files with the public keys that keygen printed for clients, as name=file, separated by commas',
      clientKeyFiles,
    ),
  metrics: () =>
    valued('--metrics <host:port>', 'the address at which /metrics is served to Prometheus', replicaAddress),
  listen: () =>
    valued(
      '--listen <host:port>',
      'the address to listen on, if it is not the one in the cluster file, as behind a forwarded port',
      replicaAddress,
    ),
  movedId: () => valued('--id <i>', 'the id of the replica to move, counted from 0', wholeNumber(0, 99)),
  at: () => valued('--at <host:port>', 'the new address of the replica', replicaAddress),
  gatewayPort: (description: string) =>
    valued('--port <port>', `${description}; 0: a free port`, port).default(DEFAULT_GATEWAY_PORT),
  host: () =>
    valued(
      '--host <host>',
      'the address to listen on; beyond loopback only with TLS, and with tokens or client certificates',
      listenHost,
    ).default('127.0.0.1'),
  playground: () => flag('--playground', 'let the page make replicas traitors: data may be lost'),
  takesOrders: () => flag('--playground', 'offer attacks that the parent process owns').hideHelp(),
  noDashboard: () => flag('--no-dashboard', 'serve no page at /'),
  timeout: () =>
    valued(
      '--timeout <ms>',
      'milliseconds to wait for an answer; after them the outcome of the request is unknown',
      wholeNumber(1, TIMER_MS_MAX),
    ).default(DEFAULT_TIMEOUT_MS),
  client: () =>
    valued('--client <name>', 'the name of the client key that the gateway uses', nonEmpty).default(
      'gateway',
    ),
} as const

/** Options of the commands that call a gateway. */
export const store = {
  url: () =>
    valued(
      '--url <url>',
      'the base URL of the gateway; by default the gateway of the cluster directory',
      gatewayUrl,
    ),
  ifRevision: (description: string) =>
    valued('--if-revision <revision>', description, wholeNumber()).conflicts(['prefix', 'from', 'to']),
  limit: () => valued('--limit <keys>', 'the maximum number of keys to print', wholeNumber()).default(100),
  lease: () =>
    valued(
      '--lease <id>',
      'attach the key to this lease: the key is deleted when the lease ends',
      leaseDigits,
    ),
  receipt: () =>
    valued('--receipt <file>', 'the file to write the signed receipt of the answer to', nonEmpty),
  idempotencyKey: () =>
    valued(
      '--idempotency-key <key>',
      'execute this write only once, even if the command is run again with the same key',
      idempotencyKey,
    ).conflicts('receipt'),
  proof: () =>
    valued('--proof <file>', 'the file to write a proof of the value to', nonEmpty).conflicts('revision'),
  ttl: () =>
    valued(
      '--ttl <seconds>',
      'seconds after which a holder that no longer responds loses its place',
      wholeNumber(2, 86_400),
    ).default(10),
  listen: () => flag('--listen', 'print the current leader, and each new one'),
  leaseId: () =>
    valued('--id <id>', 'the lease id, in hexadecimal digits; by default the store chooses one', leaseDigits),
  name: () =>
    flag(
      '--name',
      'read the key in the escaped form that list prints: \\xFF for a byte, \\n for a newline, \\\\ for a backslash',
    ),
  revision: (description: string) => valued('--revision <revision>', description, wholeNumber(1)),
  prefix: (description: string) =>
    valued('--prefix <prefix>', description, keyText).conflicts(['from', 'to']),
  from: () =>
    valued('--from <key>', 'the first key of the range; by default the first key of the store', keyText),
  to: () => valued('--to <key>', 'the end of the range, exclusive; by default the end of the store', keyText),
  sort: () =>
    new Option(
      '--sort <fact>',
      'the sort order; mod and create are the revisions of the last change and of the creation',
    )
      .choices(SORT_NAMES)
      .default('key'),
  minMod: () =>
    valued('--min-mod <revision>', 'only keys that were set at this revision or later', wholeNumber(1)),
  maxMod: () =>
    valued('--max-mod <revision>', 'only keys that were set at this revision or earlier', wholeNumber(1)),
  minCreate: () =>
    valued(
      '--min-create <revision>',
      'only keys that were created at this revision or later',
      wholeNumber(1),
    ),
  maxCreate: () =>
    valued(
      '--max-create <revision>',
      'only keys that were created at this revision or earlier',
      wholeNumber(1),
    ),
  descending: () => flag('--descending', 'print in descending order'),
  keysOnly: () =>
    flag('--keys-only', 'with --json: print the keys without their values').conflicts(['values', 'count']),
  count: () =>
    flag('--count', 'print only the number of keys').conflicts([
      'values',
      'cursor',
      'minMod',
      'maxMod',
      'minCreate',
      'maxCreate',
    ]),
  values: () => flag('--values', 'print each value after its key and a tab, in the same escaped form'),
  all: () => flag('--all', 'print all keys, without a limit'),
  everything: () =>
    flag('--all', 'delete every key of the store').conflicts(['prefix', 'from', 'to', 'ifRevision']),
  after: () =>
    valued(
      '--after <revision>',
      'start with the changes after this revision; by default with the next change',
      wholeNumber(),
    ),
  previous: () => flag('--previous', 'also print the value before each change'),
  only: () => new Option('--only <type>', 'print only changes of this type').choices(CHANGE_TYPES),
  cursor: () =>
    valued(
      '--cursor <cursor>',
      'continue after an earlier list with the same options, which printed this cursor',
      nonEmpty,
    ),
} as const

/** Options of attack. */
export const attack = {
  all: () => flag('--all', 'run every attack of the catalogue, one after another'),
  untilFailure: () =>
    flag('--until-failure', 'with --all: stop at the first attack that does not end as expected'),
  markdown: () => flag('--markdown', 'print a Markdown table of the throughput under each attack'),
  world: () =>
    new Option('--in <world>', 'where to run: against real processes, or in the simulator')
      .choices(['processes', 'simulator'])
      .default('processes'),
  traitors: () =>
    valued(
      '--traitors <ids>',
      'the ids of the traitors, for example 0,2; by default the attack chooses them',
      replicaIds,
    ),
  seconds: () =>
    valued(
      '--seconds <s>',
      'seconds of the whole run: before, during and after the attack (default: 12); in the simulator, virtual seconds of the attack alone',
      wholeNumber(1, SECONDS_MAX),
    ),
  load: () =>
    valued(
      '--load <n>',
      'number of operations that correct clients keep in flight; with --in processes only (default: 16)',
      wholeNumber(1, 100_000),
    ),
  figures: () =>
    new Option(
      '--figures <weight>',
      'the weight of throughput, times and spurious view changes in the verdict; advisory ones only warn, for use on a busy machine',
    )
      .choices(FIGURE_WEIGHTS)
      .default('binding'),
  play: () =>
    valued(
      '--play <ids>',
      'play these replicas of the cluster in --dir as adversaries, in the foreground',
      replicaIds,
    ),
  playClient: () =>
    valued('--play-client <names>', 'play the hostile client of the attack', names).hideHelp(),
  onOrder: () => flag('--on-order', 'play what the parent process orders, else be honest').hideHelp(),
  orders: () => flag('--orders', 'wait for the parent process to start and stop the attack').hideHelp(),
} as const

/** Options of simulate, costs, check and verify. */
export const analysis = {
  twins: () =>
    flag(
      '--twins',
      'run twins: f replicas run twice under one key, through all choices of partitions and primaries',
    ),
  scenarios: () => flag('--scenarios', 'run every hand-written plan'),
  untilFailure: () => flag('--until-failure', 'with --seeds or --scenarios: stop after the first failure'),
  only: () =>
    valued('--only <checker>', 'run only this checker; only its violations count as failures', nonEmpty),
  record: () =>
    valued(
      '--record <file>',
      'the file in which the search records its progress and failures, and from which it continues',
      nonEmpty,
    ).default('search.jsonl'),
  minutes: () => valued('--minutes <m>', 'minutes after which no further range of seeds is started', minutes),
  sometimes: () =>
    flag(
      '--sometimes',
      'with --seeds: print the number of seeds that reached each rare situation, rarest first',
    ),
  trace: () => flag('--trace', 'with --seed or --plan: print every step'),
  steps: () =>
    valued(
      '--steps <k>',
      'with --seed or --plan: stop after this many steps, and print where each replica stands',
      wholeNumber(0),
    ),
  playground: () =>
    valued(
      '--playground <file>',
      'with --seed or --plan: write the playground as a page, opened at this run; a failure at its shrunk plan',
      nonEmpty,
    ),
  noShrink: () => flag('--no-shrink', 'do not shrink a failing plan'),
  csv: () => flag('--csv', 'print the rows as comma-separated values'),
  drawnReplicas: () => sizeOption('number of replicas; by default drawn from the seed'),
  sizes: () =>
    valued(
      '--replicas <list>',
      'the cluster sizes, separated by commas: 4, 7, 10 or 13',
      clusterSizes,
    ).default([4, 7, 10], '4,7,10'),
  eitherAuth: () =>
    new Option(
      '--auth <mode>',
      'how the replicas of the store authenticate messages; by default both are counted',
    ).choices(AUTHENTICATION_MODES),
  seeds: () =>
    valued('--seeds <a..b>', 'run every seed of a range on all cores, for example 1..2000', seedRange),
  plan: () => valued('--plan <file>', 'run a saved plan', nonEmpty),
  savePlan: () => valued('--save-plan <file>', 'the file in which the plan of a failure is saved', nonEmpty),
  maxConfigurations: () =>
    valued(
      '--max-configurations <n>',
      'number of configurations after which the search is undecided (default: 3000000)',
      wholeNumber(1),
    ),
  clusterFile: () =>
    valued(
      '--cluster <file>',
      'the cluster file (cluster.json in the cluster directory)',
      nonEmpty,
    ).makeOptionMandatory(),
} as const
