/** The processor time of processes: read from Linux, summed up over those that come and go. */
import { expect, test } from 'vitest'
import {
  isProcessorTimeTold,
  ownMs,
  ProcessorTime,
  processorMsOf,
  spentBetween,
} from '../../attacks/run/processes/processor-time.ts'

/** No process has this number: it is beyond the largest that Linux gives. */
const NOBODY = 2 ** 22 + 1
/** User and system time are told in whole ticks of 10 ms each. */
const ROUNDED_BY_MS = 20

test.runIf(process.platform === 'linux')('it is what the process itself is told of', () => {
  const beforeMs = ownMs()
  const readMs = processorMsOf(process.pid) ?? Number.NaN
  expect(readMs).toBeGreaterThanOrEqual(beforeMs - ROUNDED_BY_MS)
  expect(readMs).toBeLessThanOrEqual(ownMs() + ROUNDED_BY_MS)
  expect(isProcessorTimeTold()).toBe(true)
})

test.runIf(process.platform === 'linux')('what a process took is kept when it is gone', () => {
  const time = new ProcessorTime()
  expect(time.ms).toBe(0)
  time.look(process.pid)
  const firstMs = time.ms
  expect(firstMs).toBeGreaterThan(0)
  time.look(NOBODY)
  time.look(undefined)
  expect(time.ms).toBe(firstMs)
  const parentMs = processorMsOf(process.ppid) ?? Number.NaN
  time.look(process.ppid)
  expect(time.ms).toBeGreaterThanOrEqual(firstMs + parentMs)
  // Looked at again, it is not counted twice.
  time.look(process.ppid)
  expect(time.ms - firstMs).toBeLessThanOrEqual(processorMsOf(process.ppid) ?? 0)
  expect(processorMsOf(NOBODY)).toBeNull()
})

test('between two moments, of each kind of process; what is not known stays so', () => {
  const from = { correctMs: 100, hostileMs: 10, loadMs: 5 }
  expect(spentBetween(from, { correctMs: 180, hostileMs: 40, loadMs: 15 })).toEqual({
    ...{ correctMs: 80, hostileMs: 30, loadMs: 10 },
  })
  expect(spentBetween(from, { correctMs: null, hostileMs: null, loadMs: 15 })).toEqual({
    ...{ correctMs: null, hostileMs: null, loadMs: 10 },
  })
})
