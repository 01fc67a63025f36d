/** Measures the service that a load gets from the cluster: throughput, latencies and gaps, for consecutive periods. */
import { build } from 'hdr-histogram-js'

/** A finished operation. Times are those of `performance.now()`. */
export interface Sample {
  readonly beganMs: number
  readonly endedMs: number
  readonly isWrite: boolean
  /** `doubt`: it was sent and got no answer; `never-sent`: it was not executed. */
  readonly end: 'done' | 'doubt' | 'never-sent'
}

export interface Stretch {
  readonly fromMs: number
  readonly toMs: number
}

export interface Figures {
  readonly seconds: number
  /** Operations answered in it. */
  readonly done: number
  /** Operations per second, without the time in which nothing could be answered. */
  readonly opsPerSecond: number
  /** The latency of operations that began in it; 0 if there are none. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** The longest time in it without an acknowledged write. */
  readonly gapMs: number
}

const MICROSECONDS_MAX = 3_600_000_000
/** The width of a point of the timeline. */
export const TIMELINE_STEP_MS = 200

export class LoadMeter {
  readonly #samples: Sample[] = []

  /** Operations that ended without an answer. */
  get doubtful(): number {
    return this.#samples.filter(({ end }) => end === 'doubt').length
  }

  /** Operations that could not be sent. */
  get neverSent(): number {
    return this.#samples.filter(({ end }) => end === 'never-sent').length
  }

  readonly add = (sample: Sample): void => {
    this.#samples.push(sample)
  }

  /** `stopped` are periods in which nothing can be answered; operations per second exclude them. */
  figures({ fromMs, toMs }: Stretch, stopped: readonly Stretch[] = []): Figures {
    const seconds = (toMs - fromMs) / 1000
    const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: MICROSECONDS_MAX })
    const done = this.done({ fromMs, toMs })
    for (const { beganMs, endedMs, end } of this.#samples) {
      if (end !== 'done' || beganMs < fromMs || beganMs >= toMs) continue
      histogram.recordValue(Math.min(MICROSECONDS_MAX, Math.max(1, Math.round((endedMs - beganMs) * 1000))))
    }
    const at = (percentile: number): number =>
      histogram.totalCount === 0 ? 0 : Math.round(histogram.getValueAtPercentile(percentile) / 10) / 100
    return {
      seconds: Math.round(seconds * 1000) / 1000,
      done,
      opsPerSecond: this.#opsPerSecond({ fromMs, toMs }, stopped),
      p50Ms: at(50),
      p99Ms: at(99),
      maxMs: at(100),
      gapMs: Math.round(this.#longestGap(fromMs, toMs)),
    }
  }

  /** The operations answered in a period. */
  done({ fromMs, toMs }: Stretch): number {
    const isIn = ({ endedMs, end }: Sample): boolean => end === 'done' && endedMs >= fromMs && endedMs < toMs
    return this.#samples.filter(isIn).length
  }

  /** Operations answered in each step of `TIMELINE_STEP_MS`, per second. */
  timeline({ fromMs, toMs }: Stretch): readonly number[] {
    const counts = Array.from(
      { length: Math.max(1, Math.floor((toMs - fromMs) / TIMELINE_STEP_MS)) },
      () => 0,
    )
    for (const { endedMs, end } of this.#samples) {
      const step = Math.floor((endedMs - fromMs) / TIMELINE_STEP_MS)
      if (end === 'done' && counts[step] !== undefined) counts[step]++
    }
    return counts.map((count) => Math.round((count * 1000) / TIMELINE_STEP_MS))
  }

  #opsPerSecond(stretch: Stretch, stopped: readonly Stretch[]): number {
    const parts = stopped.map((each) => commonPart(stretch, each))
    const ms = parts.reduce((left, part) => left - lengthMs(part), lengthMs(stretch))
    const done = parts.reduce((left, part) => left - this.done(part), this.done(stretch))
    return ms > 0 ? Math.round((done * 1000) / ms) : 0
  }

  #longestGap(fromMs: number, toMs: number): number {
    let lastMs = fromMs
    let longestMs = 0
    // Samples are in the order of their ends.
    for (const { endedMs, isWrite, end } of this.#samples) {
      if (end !== 'done' || !isWrite || endedMs < fromMs || endedMs >= toMs) continue
      longestMs = Math.max(longestMs, endedMs - lastMs)
      lastMs = endedMs
    }
    return Math.max(longestMs, toMs - lastMs)
  }
}

const lengthMs = ({ fromMs, toMs }: Stretch): number => Math.max(0, toMs - fromMs)

const commonPart = (a: Stretch, b: Stretch): Stretch => ({
  fromMs: Math.max(a.fromMs, b.fromMs),
  toMs: Math.min(a.toMs, b.toMs),
})
