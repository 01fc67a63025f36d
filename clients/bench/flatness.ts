/**
 * Decides whether a figure stays constant: it compares the peak in the last quarter of a run with the peak in the
 * second quarter.
 */
const MIB = 1024 * 1024

export interface Tolerance {
  /** The allowed growth, as a share of the earlier peak: 0.15 is 15%. */
  readonly share: number
  /** The growth that is allowed in addition to the share. */
  readonly bytes: number
}

/** The allowance for resident memory: the garbage collector frees memory when it likes. */
export const MEMORY_TOLERANCE: Tolerance = { share: 0.15, bytes: 20 * MIB }
export const DISK_TOLERANCE_SHARE = 0.15

/**
 * The allowance for the log and the page store. The log shrinks by whole segments, and only after it has grown enough
 * for a stored checkpoint: two segments and that growth may come and go.
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
  /** The limit of `after`. Bytes. */
  readonly most: number
  readonly isFlat: boolean
}

/** Judges peaks in bytes at equal steps. Fewer than four show nothing, and do not count as flat. */
export function judgeFlatness(peaks: readonly number[], tolerance: Tolerance): Flatness {
  const quarter = Math.floor(peaks.length / 4)
  const before = Math.max(0, ...peaks.slice(quarter, 2 * quarter))
  const after = Math.max(0, ...peaks.slice(peaks.length - quarter))
  const most = before * (1 + tolerance.share) + tolerance.bytes
  return { before, after, most, isFlat: quarter > 0 && after <= most }
}

const BARS = '▁▂▃▄▅▆▇█'

/** A sparkline of a figure, from 0 to its largest value. */
export function sparkline(values: readonly number[]): string {
  const largest = Math.max(1, ...values)
  const bar = (value: number): string =>
    BARS[Math.max(0, Math.ceil((value / largest) * BARS.length) - 1)] as string
  return values.map(bar).join('')
}
