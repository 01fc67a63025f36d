import { describe, expect, it } from 'vitest'
import { faultsMax } from '../../src/base/quorum.ts'
import { runCampaign } from '../../src/simulator/campaign.ts'
import { drawPlan } from '../../src/simulator/draw-plan.ts'
import { simulate } from '../../src/simulator/simulate.ts'

const SIZES = [4, 7, 10]
const SEEDS_PER_SIZE = 20

describe('a seed decides everything', () => {
  it('gives the same trace twice', () => {
    for (const seed of [11, 12, 13]) {
      const first = simulate({ seed })
      const second = simulate({ seed })
      expect(second).toEqual(first)
      expect(first.traceHash).toMatch(/^[0-9a-f]{32}$/)
    }
  })

  it('gives another trace for another seed or another size', () => {
    const hashes = [1, 2, 3, 4, 5].map((seed) => simulate({ seed, n: 4 }).traceHash)
    hashes.push(simulate({ seed: 1, n: 7 }).traceHash)
    expect(new Set(hashes).size).toBe(hashes.length)
  })

  it('says the same whether somebody reads the trace or not', () => {
    const lines: string[] = []
    const { traceHash } = simulate({ seed: 21, n: 4, trace: (line) => lines.push(line) })
    expect(simulate({ seed: 21, n: 4 }).traceHash).toBe(traceHash)
    expect(
      lines.some((line) => /replica \d {2}received pre-prepare of 0 v 0 s 1 [0-9a-f]{8}/.test(line)),
    ).toBe(true)
  })
})

describe('safety and liveness hold', () => {
  for (const n of SIZES) {
    it(`for ${SEEDS_PER_SIZE} seeds with ${n} replicas`, () => {
      for (let seed = 1; seed <= SEEDS_PER_SIZE; seed++) {
        const result = simulate({ seed, n })
        expect(result.explanation, `seed ${seed}`).toEqual([])
        expect(result.verdict).toBe('held')
        expect(result.settledMs).not.toBeNull()
        expect(result.settledMs).toBeLessThanOrEqual(result.boundMs ?? 0)
        expect(result.requests).toBe(result.plan.workload.clients * result.plan.workload.requestsPerClient)
        expect(result.history.every(({ results }) => results !== null)).toBe(true)
      }
    })
  }
})

describe('a plan', () => {
  it('never has more than f replicas silent or down, nor a silent primary, nor an incident after the calm', () => {
    const seen = { silent: 0, crashes: 0, primaryCrashes: 0, partitions: 0, cuts: 0 }
    for (let seed = 0; seed < 2_000; seed++) {
      const plan = drawPlan(seed)
      const { n, silent, incidents, calmAtMs } = plan
      expect(faultyAtOnceMax(plan), `seed ${seed}`).toBeLessThanOrEqual(faultsMax(n))
      expect(silent).not.toContain(0)
      expect(incidents.every(({ atMs }) => atMs < calmAtMs)).toBe(true)
      expect(incidents.every(({ atMs }, index) => atMs >= (incidents[index - 1]?.atMs ?? 0))).toBe(true)
      seen.silent += Number(silent.length > 0)
      seen.crashes += Number(incidents.some(({ kind }) => kind === 'crash'))
      seen.primaryCrashes += Number(incidents.some((each) => each.kind === 'crash' && each.replica === 0))
      seen.partitions += Number(incidents.some(({ kind }) => kind === 'partition'))
      seen.cuts += Number(incidents.some(({ kind }) => kind === 'cut'))
    }
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(100)
  })
})

describe('a campaign', () => {
  it('runs a range of seeds, some of them twice, and says how it goes', async () => {
    const progress: number[] = []
    const result = await runCampaign({
      from: 31,
      to: 45,
      n: 4,
      repeatedShare: 0.2,
      onProgress: ({ done, total }) => progress.push(done / total),
    })
    expect(result).toMatchObject({ verdict: 'held', done: 15, total: 15, failed: 0, repeated: 3 })
    expect(result.failures).toEqual([])
    expect(result.divergences).toEqual([])
    expect(result.seedsPerSecond).toBeGreaterThan(0)
    expect(result.virtualSecondsPerSecond).toBeGreaterThan(0)
    expect(progress).toEqual([10 / 15, 1])
  })
})
