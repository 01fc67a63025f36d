/** A turn that blocks the loop is reported; time that other processes use is not. */
import { describe, expect, test, vi } from 'vitest'
import { IDLE_LOOK_MS, LOOK_MS, type LoopClocks, LoopWatch, READ_MS } from '../../src/io/loop-watch.ts'
import { PATIENT } from '../kit/patience.ts'

/** A loop with manual clocks. */
class ToldLoop implements LoopClocks {
  /** The number of times that the system was asked for the processor time. */
  readings = 0
  lookMs = 0
  #nowMs = 1_000
  #activeMs = 700
  #processorMs = 500
  #run: (() => void) | null = null
  readonly nowMs = (): number => this.#nowMs
  readonly activeMs = (): number => this.#activeMs
  readonly processorMs = (): number => {
    this.readings += 1
    return this.#processorMs
  }

  readonly every = (ms: number, run: () => void): (() => void) => {
    this.lookMs = ms
    this.#run = run
    return () => {
      this.#run = null
    }
  }

  get isWatched(): boolean {
    return this.#run !== null
  }

  /** A timer that comes so much too late. The loop was active, and had a processor, for so long since the last one. */
  look(lateMs: number, activeMs: number, ownMs = activeMs): void {
    this.#nowMs += this.lookMs + lateMs
    this.#activeMs += activeMs
    this.#processorMs += ownMs
    this.#run?.()
  }
}

function watched() {
  const loop = new ToldLoop()
  const watch = new LoopWatch(loop)
  watch.start()
  return { loop, watch }
}

describe('a loop is held', () => {
  test('for as long as its own work delays a timer', () => {
    const { loop, watch } = watched()
    loop.look(120, 130)
    expect(watch.delayMs).toBe(120)
  })

  test('not by sleep, nor by what other programs take meanwhile', () => {
    const { loop, watch } = watched()
    loop.look(400, 0)
    expect(watch.delayMs).toBe(0)
    loop.look(400, 400, 30)
    expect(watch.delayMs).toBe(30)
  })

  test('not by the work of other threads while it sleeps', () => {
    const { loop, watch } = watched()
    loop.look(400, 0, 400)
    expect(watch.delayMs).toBe(0)
  })

  test('not where timers come in time, however busy it is', () => {
    const { loop, watch } = watched()
    for (let look = 0; look < 100; look += 1) loop.look(0, LOOK_MS)
    expect(watch.delayMs).toBe(0)
  })

  test('and the longest of all is reported', () => {
    const { loop, watch } = watched()
    for (const ownMs of [20, 80.4, 30]) loop.look(500, 500, ownMs)
    expect(watch.delayMs).toBe(80)
  })
})

describe('the processor time', () => {
  test('is read rarely where no timer is later than one before', () => {
    const { loop } = watched()
    loop.look(40, 50)
    const before = loop.readings
    const looks = (4 * READ_MS) / LOOK_MS
    for (let look = 0; look < looks; look += 1) loop.look(0, LOOK_MS)
    expect(loop.readings - before).toBe(4)
  })

  test('is read at once where a timer is later than all before', () => {
    const { loop, watch } = watched()
    loop.look(40, 50)
    loop.look(45, 55)
    expect(watch.delayMs).toBe(45)
  })
})

test('an idle loop is looked at less often, until it works', () => {
  const { loop, watch } = watched()
  for (let ms = 0; ms < READ_MS; ms += LOOK_MS) loop.look(0, 0)
  expect(loop.lookMs).toBe(IDLE_LOOK_MS)
  loop.look(200, 210)
  expect(watch.delayMs).toBe(200)
  expect(loop.lookMs).toBe(LOOK_MS)
})

test('nothing is counted of the time before the start and after the stop, and no timer is left', () => {
  const loop = new ToldLoop()
  const watch = new LoopWatch(loop)
  loop.look(1_000, 1_000)
  watch.start()
  expect(loop.isWatched).toBe(true)
  loop.look(0, 0)
  watch.stop()
  expect(loop.isWatched).toBe(false)
  loop.look(1_000, 1_000)
  expect(watch.delayMs).toBe(0)
})

/** Keeps a processor busy for so long. */
function work(processorMs: number): void {
  const before = process.cpuUsage()
  for (;;) {
    const { user, system } = process.cpuUsage(before)
    if (user + system > processorMs * 1_000) return
  }
}

test('by the clocks of this process, work of its own is seen', async () => {
  const watch = new LoopWatch()
  watch.start()
  try {
    work(10 * LOOK_MS)
    await vi.waitFor(() => expect(watch.delayMs).toBeGreaterThan(LOOK_MS), PATIENT)
  } finally {
    watch.stop()
  }
})
