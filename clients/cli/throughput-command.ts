/**
 * The command bench throughput: it measures the operations per second of a cluster of local processes in a new
 * directory.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuthenticationMode } from '../../src/messages/cluster.ts'
import { describeMachine, type Machine } from '../bench/machine.ts'
import type { Measured } from '../bench/measure.ts'
import { startBenchCluster } from './bench-cluster.ts'
import { factsText } from './facts-text.ts'
import type { SuiteFlag } from './options.ts'
import { tableText } from './table.ts'

export interface ThroughputFlags {
  readonly replicas: number
  readonly crypto: SuiteFlag
  readonly auth: AuthenticationMode
  readonly seconds: number
  readonly rounds: number
  readonly clients: number
  readonly concurrency: number
  readonly dir?: string
  readonly json?: true
}

export async function benchThroughput(flags: ThroughputFlags): Promise<void> {
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

async function benchIn(directory: string, flags: ThroughputFlags): Promise<readonly Measured[]> {
  // Loaded here, because no other command needs them.
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
  console.log(`${factsText(result.machine)}\n${factsText(result.setting)}\n`)
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
