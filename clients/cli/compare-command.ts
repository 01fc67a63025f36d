/** The command bench compare: it loads a cluster of each mode in alternation, and compares their throughput. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeMachine } from '../bench/machine.ts'
import { type Measured, measure, type Workload } from '../bench/measure.ts'
import { type Pair, ratiosOf } from '../bench/pairs.ts'
import { type BenchCluster, startBenchCluster } from './bench-cluster.ts'
import { type Compared, comparisonMarkdown, comparisonText } from './compare-report.ts'

const MODES = ['signed', 'oral'] as const
const WARM_UP_SECONDS = 1

export interface CompareFlags {
  readonly replicas: number
  readonly crypto: 'sodium' | 'noble'
  readonly seconds: number
  readonly rounds: number
  readonly clients: number
  readonly concurrency: number
  readonly dir?: string
  readonly json?: true
  readonly markdown?: true
}

/** Both clusters run all the time, and one of them is loaded: the cost of the idle one falls on both alike. */
export async function compareAuth(flags: CompareFlags): Promise<void> {
  const { replicas, crypto: suite, clients, concurrency, seconds, rounds } = flags
  const directory = mkdtempSync(join(flags.dir ?? tmpdir(), 'strategos-compare-'))
  const clusters: BenchCluster[] = []
  try {
    const machine = describeMachine(directory)
    const setting = { n: replicas, suite, seconds, pairs: rounds, concurrency }
    for (const auth of MODES) {
      const own = join(directory, auth)
      clusters.push(await startBenchCluster({ directory: own, replicas, suite, auth, clients }))
    }
    const compared = await compare(await workloadsOf(clusters, concurrency), flags)
    const comparison = { machine, setting, compared }
    if (flags.json) console.log(JSON.stringify(comparison, null, 2))
    else console.log(flags.markdown ? comparisonMarkdown(comparison) : comparisonText(comparison))
  } finally {
    for (const cluster of clusters) await cluster.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** The clients by workload, the same in each cluster. */
async function workloadsOf(
  clusters: readonly BenchCluster[],
  concurrency: number,
): Promise<readonly (readonly Workload[])[]> {
  const { bundleWorkload } = await import('../bench/workloads.ts')
  const of = (name: string, bundle: number, underWay: number): readonly Workload[] =>
    clusters.map(({ connections }) => ({
      ...bundleWorkload(connections, { bundle, concurrency: underWay }),
      name,
    }))
  return [
    of('one request at a time', 1, 1),
    of('bundles of 1', 1, concurrency),
    of('bundles of 64', 64, concurrency),
  ]
}

async function compare(
  workloads: readonly (readonly Workload[])[],
  { seconds, rounds, json }: CompareFlags,
): Promise<readonly Compared[]> {
  const compared: Compared[] = []
  for (const [signed, oral] of workloads) {
    if (signed === undefined || oral === undefined) continue
    const measureOne = (workload: Workload): Promise<Measured> =>
      measure(workload, { warmUpSeconds: WARM_UP_SECONDS, seconds })
    // Just-in-time compilation would make the first measurement of the first pair slower.
    for (const workload of [signed, oral]) await measureOne(workload)
    const pairs: Pair[] = []
    for (let round = 1; round <= rounds; round++) {
      const pair = { first: await measureOne(signed), second: await measureOne(oral) }
      pairs.push(pair)
      const { first, second } = pair
      if (!json) {
        console.error(`${signed.name}, pair ${round}: ${first.opsPerSecond} and ${second.opsPerSecond} op/s`)
      }
    }
    compared.push({
      name: signed.name,
      pairs,
      opsPerSecond: ratiosOf(pairs, ({ opsPerSecond }) => opsPerSecond),
      p50: ratiosOf(pairs, ({ latencyMs }) => latencyMs.p50),
      p99: ratiosOf(pairs, ({ latencyMs }) => latencyMs.p99),
    })
  }
  return compared
}
