/** One measured run: a workload for a while, operations counted, latencies in a histogram. */
import { build, type Histogram } from 'hdr-histogram-js'
import { BenchmarkFailed } from './benchmark-failed.ts'

export interface Measured {
  readonly name: string
  readonly operations: number
  readonly failures: number
  readonly seconds: number
  readonly opsPerSecond: number
  /** The latency of a request: from its sending to its answer. */
  readonly latencyMs: {
    readonly p50: number
    readonly p90: number
    readonly p99: number
    readonly max: number
  }
}

/** Starts one request of `operations` operations; rejects when it failed. */
export interface Workload {
  readonly name: string
  /** Requests kept in flight. */
  readonly concurrency: number
  readonly operationsPerRequest: number
  run(worker: number): Promise<void>
}

const MICROSECONDS_MAX = 60_000_000

/**
 * Keeps `concurrency` requests in flight for the given times; requests that begin in the warm-up do not count. Rejects
 * with `BenchmarkFailed` if nothing was answered during the measurement: a rate of zero would not say why.
 */
export async function measure(
  workload: Workload,
  times: { readonly warmUpSeconds: number; readonly seconds: number },
): Promise<Measured> {
  const histogram: Histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: MICROSECONDS_MAX })
  const begin = performance.now() + times.warmUpSeconds * 1000
  const end = begin + times.seconds * 1000
  let operations = 0
  let failures = 0
  let outside = 0
  let reason = ''
  const work = async (worker: number): Promise<void> => {
    for (;;) {
      const start = performance.now()
      if (start >= end) return
      try {
        await workload.run(worker)
      } catch (error) {
        failures++
        reason = error instanceof Error ? error.message : String(error)
        continue
      }
      const now = performance.now()
      if (start < begin || now > end) {
        outside++
        continue
      }
      operations += workload.operationsPerRequest
      histogram.recordValue(Math.min(MICROSECONDS_MAX, Math.max(1, Math.round((now - start) * 1000))))
    }
  }
  await Promise.all(Array.from({ length: workload.concurrency }, (_, worker) => work(worker)))
  if (operations === 0) {
    const failed = failures === 0 ? '' : ` (the last one: ${reason})`
    throw new BenchmarkFailed(
      `${workload.name}: nothing was answered within the ${times.seconds} s that are measured: ` +
        `${failures} requests failed${failed}, ${outside} were answered before or after. ` +
        'The machine is too busy, or --seconds is too short.',
    )
  }
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1000
  return {
    name: workload.name,
    operations,
    failures,
    seconds: times.seconds,
    opsPerSecond: Math.round(operations / times.seconds),
    latencyMs: { p50: at(50), p90: at(90), p99: at(99), max: histogram.maxValue / 1000 },
  }
}
