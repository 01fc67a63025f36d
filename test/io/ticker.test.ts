/** The ticks of a runtime that rests: late and together, but as many as without a rest. */
import { describe, expect, test } from 'vitest'
import type { Milliseconds } from '../../src/base/ids.ts'
import { createRandom } from '../../src/base/random.ts'
import type { Clock } from '../../src/ports.ts'
import { TICK_MS } from '../../src/runtime/tick.ts'
import { Ticker } from '../../src/runtime/ticker.ts'

/** A clock that a test winds, with one timer at a time. */
class WoundClock implements Clock {
  #now = 5_000
  /** Added to what it shows, as when somebody sets it. */
  error = 0
  /** The number of times that a timer woke the process. */
  wakes = 0
  #timer: { readonly interval: number; readonly run: () => void; due: number } | null = null

  now(): Milliseconds {
    return (this.#now + this.error) as Milliseconds
  }

  every(interval: number, run: () => void): () => void {
    const timer = { interval, run, due: this.#now + interval }
    this.#timer = timer
    return () => {
      if (this.#timer === timer) this.#timer = null
    }
  }

  defer(): void {}

  get isWound(): boolean {
    return this.#timer !== null
  }

  pass(ms: number): void {
    const end = this.#now + ms
    while (this.#timer !== null && this.#timer.due <= end) {
      const timer = this.#timer
      this.#now = timer.due
      timer.due += timer.interval
      this.wakes++
      timer.run()
    }
    this.#now = end
  }
}

function ticking() {
  const clock = new WoundClock()
  let ticks = 0
  const ticker = new Ticker(clock, () => ticks++)
  return { clock, ticker, ticks: () => ticks }
}

describe('a rest', () => {
  test('makes one wake of many ticks, and loses none', () => {
    const { clock, ticker, ticks } = ticking()
    clock.pass(3 * TICK_MS)
    const { wakes } = clock
    ticker.rest(40)
    clock.pass(39 * TICK_MS)
    expect([ticks(), clock.wakes - wakes]).toEqual([3, 0])
    clock.pass(TICK_MS)
    expect([ticks(), clock.wakes - wakes]).toEqual([43, 1])
    ticker.rest(40)
    clock.pass(40 * TICK_MS)
    expect([ticks(), clock.wakes - wakes]).toEqual([83, 2])
  })

  test('has the ticks of the time that passed for an event in the middle, and goes on', () => {
    const { clock, ticker, ticks } = ticking()
    clock.pass(TICK_MS)
    ticker.rest(40)
    clock.pass(12.5 * TICK_MS)
    ticker.catchUp()
    expect(ticks()).toBe(13)
    ticker.rest(28)
    clock.pass(27.5 * TICK_MS)
    expect(ticks()).toBe(41)
  })

  test('ends at once where there is something to do: the next tick comes in its time', () => {
    const { clock, ticker, ticks } = ticking()
    clock.pass(TICK_MS)
    ticker.rest(40)
    clock.pass(5 * TICK_MS)
    ticker.catchUp()
    ticker.rest(1)
    clock.pass(3 * TICK_MS)
    expect(ticks()).toBe(9)
  })

  test('does not begin between two events that follow each other within a tick', () => {
    const { clock, ticker } = ticking()
    clock.pass(TICK_MS)
    ticker.rest(40)
    clock.pass(TICK_MS)
    ticker.catchUp()
    ticker.rest(1)
    ticker.rest(40)
    const { wakes } = clock
    clock.pass(TICK_MS)
    expect(clock.wakes - wakes).toBe(1)
  })

  test('has no more than its ticks, and all of them at its end, whatever becomes of the clock', () => {
    for (const error of [3_600_000, -3_600_000]) {
      const { clock, ticker, ticks } = ticking()
      clock.pass(TICK_MS)
      ticker.rest(40)
      clock.error = error
      clock.pass(5 * TICK_MS)
      ticker.catchUp()
      expect(ticks()).toBe(error > 0 ? 41 : 1)
      clock.error = 0
      clock.pass(40 * TICK_MS)
      expect(ticks()).toBeGreaterThanOrEqual(41)
    }
  })

  test('is over when the ticker stops', () => {
    const { clock, ticker } = ticking()
    clock.pass(TICK_MS)
    ticker.rest(40)
    ticker.stop()
    expect(clock.isWound).toBe(false)
  })
})

test('rests of any lengths and events at any times never lose more ticks than moments shorter than one', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = createRandom(seed)
    const { clock, ticker, ticks } = ticking()
    let passed = 0
    let switches = 0
    for (let event = 0; event < 40; event++) {
      const ms = random.below(300)
      passed += ms
      clock.pass(ms)
      ticker.catchUp()
      const rest = 1 + random.below(60)
      if (rest === 1 || event % 3 === 0) switches++
      ticker.rest(event % 3 === 0 ? 1 : rest)
    }
    const due = Math.floor(passed / TICK_MS)
    expect(ticks()).toBeLessThanOrEqual(due)
    expect(ticks()).toBeGreaterThanOrEqual(due - 40 - switches)
  }
})
