/** Section 7 over whole clusters: losses, crashes, dead and lying primaries; what must hold then, and what must happen after. */
import { describe, expect, test } from 'vitest'
import { primaryOf } from '../../src/base/quorum.ts'
import { createRandom, type Random } from '../../src/base/random.ts'
import type { Request, Verified } from '../../src/messages/message.ts'
import { createClusterKit } from '../kit/cluster-kit.ts'
import { ClusterRun, type Delivery } from '../kit/cluster-run.ts'
import { deeper, IS_DEEP, upTo } from '../kit/depth.ts'
import { Invariants } from '../kit/invariants.ts'

interface Story {
  readonly run: ClusterRun
  readonly invariants: Invariants
  readonly random: Random
  readonly traitors: readonly number[]
}

const REQUESTS = 10

describe.each([4, 7])('n = %i', (n) => {
  const kit = createClusterKit(n)
  const requestAt = (index: number): Verified<Request> => kit.request(index % 5, { timestamp: index + 1 })

  const begin = (seed: number, traitors: readonly number[] = []): Story => {
    const random = createRandom(seed)
    const run = new ClusterRun(kit, random.fork())
    return { run, random, traitors, invariants: new Invariants(kit, run, traitors) }
  }
  const load = ({ invariants, run, random }: Story, from = 0, to = REQUESTS): void => {
    for (let index = from; index < to; index++) {
      invariants.ask(requestAt(index))
      run.tick(random.between(1, 12))
    }
  }
  /** The network calms; requests that died with a replica are asked again, as clients do. */
  const calm = ({ invariants, run, traitors }: Story, to = REQUESTS): void => {
    run.loses = () => false
    for (let round = 0; round < 8; round++) {
      for (let index = 0; index < to; index++) invariants.ask(requestAt(index))
      run.tick(120)
    }
    const correct = run.replicas.filter(({ id }) => !traitors.includes(id))
    for (const { state, application } of correct) {
      expect(application.applied).toHaveLength(to)
      expect(state.requests.waiting.size).toBe(0)
      expect(state.durability.withheld).toHaveLength(0)
    }
    // At least Q - f correct ones share an active view.
    const views = correct.filter(({ state }) => state.views.isActive).map(({ state }) => state.views.view)
    const shared = Math.max(...views.map((view) => views.filter((each) => each === view).length))
    expect(shared).toBeGreaterThanOrEqual(kit.q - kit.f)
    expect(new Set(correct.map(({ application }) => String(application.root))).size).toBe(1)
  }

  /** A primary that tells one half of the others one thing and the other half another, and votes for both. */
  const equivocating =
    (traitors: readonly number[]) =>
    ({ from, to, message }: Delivery): Delivery['message'] => {
      if (!traitors.includes(from) || to % 2 === 0) return message
      if (message.kind === 'pre-prepare' && message.sender === from) {
        const batch = kit.batch([...message.batch.requests].reverse(), message.batch.time - 1)
        return kit.prePrepare({ view: message.view, sequence: message.sequence, batch })
      }
      return message
    }

  const stories: Record<string, (seed: number) => Story> = {
    'a dead first primary': (seed) => {
      const story = begin(seed)
      story.run.loses = ({ from, to }) => from === 0 || to === 0
      load(story)
      story.run.tick(300)
      return story
    },
    'f dead primaries in a row': (seed) => {
      const story = begin(seed)
      story.run.loses = ({ from, to }) => from < kit.f || to < kit.f
      load(story)
      story.run.tick(400)
      return story
    },
    'half of all messages lost': (seed) => {
      const story = begin(seed)
      story.run.loses = () => story.random.chance(0.5)
      load(story)
      return story
    },
    'primaries that die one after another': (seed) => {
      const story = begin(seed)
      story.run.loses = ({ from }) => {
        const views = story.run.replicas.map(({ state }) => state.views.view).sort((a, b) => b - a)
        return from === primaryOf(views[kit.f] ?? views[0] ?? (0 as never), n) && story.random.chance(0.97)
      }
      load(story)
      return story
    },
    'crashes between the syncs of view changes': (seed) => {
      const story = begin(seed)
      const { run, random, invariants } = story
      run.loses = ({ from }) => from === 0 || random.chance(0.2)
      for (let index = 0; index < REQUESTS; index++) {
        invariants.ask(requestAt(index))
        if (random.chance(0.4)) run.crash(random.below(n))
        if (random.chance(0.15)) run.crash(...kit.ids)
        run.tick(random.between(5, 40))
      }
      return story
    },
    'f replicas cut off for long': (seed) => {
      const story = begin(seed)
      story.run.loses = ({ from, to }) => from >= n - kit.f || to >= n - kit.f
      load(story)
      story.run.tick(500)
      return story
    },
    'no quorum for a while': (seed) => {
      const story = begin(seed)
      story.run.loses = ({ from, to }) => from % 2 !== to % 2
      load(story)
      story.run.tick(300)
      return story
    },
    'f equivocating replicas, the first primary among them': (seed) => {
      const traitors = kit.ids.slice(0, kit.f)
      const story = begin(seed, traitors)
      story.run.rewrite = equivocating(traitors)
      story.run.loses = () => story.random.chance(0.1)
      load(story)
      return story
    },
  }

  /** Stories that seven replicas play in `npm test`; the deep run plays all. */
  const played = Object.keys(stories).filter((name) => IS_DEEP || n === 4 || name.includes('f '))
  describe.each(played)('%s', (name) => {
    test.each(upTo(deeper(1, 6)))(
      'PBFT-7.1 PBFT-7.2 PBFT-7.3 PBFT-7.4 PBFT-7.5 PBFT-7.6 PBFT-7.7 PBFT-7.8 PBFT-7.9 PBFT-7.10 PBFT-7.11 PBFT-7.12 hold, and all get level, seed %i',
      (seed) => {
        const story = stories[name]?.(seed) ?? begin(seed)
        expect(Object.fromEntries(story.invariants.broken)).toEqual({})
        calm(story)
        expect(Object.fromEntries(story.invariants.broken)).toEqual({})
      },
    )
  })

  test('PBFT-7.13 what was answered before another was asked for comes before it, across a view change', () => {
    const story = begin(1)
    const { run, invariants } = story
    invariants.ask(requestAt(0))
    run.tick(20)
    run.loses = ({ from, to }) => from === 0 || to === 0
    invariants.ask(requestAt(1))
    run.tick(200)
    invariants.ask(requestAt(2))
    run.tick(20)
    expect(invariants.isInRealTimeOrder(requestAt(0), requestAt(1))).toBe(true)
    expect(invariants.isInRealTimeOrder(requestAt(1), requestAt(2))).toBe(true)
    expect(invariants.isInRealTimeOrder(requestAt(2), requestAt(0))).toBe(false)
    calm(story, 3)
  })

  test('PBFT-3.6 an idle cluster after a view change is silent but for STATUS', () => {
    const story = begin(2)
    const { run } = story
    run.loses = ({ from, to }) => from === 0 || to === 0
    load(story, 0, 2)
    run.tick(200)
    run.loses = () => false
    run.tick(100)
    const views = run.replicas.map(({ state }) => state.views.view)
    expect(new Set(views).size).toBe(1)
    run.sent.clear()
    run.tick(500)
    expect([...run.sent.keys()]).toEqual(['status'])
    expect(run.replicas.map(({ state }) => state.views.view)).toEqual(views)
  })

  test('PBFT-3.1 a view change costs n(n - 1) messages when the old primary is dead', () => {
    const story = begin(3)
    const { run } = story
    run.loses = ({ from, to }) => from === 0 || to === 0
    for (const id of kit.ids) run.ask(id, requestAt(0))
    for (let tick = 0; tick < 200 && run.replicas[n - 1]?.state.views.view === 0; tick++) run.tick()
    run.tick(2)
    // The dead one's own are sent to nobody; those to it are.
    const others = n - 1
    expect(run.sent.get('view-change')).toBeLessThanOrEqual(n * (n - 1))
    expect(run.sent.get('view-change')).toBeGreaterThanOrEqual(others * (n - 1))
    expect(run.sent.get('new-view')).toBe(n - 1)
  })
})
