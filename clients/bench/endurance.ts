/**
 * Measures whether a replica's memory and disk stay constant while a fixed set of keys is overwritten. A steady load
 * of bundles runs until a given number of operations is acknowledged; the replicas are measured at equal steps of that
 * number.
 */

import { createRandom } from '../../src/base/random.ts'
import { SEGMENT_BYTES } from '../../src/io/file-log-record.ts'
import type { ClientRuntime, Submitted } from '../../src/runtime/client-runtime.ts'
import { OperationsWriter } from '../../src/store/operations-writer.ts'
import { collectReports } from '../library/cluster-status.ts'
import type { Connection } from '../library/connection.ts'
import { BenchmarkFailed } from './benchmark-failed.ts'
import type { FailoverReplicas } from './failover-replicas.ts'
import { diskTolerance, type Flatness, judgeFlatness, MEMORY_TOLERANCE } from './flatness.ts'
import { type Footprint, largerFootprint, measureFootprint, type ReplicaDirectories } from './footprint.ts'

export const STEPS = 20
/** Operations of a request, as in the throughput benchmark. */
export const BUNDLE = 64
/** Time between two samples of memory and disk, in milliseconds. A step counts the peak since the step before. */
const LOOK_MS = 250
/** A replica that is busy may be late with its report. */
const REPORT_MS = 5_000
/** Time without an acknowledged operation after which the run is aborted, in milliseconds. */
const STALL_MS = 60_000

export interface ReplicaSample extends Footprint {
  readonly id: number
  /** Null if the replica did not answer in time. */
  readonly lastExecuted: number | null
  readonly stable: number | null
  readonly view: number | null
}

export interface EnduranceSample {
  /** Operations acknowledged so far. */
  readonly operations: number
  readonly seconds: number
  /** Footprints are the largest since the step before. */
  readonly replicas: readonly ReplicaSample[]
}

export interface EnduranceResult {
  readonly samples: readonly EnduranceSample[]
  readonly opsPerSecond: number
  /** Requests that were refused and sent again as new ones. */
  readonly refused: number
  readonly memory: Flatness
  readonly log: Flatness
  readonly pages: Flatness
  readonly isFlat: boolean
}

export interface EnduranceOptions {
  readonly directoriesOf: (id: number) => ReplicaDirectories
  readonly connections: readonly Connection[]
  /** The running replicas. */
  readonly replicas: FailoverReplicas
  readonly operations: number
  readonly keys: number
  readonly valueBytes: number
  /** Requests kept in flight. */
  readonly concurrency: number
  /** Bytes of the log after which the replicas store a checkpoint. */
  readonly storeAfterBytes: number
  readonly onSample: (sample: EnduranceSample) => void
  /** Aborts the run, which then rejects. */
  readonly signal: AbortSignal
}

/**
 * Runs the load. Rejects when the signal is aborted, when a replica's process ends, and when nothing is acknowledged
 * for a minute.
 */
export async function measureEndurance(options: EnduranceOptions): Promise<EnduranceResult> {
  const load = startLoad(options)
  const samples: EnduranceSample[] = []
  const startedAt = performance.now()
  try {
    for (let step = 1; step <= STEPS; step++) {
      const peaks = await peaksUntil((options.operations * step) / STEPS, load, options)
      const seconds = (performance.now() - startedAt) / 1000
      const sample = { operations: load.acknowledged, seconds, replicas: await withReports(peaks, options) }
      samples.push(sample)
      options.onSample(sample)
    }
  } finally {
    load.stop()
  }
  const seconds = samples.at(-1)?.seconds ?? 0
  const opsPerSecond = Math.round((samples.at(-1)?.operations ?? 0) / seconds)
  return { ...judge(samples, options.storeAfterBytes), samples, opsPerSecond, refused: load.refused }
}

/** Each figure is the largest among the replicas. */
export function judge(
  samples: readonly EnduranceSample[],
  storeAfterBytes: number,
): Pick<EnduranceResult, 'memory' | 'log' | 'pages' | 'isFlat'> {
  const disk = diskTolerance({ segmentBytes: SEGMENT_BYTES, storeAfterBytes })
  const memory = judgeFlatness(samples.map(largest('memoryBytes')), MEMORY_TOLERANCE)
  const log = judgeFlatness(samples.map(largest('logBytes')), disk)
  const pages = judgeFlatness(samples.map(largest('pageBytes')), disk)
  return { memory, log, pages, isFlat: memory.isFlat && log.isFlat && pages.isFlat }
}

/** The largest figure of all replicas in a sample. */
export const largest =
  (name: keyof Footprint) =>
  ({ replicas }: EnduranceSample): number =>
    Math.max(0, ...replicas.map((replica) => replica[name]))

interface Load {
  readonly acknowledged: number
  readonly refused: number
  readonly lastAt: number
  stop(): void
}

/** Samples the replicas until `operations` are acknowledged, and returns the largest figures of each. */
async function peaksUntil(
  operations: number,
  load: Load,
  { directoriesOf, connections, replicas, signal }: EnduranceOptions,
): Promise<readonly Footprint[]> {
  const look = (): readonly Footprint[] =>
    (connections[0] as Connection).cluster.replicas.map(({ id }) =>
      measureFootprint(directoriesOf(id), replicas.pid(id)),
    )
  let peaks = look()
  while (load.acknowledged < operations) {
    signal.throwIfAborted()
    if (performance.now() - load.lastAt > STALL_MS) {
      throw new BenchmarkFailed(`No operation was acknowledged for ${STALL_MS / 1000} seconds.`)
    }
    await pause(LOOK_MS)
    const now = look()
    peaks = peaks.map((peak, id) => largerFootprint(peak, now[id] as Footprint))
  }
  return peaks
}

async function withReports(
  footprints: readonly Footprint[],
  { connections }: EnduranceOptions,
): Promise<readonly ReplicaSample[]> {
  const connection = connections[0] as Connection
  const reports = await collectReports(connection, REPORT_MS)
  return connection.cluster.replicas.map(({ id }) => {
    const report = reports.get(id)
    return {
      id,
      ...(footprints[id] as Footprint),
      lastExecuted: report?.lastExecuted ?? null,
      stable: report?.lowWatermark ?? null,
      view: report?.view ?? null,
    }
  })
}

/** Keeps `concurrency` requests in flight until `operations` are acknowledged, or until it is stopped. */
function startLoad({ connections, operations, keys, valueBytes, concurrency }: EnduranceOptions): Load {
  const bodies = makeBodies(keys, valueBytes)
  const load = { acknowledged: 0, refused: 0, lastAt: performance.now(), stop: () => stop() }
  const timers = new Set<NodeJS.Timeout>()
  let next = 0
  let isOver = false
  const stop = (): void => {
    isOver = true
    for (const timer of timers) clearTimeout(timer)
  }
  const finish = (submitted: Submitted, runtime: ClientRuntime): void => {
    if (submitted.kind === 'answered') {
      load.acknowledged += BUNDLE
      load.lastAt = performance.now()
    } else load.refused++
    submit(runtime)
  }
  const submit = (runtime: ClientRuntime): void => {
    if (isOver || load.acknowledged >= operations) return
    if (runtime.room > 0) {
      const body = bodies[next++ % bodies.length] as Uint8Array
      return runtime.submit(body, (submitted) => finish(submitted, runtime))
    }
    // The window is full and its oldest request is late: wait, as any client would.
    const timer = setTimeout(() => {
      timers.delete(timer)
      submit(runtime)
    }, 1)
    timers.add(timer)
  }
  for (let slot = 0; slot < concurrency; slot++) {
    submit((connections[slot % connections.length] as Connection).runtime)
  }
  return load
}

/** Bundles that together put every key at least once, in a shuffled order. */
function makeBodies(keys: number, valueBytes: number): readonly Uint8Array[] {
  const order = createRandom(1).shuffle(Array.from({ length: keys }, (_, index) => index))
  const writer = new OperationsWriter()
  const value = new Uint8Array(valueBytes).fill(0x76)
  return Array.from({ length: Math.ceil(keys / BUNDLE) }, (_, body) => {
    writer.reset()
    for (let index = 0; index < BUNDLE; index++) {
      writer.add({ kind: 'put', key: Buffer.from(`key-${order[(body * BUNDLE + index) % keys]}`), value })
    }
    return writer.finish()
  })
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
