/** True if a figure stays where it is: its peak in the last quarter of a run against its peak in the second. */
const MIB = 1024 * 1024

export interface Tolerance {
  /** Of the earlier peak: 0.15 is 15%. */
  readonly share: number
  /** Beside the share. */
  readonly bytes: number
}

/** Of resident memory: the collector lets go of garbage when it likes. */
export const MEMORY_TOLERANCE: Tolerance = { share: 0.15, bytes: 20 * MIB }
export const DISK_TOLERANCE_SHARE = 0.15

/**
 * Of the log and of the page store. The log goes down by whole segments, and only once it has grown by what makes a
 * replica store a checkpoint: two segments and that much may come and go.
 */
export function diskTolerance(options: {
  readonly segmentBytes: number
  readonly storeAfterBytes: number
}): Tolerance {
  return { share: DISK_TOLERANCE_SHARE, bytes: 2 * options.segmentBytes + options.storeAfterBytes }
}

export interface Flatness {
  /** The peak of the second quarter, after the first as warm-up. Bytes. */
  readonly before: number
  /** The peak of the last quarter. Bytes. */
  readonly after: number
  /** The most that `after` may be. Bytes. */
  readonly most: number
  readonly isFlat: boolean
}

/** `peaks` are bytes at equal steps; fewer than four say nothing, and are not flat. */
export function judgeFlatness(peaks: readonly number[], tolerance: Tolerance): Flatness {
  const quarter = Math.floor(peaks.length / 4)
  const before = Math.max(0, ...peaks.slice(quarter, 2 * quarter))
  const after = Math.max(0, ...peaks.slice(peaks.length - quarter))
  const most = before * (1 + tolerance.share) + tolerance.bytes
  return { before, after, most, isFlat: quarter > 0 && after <= most }
}

const BARS = '▁▂▃▄▅▆▇█'

/** A figure's course on one line, from 0 to its largest value. */
export function sparkline(values: readonly number[]): string {
  const largest = Math.max(1, ...values)
  const bar = (value: number): string =>
    BARS[Math.max(0, Math.ceil((value / largest) * BARS.length) - 1)] as string
  return values.map(bar).join('')
}
