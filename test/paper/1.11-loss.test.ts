/** Rule 1.11 as a whole: after any losses and restarts, all replicas catch up without new load. */
import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { createRandom, type Random } from '../../src/base/random.ts'
import { STATUS_IDLE_TICKS } from '../../src/pbft/parameters.ts'
import { createClusterKit, FEWER_CLUSTER_SIZES } from '../kit/cluster-kit.ts'
import { ClusterRun, type Delivery } from '../kit/cluster-run.ts'
import { deeper, upTo } from '../kit/depth.ts'

const REQUESTS = 12
const SEEDS = upTo(deeper(2, 6))

describe.each(FEWER_CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)

  const load = (run: ClusterRun, random: Random): void => {
    for (let index = 0; index < REQUESTS; index++) {
      const request = kit.request(index % 5, { timestamp: index + 1 })
      for (const id of kit.ids) run.ask(id, request)
      run.tick(random.between(1, 4))
    }
  }

  const expectLevel = (run: ClusterRun): void => {
    const histories = run.replicas.map(({ executed }) => executed.map(({ batch }) => toHex(batch.digest)))
    for (const history of histories) expect(history).toEqual(histories[0])
    const done = new Set(
      run.replicas[0]?.executed.flatMap(({ batch }) => batch.requests.map(({ digest }) => toHex(digest))),
    )
    expect(done.size).toBe(REQUESTS)
    for (const { state } of run.replicas) {
      // Slots stay until a checkpoint is stable; nothing in them is open.
      const open = [...state.ordering.slots.values()].filter(
        ({ accepted, executed }) => accepted !== null && executed === null,
      )
      expect([open.length, state.requests.waiting.size]).toEqual([0, 0])
    }
  }

  const losses: Record<string, (random: Random, delivery: Delivery) => boolean> = {
    'half of all messages': (random) => random.chance(0.5),
    'nine of ten messages': (random) => random.chance(0.9),
    'every PRE-PREPARE': (_, { message }) => message.kind === 'pre-prepare',
    'every PREPARE': (_, { message }) => message.kind === 'prepare',
    'every COMMIT': (_, { message }) => message.kind === 'commit',
    'all that goes to one backup': (_, { to }) => to === n - 1,
    'all that f backups send': (_, { from }) => from >= n - kit.f,
    'all between backups': (_, { from, to }) => from !== 0 && to !== 0,
    everything: () => true,
  }

  describe.each(Object.keys(losses))('lost: %s', (name) => {
    test.each(SEEDS.slice(0, n === 4 ? 6 : 2))(
      'PBFT-1.11 all get level when the network calms, seed %i',
      (seed) => {
        const random = createRandom(seed)
        const run = new ClusterRun(kit, random.fork())
        run.loses = (delivery) => losses[name]?.(random, delivery) ?? false
        load(run, random)
        run.loses = () => false
        run.tick(3 * STATUS_IDLE_TICKS)
        expectLevel(run)
      },
    )
  })

  test.each(SEEDS)('PBFT-6.2 all catch up when replicas crash in between, seed %i', (seed) => {
    const random = createRandom(seed)
    const run = new ClusterRun(kit, random.fork())
    run.loses = () => random.chance(0.3)
    for (let index = 0; index < REQUESTS; index++) {
      const request = kit.request(index % 5, { timestamp: index + 1 })
      for (const id of kit.ids) run.ask(id, request)
      if (random.chance(0.3)) run.crash(random.below(n))
      if (random.chance(0.1)) run.crash(...kit.ids)
      run.tick(random.between(1, 4))
    }
    run.loses = () => false
    // Waiting requests die with their replica: their clients ask again.
    for (let index = 0; index < REQUESTS; index++) {
      const request = kit.request(index % 5, { timestamp: index + 1 })
      for (const id of kit.ids) run.ask(id, request)
    }
    run.tick(4 * STATUS_IDLE_TICKS)
    expectLevel(run)
  })

  test('PBFT-1.11 a power failure of all replicas in the middle of everything', () => {
    const random = createRandom(9)
    const run = new ClusterRun(kit, random.fork())
    run.loses = ({ message }) => message.kind === 'commit'
    load(run, random)
    run.loses = () => true // no link is up yet when they resume
    run.crash(...kit.ids)
    run.loses = () => false
    for (let index = 0; index < REQUESTS; index++) {
      for (const id of kit.ids) run.ask(id, kit.request(index % 5, { timestamp: index + 1 }))
    }
    run.tick(3 * STATUS_IDLE_TICKS)
    expectLevel(run)
  })

  test('PBFT-1.11 silence after that: a cluster without lag sends only STATUS, at the idle rate', () => {
    const random = createRandom(1)
    const run = new ClusterRun(kit, random.fork())
    load(run, random)
    run.tick(2 * STATUS_IDLE_TICKS)
    run.sent.clear()
    run.tick(10 * STATUS_IDLE_TICKS)
    expect(Object.fromEntries(run.sent)).toEqual({ status: 10 * n * (n - 1) })
  })

  test('PBFT-1.11 one batch costs 2n(n - 1) messages between replicas, relays apart', () => {
    const run = new ClusterRun(kit, createRandom(1))
    run.ask(0, kit.request(0))
    run.tick()
    const { sent } = run
    expect(Object.fromEntries(sent)).toEqual({
      'pre-prepare': n - 1,
      prepare: (n - 1) * (n - 1),
      commit: n * (n - 1),
    })
  })
})
