/** What holds a loop up is told, what others take of the machine is not. */
import { expect, test } from 'vitest'
import { LoopWatch } from '../../src/io/loop-watch.ts'

const WORK_MS = 60

function work(cpuMs: number): void {
  const before = process.cpuUsage()
  for (;;) {
    const { user, system } = process.cpuUsage(before)
    if (user + system > cpuMs * 1_000) return
  }
}

const looked = (): Promise<void> => new Promise((done) => setTimeout(done, 30))

test('work that holds the loop is told with how long it took; sleep and other programs are not', async () => {
  const watch = new LoopWatch()
  watch.start()
  try {
    await looked()
    // Held, and not by work of its own.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WORK_MS)
    await looked()
    const asleep = watch.heldMs
    work(2 * WORK_MS)
    await looked()
    expect(watch.heldMs).toBeGreaterThan(WORK_MS)
    expect(watch.heldMs).toBeGreaterThan(asleep)
  } finally {
    watch.stop()
  }
})
