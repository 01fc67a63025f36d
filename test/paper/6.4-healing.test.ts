/** Rules 2.5, 2.8 and 6.4 over whole clusters: who lost everything, or very much, gets level without new load. */
import { describe, expect, test } from 'vitest'
import type { View } from '../../src/base/ids.ts'
import { primaryOf } from '../../src/base/quorum.ts'
import { createRandom } from '../../src/base/random.ts'
import { LOG_WINDOW } from '../../src/messages/limits.ts'
import { conditionOf } from '../../src/pbft/report.ts'
import { createClusterKit } from '../kit/cluster-kit.ts'
import { ClusterRun } from '../kit/cluster-run.ts'
import { deeper, IS_DEEP } from '../kit/depth.ts'
import { Invariants } from '../kit/invariants.ts'
import { ReplicaUnderTest } from '../kit/replica-kit.ts'

/** Ticks in which a healing has to be done, after the network is calm. */
const ENOUGH = 800

describe.each(deeper([4], [4, 7]))('n = %i', (n) => {
  const kit = createClusterKit(n)
  const begin = (seed: number) => {
    const run = new ClusterRun(kit, createRandom(seed))
    return { run, invariants: new Invariants(kit, run) }
  }
  const ask = ({ invariants, run }: ReturnType<typeof begin>, from: number, to: number) => {
    for (let timestamp = from; timestamp < to; timestamp++) {
      invariants.ask(kit.request(timestamp % 7, { timestamp }))
      run.tick()
    }
  }
  const lose = (run: ClusterRun, id: number) =>
    run.replace(new ReplicaUnderTest(kit, id, { isAmnesiac: true }))
  const until = (run: ClusterRun, isDone: () => boolean): boolean => {
    for (let tick = 0; tick < ENOUGH && !isDone(); tick++) run.tick()
    return isDone()
  }
  const isHealed = (run: ClusterRun, id: number) => {
    const replica = run.replicas[id]
    return replica !== undefined && conditionOf(replica.state) === 'voting'
  }
  const isLevel = (run: ClusterRun) =>
    new Set(run.replicas.map(({ state }) => state.ordering.lastExecuted)).size === 1

  test.each(deeper([1], [0, 1, n - 1]))(
    'PBFT-6.4 replica %i loses its log in an idle cluster and is healed',
    (id) => {
      const story = begin(1)
      const { run } = story
      ask(story, 1, 12)
      lose(run, id)
      expect(until(run, () => isHealed(run, id))).toBe(true)
      expect(run.replicas[id]?.state.checkpoints.lowWatermark).toBeGreaterThanOrEqual(LOG_WINDOW)
      run.tick(100)
      // It votes again: with f others silent, its vote is needed.
      const primary = primaryOf(run.replicas[id]?.state.views.view ?? (0 as View), n)
      const silent: readonly number[] = kit.ids
        .filter((other) => other !== id && other !== primary)
        .slice(-kit.f)
      run.loses = ({ from }) => silent.includes(from)
      const before = run.replicas[id]?.state.ordering.lastExecuted ?? 0
      ask(story, 200, 205)
      run.tick(600)
      expect(run.replicas[id]?.state.ordering.lastExecuted).toBeGreaterThan(before)
    },
  )

  test('PBFT-6.4 one that lost the state that the cluster began with too executes nothing on another, and is healed', () => {
    const story = begin(4)
    const { run } = story
    ask(story, 1, 12)
    const id = n - 1
    const replica = new ReplicaUnderTest(kit, id, { isAmnesiac: true, isFirstStateLost: true })
    run.replace(replica)
    const isOwn = (): boolean => replica.state.transfer.isNeeded
    ask(story, 12, 20)
    expect([isOwn(), replica.executed.length]).toEqual([true, 0])
    expect(until(run, () => isHealed(run, id))).toBe(true)
    expect(isOwn()).toBe(false)
    expect(replica.executed[0]?.sequence ?? LOG_WINDOW).toBeGreaterThan(LOG_WINDOW / 2)
    ask(story, 200, 205)
    expect(until(run, () => isLevel(run))).toBe(true)
  })

  test('PBFT-6.4 an idle cluster whose primary is dead heals it all the same', () => {
    const story = begin(2)
    const { run } = story
    ask(story, 1, 12)
    const [dead, lost] = [0, n - 1]
    if (kit.f < 2) {
      // With one fault at a time: the primary is silent for a while only, and back before the end.
      lose(run, lost)
      run.loses = ({ from }) => from === dead
      run.tick(300)
      run.loses = () => false
    } else {
      lose(run, lost)
      run.loses = ({ from, to }) => from === dead || to === dead
    }
    expect(until(run, () => isHealed(run, lost))).toBe(true)
  })

  test.runIf(n === 4)('PBFT-6.4 it is healed when it restarts again and again meanwhile', () => {
    const story = begin(3)
    const { run } = story
    ask(story, 1, 12)
    lose(run, 1)
    for (let time = 0; time < 15 && !isHealed(run, 1); time++) {
      run.tick(57)
      run.crash(1)
    }
    expect(until(run, () => isHealed(run, 1))).toBe(true)
    run.crash(1)
    expect(isHealed(run, 1)).toBe(true)
    run.tick(300)
    const views = run.replicas
      .filter(({ state }) => state.views.isActive)
      .map(({ state }) => state.views.view)
    expect(views).toHaveLength(n)
  })

  test.runIf(IS_DEEP)('PBFT-6.4 it is healed though all replicas lose power while it waits', () => {
    const story = begin(4)
    const { run } = story
    ask(story, 1, 12)
    lose(run, 1)
    run.tick(120)
    run.crash(...kit.ids)
    expect(until(run, () => isHealed(run, 1))).toBe(true)
  })

  test('PBFT-6.4 PBFT-7.8 no invariant suffers from a loss and a healing', () => {
    const story = begin(5)
    const { run, invariants } = story
    ask(story, 1, 30)
    const others = kit.ids.filter((id) => id !== 2)
    lose(run, 2)
    run.onDelivered = () => {}
    until(run, () => isHealed(run, 2))
    ask(story, 300, 310)
    run.tick(200)
    const roots = others.map((id) => String(run.replicas[id]?.application.root))
    expect(new Set(roots).size).toBe(1)
    expect([...invariants.broken].filter(([number]) => number !== 8 && number !== 11)).toEqual([])
  })

  test.runIf(n === 4)(
    'PBFT-2.5 PBFT-2.8 a replica that missed two windows gets level without new load',
    () => {
      const story = begin(6)
      const { run, invariants } = story
      const missing = n - 1
      run.loses = ({ from, to }) => from === missing || to === missing
      // One batch for each request: one at a time.
      for (let timestamp = 1; timestamp <= 2 * LOG_WINDOW + 40; timestamp++) {
        invariants.ask(kit.request(timestamp % 7, { timestamp }))
        run.tick(3)
      }
      const far = run.replicas[0]?.state.ordering.lastExecuted ?? 0
      expect(far).toBeGreaterThan(LOG_WINDOW)
      run.loses = () => false
      expect(until(run, () => isLevel(run))).toBe(true)
      expect(Object.fromEntries(invariants.broken)).toEqual({})
      expect(run.replicas[missing]?.state.checkpoints.lowWatermark).toBe(
        run.replicas[0]?.state.checkpoints.lowWatermark,
      )
    },
  )

  test.runIf(n === 4)('PBFT-2.2 a replica whose state went wrong is set right by the others', () => {
    const story = begin(7)
    const { run, invariants } = story
    ask(story, 1, 5)
    run.replicas[2]?.corrupt()
    for (let timestamp = 10; timestamp < 10 + LOG_WINDOW; timestamp++) {
      invariants.ask(kit.request(timestamp % 7, { timestamp }))
      run.tick()
    }
    expect(until(run, () => isLevel(run) && isHealed(run, 2))).toBe(true)
    run.tick(50)
    const roots = new Set(run.replicas.map(({ application }) => String(application.root)))
    expect(roots.size).toBe(1)
  })
})
