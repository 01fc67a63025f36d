/** Virtual time: the queue of future events, and the clocks of the simulated nodes. */
import { assert } from '../../base/assert.ts'
import { type Milliseconds, toMilliseconds } from '../../base/ids.ts'
import type { Clock } from '../../ports.ts'

/** The time on an exact clock at virtual time 0: milliseconds since 1970. */
export const EPOCH_MS = 1_700_000_000_000

interface Entry {
  readonly time: number
  /** The order of insertion, in which entries of equal times run. */
  readonly order: number
  readonly run: () => void
}

/** A binary heap of entries. Time is counted in virtual milliseconds and may be fractional. */
export class VirtualTime {
  readonly #heap: Entry[] = []
  #now = 0
  #asked = 0

  /** Virtual milliseconds since the beginning. */
  get now(): number {
    return this.#now
  }

  /** Runs a function `delay` milliseconds from now, after earlier entries of that time. */
  after(delay: number, run: () => void): void {
    this.#push({ time: this.#now + Math.max(0, delay), order: this.#asked++, run })
  }

  /** Runs a function every `interval` milliseconds until the returned function is called. */
  every(interval: () => number, run: () => void): () => void {
    let isStopped = false
    const again = (): void => {
      if (isStopped) return
      run()
      if (!isStopped) this.after(interval(), again)
    }
    this.after(interval(), again)
    return () => {
      isStopped = true
    }
  }

  /** Runs the next entry; false if none is left. */
  next(): boolean {
    const entry = this.#pop()
    if (entry === undefined) return false
    this.#now = entry.time
    entry.run()
    return true
  }

  /** Runs everything up to and including this time, which is then the current time. */
  runUntil(time: number): void {
    while (this.#heap[0] !== undefined && this.#heap[0].time <= time) this.next()
    this.#now = Math.max(this.#now, time)
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above] as Entry
      if (isBefore(parent, entry)) break
      heap[at] = parent
      at = above
    }
    heap[at] = entry
  }

  #pop(): Entry | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || first === last) return first
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= heap.length) break
      const right = heap[below + 1]
      if (right !== undefined && isBefore(right, heap[below] as Entry)) below++
      const child = heap[below] as Entry
      if (isBefore(last, child)) break
      heap[at] = child
      at = below
    }
    heap[at] = last
    return first
  }
}

const isBefore = (a: Entry, b: Entry): boolean => a.time < b.time || (a.time === b.time && a.order < b.order)

/** The error of a clock. */
export interface ClockError {
  /** Milliseconds ahead of virtual time; negative when behind. */
  readonly skewMs: number
  /** Own milliseconds in one virtual millisecond: 1 is a clock that keeps time. */
  readonly rate: number
}

export const EXACT_CLOCK: ClockError = { skewMs: 0, rate: 1 }

/** One node's clock. It outlives crashes of its node. */
export class VirtualClock implements Clock {
  readonly #time: VirtualTime
  #error: ClockError
  /** The time that the clock showed, in exact milliseconds, at `#since`. */
  #shown: number
  #since: number

  constructor(time: VirtualTime, error: ClockError = EXACT_CLOCK) {
    assert(error.rate > 0, 'a clock goes forward')
    this.#time = time
    this.#error = error
    this.#since = time.now
    this.#shown = EPOCH_MS + time.now + error.skewMs
  }

  now(): Milliseconds {
    return toMilliseconds(Math.floor(this.#exact()))
  }

  /** Sets the clock, with a step forward or back, to virtual time with this error. */
  set(error: ClockError): void {
    this.#error = error
    this.#since = this.#time.now
    this.#shown = EPOCH_MS + this.#time.now + error.skewMs
  }

  every(interval: number, run: () => void): () => void {
    return this.#time.every(() => interval / this.#error.rate, run)
  }

  /** Runs a function at the same virtual time, after its earlier entries. */
  defer(run: () => void): void {
    this.after(0, run)
  }

  /** Runs a function after virtual milliseconds, regardless of this clock. */
  after(delayMs: number, run: () => void): void {
    this.#time.after(delayMs, run)
  }

  #exact(): number {
    return this.#shown + (this.#time.now - this.#since) * this.#error.rate
  }
}
