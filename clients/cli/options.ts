/**
 * Every option of the command line, declared once: its unit, its choices, its default and the check of its value. A
 * closed set of values is commander's `choices`, so that the help and the error list them.
 */
import { Option } from 'commander'
import { FIGURE_WEIGHTS } from '../../attacks/run/run-facts.ts'
import { DEFAULT_BASE_PORT } from '../../replicas/defaults.ts'
import { AUTHENTICATION_MODES, READ_MODES } from '../../src/messages/cluster.ts'
import type { SortTarget } from '../../src/store/range.ts'
import { DEFAULT_GATEWAY_PORT, DEFAULT_TIMEOUT_MS } from '../gateway/defaults.ts'
import {
  CLUSTER_SIZES,
  clientKeyFiles,
  clusterSize,
  clusterSizes,
  gatewayUrl,
  keyText,
  leaseDigits,
  loopbackHost,
  minutes,
  names,
  nonEmpty,
  port,
  replicaAddress,
  replicaIds,
  seedRange,
  wholeNumber,
} from './option-values.ts'

/** The longest time that a timer of Node can wait for. */
const TIMER_MS_MAX = 2_147_483_647
const SECONDS_MAX = 86_400
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

const flag = (flags: string, description: string): Option => new Option(flags, description)

const valued = (flags: string, description: string, read: (text: string) => unknown): Option =>
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
    new Option('--auth <mode>', 'how replicas authenticate messages: signatures, or a MAC per receiver')
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
  /** Not in the help: tests and benchmarks want the log trimmed sooner than after 64 MiB. */
  storeAfter: () =>
    valued(
      '--store-after-mib <mib>',
      'growth of the log in MiB after which a checkpoint is stored',
      wholeNumber(0, 1_000_000),
    ).hideHelp(),
} as const

/** Options of init, keygen, address, replica, gateway and up. */
export const cluster = {
  requests: () =>
    new Option(
      '--requests <mode>',
      "how clients authenticate requests: oral is the paper's, and needs --auth oral",
    )
      .choices(AUTHENTICATION_MODES)
      .default('signed'),
  reads: () =>
    new Option(
      '--reads <mode>',
      'how reads are executed: unordered answers them at once from 2f + 1 equal replicas, and lets a write wait for as many',
    )
      .choices(READ_MODES)
      .default('ordered'),
  hosts: () =>
    valued(
      '--hosts <hosts>',
      'one host or host:port for each replica, separated by commas: DNS names or IP addresses',
      names,
    ),
  basePort: (description: string) => valued('--base-port <port>', description, port),
  defaultBasePort: () =>
    cluster.basePort('replica i listens on port + i; 0: free ports').default(DEFAULT_BASE_PORT),
  publicKeys: () =>
    valued(
      '--public-keys <files>',
      "the replicas' public keys as keygen printed them, separated by commas",
      names,
    ),
  clients: () =>
    valued(
      '--clients <names>',
      'the client keys to make, separated by commas; each gateway needs one of its own (default: gateway,operator)',
      names,
    ),
  id: () => valued('--id <i>', 'the id of the replica, from 0', wholeNumber(0, 99)).makeOptionMandatory(),
  ownerId: () => valued('--id <i>', 'the id of the replica, from 0', wholeNumber(0, 99)),
  ownerClient: () => valued('--client <name>', 'the name of the client', nonEmpty),
  show: () => flag('--show', 'print the public keys of keys that exist'),
  clientKeys: () =>
    valued(
      '--client-keys <names>',
      'public keys of clients as keygen printed them: name=file, separated by commas',
      clientKeyFiles,
    ),
  metrics: () =>
    valued('--metrics <host:port>', 'serve /metrics for Prometheus at this address', replicaAddress),
  movedId: () => valued('--id <i>', 'the id of the replica that moves, from 0', wholeNumber(0, 99)),
  at: () => valued('--at <host:port>', 'the address that it moves to', replicaAddress),
  gatewayPort: (description: string) =>
    valued('--port <port>', `${description}; 0: a free port`, port).default(DEFAULT_GATEWAY_PORT),
  host: () =>
    new Option('--host <host>', 'the loopback address to listen on')
      .choices(loopbackHost.choices)
      .argParser(loopbackHost)
      .default('127.0.0.1'),
  timeout: () =>
    valued(
      '--timeout <ms>',
      'milliseconds to wait for an answer; after that its outcome is unknown',
      wholeNumber(1, TIMER_MS_MAX),
    ).default(DEFAULT_TIMEOUT_MS),
  client: () => valued('--client <name>', 'the name of the client key to use', nonEmpty).default('gateway'),
} as const

/** Options of put, get, del, list, watch, compact and status. */
export const store = {
  url: () =>
    valued('--url <url>', 'the address of the gateway; by default that of the cluster directory', gatewayUrl),
  ifRevision: (description: string) =>
    valued('--if-revision <revision>', description, wholeNumber()).conflicts(['prefix', 'from', 'to']),
  limit: () => valued('--limit <keys>', 'the most keys to print', wholeNumber()).default(100),
  lease: () => valued('--lease <id>', 'delete the key when this lease ends', leaseDigits),
  ttl: () =>
    valued(
      '--ttl <seconds>',
      'the seconds after which a holder that is gone loses its place',
      wholeNumber(2, 86_400),
    ).default(10),
  listen: () => flag('--listen', 'print who leads, now and whenever it changes'),
  leaseId: () => valued('--id <id>', 'the id of the lease; without it the store chooses one', leaseDigits),
  name: () =>
    flag('--name', 'take the key as answers and list write it: \\xFF for a byte, \\n, \\\\ for a backslash'),
  revision: (description: string) => valued('--revision <revision>', description, wholeNumber(1)),
  prefix: (description: string) =>
    valued('--prefix <prefix>', description, keyText).conflicts(['from', 'to']),
  from: () =>
    valued('--from <key>', 'the first key of the range; without it, the least key there is', keyText),
  to: () => valued('--to <key>', 'the key that ends the range and is not in it; without it, none', keyText),
  sort: () =>
    new Option('--sort <fact>', 'what the keys are sorted by; mod and create are revisions')
      .choices(SORT_NAMES)
      .default('key'),
  descending: () => flag('--descending', 'print the last first'),
  keysOnly: () => flag('--keys-only', 'with --json: leave the values out').conflicts(['values', 'count']),
  count: () => flag('--count', 'print the number of keys only').conflicts(['values', 'cursor']),
  values: () => flag('--values', 'print the values too, behind a tab, written as keys are'),
  all: () => flag('--all', 'print all of them'),
  everything: () =>
    flag('--all', 'delete every key of the store').conflicts(['prefix', 'from', 'to', 'ifRevision']),
  after: () =>
    valued(
      '--after <revision>',
      'begin with the changes after this revision; without it, with those to come',
      wholeNumber(),
    ),
  previous: () => flag('--previous', 'print the value before each change too'),
  only: () => new Option('--only <type>', 'print only puts, or only deletions').choices(CHANGE_TYPES),
  cursor: () =>
    valued('--cursor <cursor>', 'continue where an earlier list with the same options ended', nonEmpty),
} as const

/** Options of attack. */
export const attack = {
  all: () => flag('--all', 'run every attack of the catalogue, one after another'),
  untilFailure: () => flag('--until-failure', 'with --all: stop at the first attack that does not hold'),
  markdown: () => flag('--markdown', 'print a Markdown table of the throughput under each attack'),
  world: () =>
    new Option('--in <world>', 'the world to run in')
      .choices(['processes', 'simulator'])
      .default('processes'),
  traitors: () =>
    valued(
      '--traitors <ids>',
      'the traitors, for example 0,2; by default the attack chooses them',
      replicaIds,
    ),
  seconds: () =>
    valued(
      '--seconds <s>',
      'seconds before, during and after the attack together (default: 12); in the simulator, virtual seconds of the attack alone',
      wholeNumber(1, SECONDS_MAX),
    ),
  load: () =>
    valued(
      '--load <n>',
      'operations that correct clients keep in flight; on processes only (default: 16)',
      wholeNumber(1, 100_000),
    ),
  figures: () =>
    new Option(
      '--figures <weight>',
      'whether throughput, times and spurious view changes count; on a busy machine make them advisory: then they only warn',
    )
      .choices(FIGURE_WEIGHTS)
      .default('binding'),
  play: () =>
    valued(
      '--play <ids>',
      'play these replicas of the cluster in --dir as adversaries, in the foreground',
      replicaIds,
    ),
  playClient: () => valued('--play-client <names>', 'be its hostile client', names).hideHelp(),
  orders: () => flag('--orders', 'attack when the parent process says so').hideHelp(),
} as const

/** Options of the benchmarks. */
export const bench = {
  markdown: () => flag('--markdown', 'print a Markdown table'),
  seconds: () =>
    valued(
      '--seconds <s>',
      'seconds of each measurement, after one second of warm-up',
      wholeNumber(1, SECONDS_MAX),
    ).default(5),
  rounds: (description: string) => valued('--rounds <r>', description, wholeNumber(1, 10_000)).default(3),
  clients: () => valued('--clients <c>', 'sessions of the load generator', wholeNumber(1, 256)).default(4),
  concurrency: (requests: number) =>
    valued('--concurrency <r>', 'requests kept in flight', wholeNumber(1, 100_000)).default(requests),
  runs: () =>
    valued('--runs <runs>', 'number of times that the primary is killed', wholeNumber(1, 100_000)).default(
      20,
    ),
  operations: () => valued('--operations <count>', 'number of puts', wholeNumber(1)).default(1_000_000),
  keys: () =>
    valued('--keys <count>', 'number of keys that the puts go to', wholeNumber(1, 100_000_000)).default(
      10_000,
    ),
  valueBytes: () =>
    valued('--value-bytes <bytes>', 'bytes of each value', wholeNumber(0, 30_000)).default(100),
  directory: () =>
    valued(
      '--dir <directory>',
      'the directory to make the cluster directory in; its disk is measured too',
      nonEmpty,
    ),
} as const

/** Options of simulate, costs, check and verify. */
export const analysis = {
  twins: () => flag('--twins', 'run f replicas twice under one key, over partitions and primaries'),
  scenarios: () => flag('--scenarios', 'run every plan that was written by hand'),
  untilFailure: () =>
    flag('--until-failure', 'with --seeds or --scenarios: start no run after the first failure'),
  only: () =>
    valued('--only <checker>', 'watch this checker only; nothing but what it says is a failure', nonEmpty),
  record: () =>
    valued(
      '--record <file>',
      'the file that effort and failures are appended to, and that the search continues from',
      nonEmpty,
    ).default('search.jsonl'),
  minutes: () => valued('--minutes <m>', 'start no range of seeds after this many minutes', minutes),
  sometimes: () =>
    flag('--sometimes', 'with --seeds: print how many seeds reached each rare situation, the rarest first'),
  trace: () => flag('--trace', 'with --seed or --plan: print every step'),
  noShrink: () => flag('--no-shrink', 'do not shrink a failing plan'),
  csv: () => flag('--csv', 'print the rows as comma-separated values'),
  drawnReplicas: () => sizeOption('number of replicas; by default drawn from the seed'),
  sizes: () =>
    valued('--replicas <list>', 'cluster sizes, separated by commas: 4, 7, 10 or 13', clusterSizes).default(
      [4, 7, 10],
      '4,7,10',
    ),
  eitherAuth: () =>
    new Option(
      '--auth <mode>',
      'how the replicas of the store authenticate messages; by default both ways',
    ).choices(AUTHENTICATION_MODES),
  seeds: () =>
    valued('--seeds <a..b>', 'run every seed of a range, for example 1..2000, on all cores', seedRange),
  plan: () => valued('--plan <file>', 'run a saved plan', nonEmpty),
  savePlan: () => valued('--save-plan <file>', 'the file to write the plan of a failure to', nonEmpty),
  maxConfigurations: () =>
    valued(
      '--max-configurations <n>',
      'number of configurations after which the search gives up (default: 3000000)',
      wholeNumber(1),
    ),
  clusterFile: () =>
    valued('--cluster <file>', 'the cluster file, cluster.json', nonEmpty).makeOptionMandatory(),
} as const

/** Options of classics. */
export const classics = {
  processes: () =>
    valued('--n <n>', 'number of processes; by default that of the algorithm', wholeNumber(1, 100)),
  faults: () =>
    valued(
      '--faults <f>',
      'number of faults that may happen; by default that of the algorithm',
      wholeNumber(0, 99),
    ),
  explore: () =>
    flag('--explore', 'walk all runs within small bounds, and print how many there are').conflicts([
      'break',
      'n',
      'faults',
      'seed',
    ]),
  break: () =>
    flag('--break', 'run it outside its bound, and print the property that is violated').conflicts([
      'n',
      'faults',
      'seed',
    ]),
} as const
