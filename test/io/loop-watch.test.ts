/** A turn that holds a loop up is told; the time that others take of the machine is not. */
import { describe, expect, test, vi } from 'vitest'
import { LOOK_MS, type LoopClocks, LoopWatch } from '../../src/io/loop-watch.ts'
import { PATIENT } from '../kit/patience.ts'

/** A loop whose clocks go on as they are told to. */
class ToldLoop implements LoopClocks {
  #nowMs = 1_000
  #processorMs = 500
  #run: (() => void) | null = null
  readonly nowMs = (): number => this.#nowMs
  readonly processorMs = (): number => this.#processorMs

  readonly every = (ms: number, run: () => void): (() => void) => {
    expect(ms).toBe(LOOK_MS)
    this.#run = run
    return () => {
      this.#run = null
    }
  }

  get isWatched(): boolean {
    return this.#run !== null
  }

  /** A timer that comes so much too late, where this process took so much of a processor since the last one. */
  look(lateMs: number, ownMs: number): void {
    this.#nowMs += LOOK_MS + lateMs
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
  test('for as long as its own work lets a timer wait', () => {
    const { loop, watch } = watched()
    loop.look(120, 130)
    expect(watch.delayMs).toBe(120)
  })

  test('not by sleep, nor by what other programs take meanwhile', () => {
    const { loop, watch } = watched()
    loop.look(400, 0)
    expect(watch.delayMs).toBe(0)
    loop.look(400, 30)
    expect(watch.delayMs).toBe(30)
  })

  test('not where timers come in time, however busy it is', () => {
    const { loop, watch } = watched()
    for (let look = 0; look < 100; look += 1) loop.look(0, 2 * LOOK_MS)
    expect(watch.delayMs).toBe(0)
  })

  test('and the longest of all is told', () => {
    const { loop, watch } = watched()
    for (const ownMs of [20, 80.4, 30]) loop.look(500, ownMs)
    expect(watch.delayMs).toBe(80)
  })
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
