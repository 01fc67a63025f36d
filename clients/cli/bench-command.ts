/** bench: a cluster of local processes in a directory of its own, measured and removed. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import type { AuthenticationMode } from '../../src/messages/cluster.ts'
import { describeMachine, factsLine, type Machine } from '../bench/machine.ts'
import type { Measured } from '../bench/measure.ts'
import { startBenchCluster } from './bench-cluster.ts'
import { type CompareFlags, compareAuth } from './compare-command.ts'
import { benchEndurance, type EnduranceFlags, STEADY_CONCURRENCY } from './endurance-command.ts'
import { benchFailover, type FailoverFlags } from './failover-command.ts'
import { authOption, storeAfterOption, wholeNumber } from './options.ts'
import { tableText } from './table.ts'

interface Flags {
  readonly replicas: number
  readonly crypto: 'sodium' | 'noble'
  readonly auth: AuthenticationMode
  readonly seconds: number
  readonly rounds: number
  readonly clients: number
  readonly concurrency: number
  readonly dir?: string
  readonly json?: true
}

type AllFlags = Flags &
  FailoverFlags &
  EnduranceFlags &
  CompareFlags & { failover?: true; endurance?: true; compare?: 'auth' }

export function addBenchCommand(program: Command): void {
  program
    .command('bench')
    .description('measure a cluster of local processes: bundles of 1 and of 64 operations, and HTTP')
    .option('--replicas <n>', 'how many replicas', wholeNumber, 4)
    .option('--crypto <suite>', 'sodium or noble', 'sodium')
    .addOption(authOption())
    .option('--seconds <s>', 'of each measurement, after a second of warm-up', wholeNumber, 5)
    .option('--rounds <r>', 'how often each is measured, in turn; the median is told', wholeNumber, 3)
    .option('--clients <c>', 'sessions of the load generator', wholeNumber, 4)
    .option('--concurrency <r>', 'requests kept under way; with --endurance 32', wholeNumber, 128)
    .addOption(
      new Option(
        '--compare <what>',
        'measure instead both modes of authentication in turn, --rounds pairs of them',
      ).choices(['auth']),
    )
    .option('--failover', 'measure instead how long writes stop when the primary is killed')
    .option('--runs <runs>', 'with --failover: how often it is killed', wholeNumber, 20)
    .option('--endurance', 'measure instead whether memory and disk stay flat under a long load')
    .option('--operations <count>', 'with --endurance: how many puts', wholeNumber, 1_000_000)
    .option('--keys <count>', 'with --endurance: how many keys they go to', wholeNumber, 10_000)
    .option('--value-bytes <bytes>', 'with --endurance: of each put', wholeNumber, 100)
    .addOption(storeAfterOption())
    .option('--dir <directory>', 'where to make the directory of the cluster; its disk is measured too')
    .option('--json', 'print the result as JSON')
    .option('--markdown', 'with --compare: print a table for a text')
    .action((flags: AllFlags, command: Command) => {
      if (flags.compare === 'auth') return compareAuth(flags)
      if (flags.failover) return benchFailover(flags)
      if (!flags.endurance) return bench(flags)
      const isAsked = command.getOptionValueSource('concurrency') !== 'default'
      return benchEndurance({ ...flags, concurrency: isAsked ? flags.concurrency : STEADY_CONCURRENCY })
    })
}

async function bench(flags: Flags): Promise<void> {
  const directory = mkdtempSync(join(flags.dir ?? tmpdir(), 'strategos-bench-'))
  try {
    const { KEYS, VALUE_BYTES } = await import('../bench/workloads.ts')
    const machine = describeMachine(directory)
    const results = await benchIn(directory, flags)
    const setting = {
      n: flags.replicas,
      auth: flags.auth,
      suite: flags.crypto,
      keys: KEYS,
      valueBytes: VALUE_BYTES,
    }
    if (flags.json) console.log(JSON.stringify({ machine, setting, results }, null, 2))
    else printTable({ machine, setting, results })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function benchIn(directory: string, flags: Flags): Promise<readonly Measured[]> {
  // Loaded here, for no other command needs them.
  const { measure } = await import('../bench/measure.ts')
  const { bundleWorkload, httpWorkload } = await import('../bench/workloads.ts')
  const { replicas, crypto: suite, auth, clients, concurrency, seconds } = flags
  const cluster = await startBenchCluster({ directory, replicas, suite, auth, clients })
  const { connections } = cluster
  const http = httpWorkload(cluster.gatewayUrl, 64)
  try {
    const workloads = [
      bundleWorkload(connections, { bundle: 1, concurrency }),
      bundleWorkload(connections, { bundle: 64, concurrency }),
      http,
    ]
    const rounds: Measured[][] = workloads.map(() => [])
    for (let round = 0; round < flags.rounds; round++) {
      for (const [index, workload] of workloads.entries()) {
        const measured = await measure(workload, { warmUpSeconds: 1, seconds })
        rounds[index]?.push(measured)
        if (!flags.json) console.error(`round ${round + 1}: ${measured.name}: ${measured.opsPerSecond} op/s`)
      }
    }
    return rounds.map(medianOf)
  } finally {
    await http.close()
    await cluster.close()
  }
}

/** The round with the median throughput. */
function medianOf(rounds: readonly Measured[]): Measured {
  const sorted = [...rounds].sort((a, b) => a.opsPerSecond - b.opsPerSecond)
  return sorted[Math.floor(sorted.length / 2)] as Measured
}

function printTable(result: {
  readonly machine: Machine
  readonly setting: Record<string, unknown>
  readonly results: readonly Measured[]
}): void {
  console.log(`${factsLine(result.machine)}\n${factsLine(result.setting)}\n`)
  const rows = result.results.map(({ name, opsPerSecond, latencyMs, failures }) => [
    name,
    `${opsPerSecond}`,
    latencyMs.p50.toFixed(2),
    latencyMs.p90.toFixed(2),
    latencyMs.p99.toFixed(2),
    latencyMs.max.toFixed(1),
    `${failures}`,
  ])
  console.log(tableText([['', 'op/s', 'p50 ms', 'p90 ms', 'p99 ms', 'max ms', 'failed'], ...rows]))
}
