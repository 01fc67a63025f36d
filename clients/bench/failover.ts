/**
 * The time for which writes stop when the primary's process is killed. Under a steady load, a run kills the primary,
 * measures the longest time without an acknowledged write, and restarts the replica; the next run begins when all
 * replicas have caught up. The figure is what clients see: their retransmission, the view change and the first batch
 * after it.
 */
import { createRandom } from '../../src/base/random.ts'
import type { ClusterStatus } from '../api/status.ts'
import { collectReports, statusOf } from '../library/cluster-status.ts'
import { OperationFailure, StoreClient } from '../library/store-client.ts'
import { BenchmarkFailed } from './benchmark-failed.ts'
import { GapMeter } from './failover-gap.ts'
import type { FailoverReplicas } from './failover-replicas.ts'
import { medianOf } from './pairs.ts'

/** The bounds that the benchmark checks, in milliseconds. */
export const MEDIAN_MS_MAX = 500
export const WORST_MS_MAX = 2_000

/** Writes that each client keeps in flight. */
const CONCURRENCY = 8
const KEYS = 1_000
const VALUE_BYTES = 100
/**
 * The pause of a writer after each write, in milliseconds. It keeps the load steady and leaves the replicas time to
 * start.
 */
const PAUSE_MS = 5
/** The time that the load runs before the primary is killed, in milliseconds. */
const BEFORE_MS = 500
/** Writes have resumed when one was acknowledged this long after the kill, and one recently. Milliseconds. */
const AFTER_MS = 1_500
const LATELY_MS = 100
/** The time without a write after which the replica is restarted and the run has failed, in milliseconds. */
const GIVE_UP_MS = 20_000
/** The time that a writer waits for an answer before it sends another write, in milliseconds. */
const UNKNOWN_MS = 5_000
/** The time within which all replicas must catch up, in milliseconds. */
const LEVEL_MS_MAX = 60_000
/**
 * Sequence numbers by which a replica may lag and still count as caught up: batches are in flight while the reports
 * travel.
 */
const LEVEL_SLACK = 64
const REPORT_MS = 500
const POLL_MS = 20

export interface FailoverRun {
  readonly run: number
  /** The replica that was killed. */
  readonly primary: number
  /** The longest time without an acknowledged write, in milliseconds. */
  readonly gapMs: number
  /** True if writes resumed while the replica was down. */
  readonly wentOn: boolean
  /** From its start until the replica votes and has caught up, in milliseconds. */
  readonly levelMs: number
}

export interface FailoverResult {
  readonly runs: readonly FailoverRun[]
  readonly medianMs: number
  readonly worstMs: number
  readonly held: boolean
}

export async function measureFailover(options: {
  readonly directory: string
  /** Clients of the cluster; the first one also asks for status. */
  readonly clients: readonly string[]
  /** The running replicas. */
  readonly replicas: FailoverReplicas
  readonly runs: number
  readonly onRun: (run: FailoverRun) => void
}): Promise<FailoverResult> {
  const clients: StoreClient[] = []
  const load = { gap: new GapMeter(performance.now()), isOver: false }
  const writers: Promise<void>[] = []
  const runs: FailoverRun[] = []
  try {
    for (const name of options.clients) {
      const { directory } = options
      clients.push(await StoreClient.open({ directory, name, timeoutMs: UNKNOWN_MS }))
    }
    for (const [index, client] of clients.entries()) {
      for (let writer = 0; writer < CONCURRENCY; writer++) {
        writers.push(write(client, load, index * CONCURRENCY + writer))
      }
    }
    const observer = clients[0] as StoreClient
    await level(observer)
    for (let run = 1; run <= options.runs; run++) {
      const measured = await failOver(run, observer, load.gap, options.replicas)
      runs.push(measured)
      options.onRun(measured)
    }
  } finally {
    load.isOver = true
    await Promise.all(writers)
    for (const client of clients) await client.close()
  }
  return summarize(runs)
}

export function summarize(runs: readonly FailoverRun[]): FailoverResult {
  const gaps = runs.map(({ gapMs }) => gapMs)
  const medianMs = gaps.length === 0 ? 0 : medianOf(gaps)
  const worstMs = Math.max(0, ...gaps)
  const wentOn = runs.length > 0 && runs.every((run) => run.wentOn)
  return { runs, medianMs, worstMs, held: wentOn && medianMs <= MEDIAN_MS_MAX && worstMs <= WORST_MS_MAX }
}

async function failOver(
  run: number,
  observer: StoreClient,
  gap: GapMeter,
  replicas: FailoverReplicas,
): Promise<FailoverRun> {
  await pause(BEFORE_MS)
  const { primary } = await statusNow(observer)
  gap.reset(performance.now())
  const killedAt = performance.now()
  await replicas.kill(primary)
  let wentOn = false
  while (!wentOn && performance.now() - killedAt < GIVE_UP_MS) {
    await pause(POLL_MS)
    const { ms, afterMs } = gap.longest(performance.now())
    const isOpen = afterMs + ms >= performance.now() - killedAt - LATELY_MS
    wentOn = performance.now() - killedAt > AFTER_MS && gap.acknowledged > 0 && !isOpen
  }
  const gapMs = gap.longest(performance.now()).ms
  const startedAt = performance.now()
  await replicas.start(primary)
  await level(observer)
  return { run, primary, gapMs, wentOn, levelMs: performance.now() - startedAt }
}

/** Waits until every replica votes and none lags. */
async function level(observer: StoreClient): Promise<void> {
  const end = performance.now() + LEVEL_MS_MAX
  for (;;) {
    const { replicas } = await statusNow(observer)
    const executed = replicas.map(({ lastExecuted }) => lastExecuted ?? -1)
    const isVoting = replicas.every(({ state }) => state === 'voting')
    if (isVoting && Math.max(...executed) - Math.min(...executed) <= LEVEL_SLACK) return
    if (performance.now() > end) {
      throw new BenchmarkFailed(
        `Not all replicas caught up within ${LEVEL_MS_MAX / 1000} s: they executed ${executed.join(', ')}.`,
      )
    }
    await pause(POLL_MS)
  }
}

async function statusNow({ connection }: StoreClient): Promise<ClusterStatus> {
  return statusOf(connection.cluster, await collectReports(connection, REPORT_MS), Date.now())
}

/** Puts one value after another until the load ends. */
async function write(
  client: StoreClient,
  load: { readonly gap: GapMeter; readonly isOver: boolean },
  seed: number,
): Promise<void> {
  const random = createRandom(seed)
  const value = new Uint8Array(VALUE_BYTES).fill(0x76)
  while (!load.isOver) {
    try {
      await client.execute({ kind: 'put', key: Buffer.from(`key-${random.below(KEYS)}`), value })
      load.gap.acknowledge(performance.now())
    } catch (error) {
      if (!(error instanceof OperationFailure)) throw error
    }
    await pause(PAUSE_MS)
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
