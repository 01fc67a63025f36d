/** An old copy in the place of a disk: rule 6.4's loss that cannot be seen locally. */
import { describe, expect, it } from 'vitest'
import { SWARM, simulateSwarm } from '../../attacks/run/simulated/swarm.ts'
import { createRandom } from '../../src/base/random.ts'
import type { Plan } from '../../src/simulator/plan/plan.ts'
import { decodePlan, encodePlan } from '../../src/simulator/plan/plan-file.ts'
import { scenarioNamed } from '../../src/simulator/runs/scenarios.ts'
import { shrink } from '../../src/simulator/runs/shrink.ts'
import { VirtualTime } from '../../src/simulator/world/virtual-clock.ts'
import { VirtualDisk } from '../../src/simulator/world/virtual-disk.ts'
import { IS_DEEP } from '../kit/depth.ts'

const planOf = (name: string): Plan => scenarioNamed(name)?.plan as Plan

function traced(name: string) {
  const plan = planOf(name)
  const lines: string[] = []
  const result = simulateSwarm({ seed: plan.seed, plan, trace: (line) => lines.push(line) })
  const count = (pattern: RegExp): number => lines.filter((line) => pattern.test(line)).length
  return { result, count }
}

describe('PBFT-6.4: an old copy of a disk', () => {
  it.runIf(IS_DEEP)('is recognised by what the others have, each time, and the replica heals', () => {
    const { result, count } = traced('old-copy-of-a-disk')
    expect(result.explanation).toEqual([])
    expect(count(/fault old-disk replica 1/)).toBe(2)
    expect(count(/replica 1 {2}received recollection[^>]*-> persist forgotten/)).toBe(2)
    expect(count(/replica 1 .*[^>]*-> persist healed/)).toBe(2)
    expect(count(/takes part with an old disk/)).toBe(0)
    expect(result.healed).toBe(1)
  })

  it('counts the replica as a traitor if its loss cannot be proved', () => {
    const { result, count } = traced('old-copy-unseen')
    expect(result.explanation).toEqual([])
    expect(count(/persist forgotten/)).toBe(0)
    expect(count(/replica 1 takes part with an old disk/)).toBe(1)
    expect(result.healed).toBe(0)
  })

  it('counts in f, and is no fault without a copy', () => {
    const plan = planOf('old-copy-unseen')
    const lines: string[] = []
    const trace = (line: string): number => lines.push(line)
    simulateSwarm({ seed: plan.seed, plan: { ...plan, faultyMax: 0 }, trace })
    const [, ...withoutCopy] = plan.faults
    simulateSwarm({ seed: plan.seed, plan: { ...plan, faults: withoutCopy }, trace })
    expect(lines.filter((line) => /no room in f for old-disk/.test(line))).toHaveLength(2)
  })

  it('stands in a plan’s file, and stays in a shrunk plan that needs it', () => {
    const plan = planOf('old-copy-of-a-disk')
    expect(decodePlan(encodePlan(plan), SWARM)).toEqual(plan)
    const isKept = ({ faults }: Plan): boolean => faults.some(({ kind }) => kind === 'old-disk')
    expect(shrink(plan, isKept, 100).plan.faults.map(({ kind }) => kind)).toEqual(['old-disk'])
  })

  it('holds what was synced when it was made, and nothing later', () => {
    const time = new VirtualTime()
    const behaviour = { syncMs: [1, 1], readMs: 0, isTornAtCrash: true } as const
    const disk = new VirtualDisk(time, createRandom(1), behaviour)
    const { log } = disk.open()
    const page = (name: number) => ({ hash: new Uint8Array(32).fill(name), bytes: Uint8Array.of(name) })
    const anchor = { sequence: 4 as never, root: page(1).hash, certificate: Uint8Array.of(7) }
    log.append(Uint8Array.of(1))
    log.sync(() => {})
    disk.pages.write([page(1)], () => {})
    disk.pages.commit(anchor, [], () => {})
    time.runUntil(10)
    log.append(Uint8Array.of(2))
    disk.pages.write([page(2)], () => {})
    disk.copy()
    log.sync(() => {})
    disk.pages.commit({ ...anchor, sequence: 8 as never }, [page(1).hash], () => {})
    time.runUntil(20)
    expect(disk.syncedRecords).toBe(2)
    disk.crash()
    expect(disk.putBack()).toBe(1)
    expect(disk.isOld).toBe(true)
    expect([...disk.open().records].map(({ record }) => [...record])).toEqual([[1]])
    expect(disk.pages.anchor?.sequence).toBe(4)
    expect(disk.pages.read(page(1).hash)).toEqual(page(1).bytes)
    expect(disk.pages.read(page(2).hash)).toBeNull()
  })
})
