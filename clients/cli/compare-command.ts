/** bench --compare auth: one cluster of each mode, loaded in turn, and what one gives for one of the other. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OperatorError } from '../../src/base/operator-error.ts'
import { describeMachine, factsLine, type Machine } from '../bench/machine.ts'
import { type Measured, measure, type Workload } from '../bench/measure.ts'
import { type Pair, type Ratios, ratiosOf } from '../bench/pairs.ts'
import { type BenchCluster, startBenchCluster } from './bench-cluster.ts'
import { tableText } from './table.ts'

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
}

/** Pairs of one workload: the first of each is signed, the second oral. */
interface Compared {
  readonly name: string
  readonly pairs: readonly Pair[]
  readonly opsPerSecond: Ratios
  readonly p50: Ratios
  readonly p99: Ratios
}

/** Both clusters run all the time and one of them is loaded: what the idle one takes, it takes from both alike. */
export async function compareAuth(flags: CompareFlags): Promise<void> {
  const { replicas, crypto: suite, clients, concurrency, seconds, rounds, json } = flags
  if (Math.min(clients, concurrency, seconds, rounds) === 0) {
    throw new OperatorError('--clients, --concurrency, --seconds and --rounds must be at least 1.')
  }
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
    if (json) console.log(JSON.stringify({ machine, setting, compared }, null, 2))
    else tell({ machine, setting, compared })
  } finally {
    for (const cluster of clusters) await cluster.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** By workload, the same in each cluster. */
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
    // What is compiled on the way would make the first of the first pair the slower one.
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

const HEADINGS = [
  '',
  'signed op/s',
  'oral op/s',
  'ratio',
  'signed p50 ms',
  'oral p50 ms',
  'ratio',
  'p99 ratio',
]

function tell(result: {
  readonly machine: Machine
  readonly setting: Record<string, unknown>
  readonly compared: readonly Compared[]
}): void {
  console.log(`${factsLine(result.machine)}\n${factsLine(result.setting)}\n`)
  const rows = result.compared.flatMap(({ name, pairs, opsPerSecond, p50, p99 }) =>
    pairs.map(({ first, second }, index) => [
      `${name}, pair ${index + 1}`,
      `${first.opsPerSecond}`,
      `${second.opsPerSecond}`,
      ratio(opsPerSecond.each[index]),
      first.latencyMs.p50.toFixed(2),
      second.latencyMs.p50.toFixed(2),
      ratio(p50.each[index]),
      ratio(p99.each[index]),
    ]),
  )
  console.log(`${tableText([HEADINGS, ...rows])}\n`)
  for (const { name, opsPerSecond, p50, p99 } of result.compared) {
    const told = { throughput: opsPerSecond, p50, p99 }
    const parts = Object.entries(told).map(([what, ratios]) => `${what} ${ratioText(ratios)}`)
    console.log(`${name}, oral for 1 of signed: ${parts.join(', ')}`)
  }
}

const ratio = (value = Number.NaN): string => value.toFixed(2)
const ratioText = ({ median, least, most }: Ratios): string =>
  `${ratio(median)} (${ratio(least)} to ${ratio(most)})`
