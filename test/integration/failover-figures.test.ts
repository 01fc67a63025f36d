/** The figures of the failover benchmark: gaps, median, worst, verdict. */
import { describe, expect, test } from 'vitest'
import { type FailoverRun, summarize } from '../../clients/bench/failover.ts'
import { GapMeter } from '../../clients/bench/failover-gap.ts'

describe('the longest gap', () => {
  test('is the longest between two acknowledged writes', () => {
    const meter = new GapMeter(1_000)
    for (const at of [1_010, 1_020, 1_500, 1_510]) meter.acknowledge(at)
    expect(meter.longest(1_515)).toEqual({ ms: 480, afterMs: 20 })
    expect(meter.acknowledged).toBe(4)
  })

  test('counts while it is open, and from the reset on', () => {
    const meter = new GapMeter(0)
    meter.acknowledge(900)
    meter.reset(1_000)
    expect(meter.longest(1_700)).toEqual({ ms: 700, afterMs: 0 })
    meter.acknowledge(1_200)
    expect(meter.longest(1_300)).toEqual({ ms: 200, afterMs: 0 })
    expect(meter.longest(1_600)).toEqual({ ms: 400, afterMs: 200 })
  })
})

describe('the verdict', () => {
  const runs = (...gaps: readonly number[]): FailoverRun[] =>
    gaps.map((gapMs, index) => ({ run: index + 1, primary: 0, gapMs, wentOn: true, levelMs: 1 }))

  test('holds up to a median of 500 ms and a worst of 2 s', () => {
    expect(summarize(runs(500, 2_000, 100))).toMatchObject({ medianMs: 500, worstMs: 2_000, held: true })
    expect(summarize(runs(400, 600, 100, 2_000))).toMatchObject({ medianMs: 500, held: true })
    expect(summarize(runs(501, 501, 100)).held).toBe(false)
    expect(summarize(runs(1, 1, 2_001)).held).toBe(false)
  })

  test('does not hold if writes failed to resume once, or without any run', () => {
    expect(summarize([...runs(1, 1), { ...(runs(1)[0] as FailoverRun), wentOn: false }]).held).toBe(false)
    expect(summarize([]).held).toBe(false)
  })
})
