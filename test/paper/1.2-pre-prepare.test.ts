/** Rule 1.2: when a PRE-PREPARE is accepted. OSDI 1999 section 4.2. */
import { beforeEach, describe, expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import type { Milliseconds, View } from '../../src/base/ids.ts'
import { BATCH_REQUESTS_MAX, COUNTER_MAX, LOG_WINDOW } from '../../src/messages/limits.ts'
import { highWatermark } from '../../src/pbft/checkpoints/watermarks.ts'
import { CLOCK_SKEW_MS_MAX, HELD_BACK_MAX, REQUEST_TIMEOUT_TICKS } from '../../src/pbft/parameters.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { broadcastsOf, decide, effectsOf, ReplicaUnderTest, reasonsOf } from '../kit/replica-kit.ts'
import { plainNewView } from '../kit/view-change-kit.ts'

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  let backup = new ReplicaUnderTest(kit, 1)
  beforeEach(() => {
    backup = new ReplicaUnderTest(kit, 1)
  })
  const prepares = () => broadcastsOf(backup.settle(), 'prepare')
  const now = (): number => backup.state.clock.now

  test('PBFT-1.2 an accepted pre-prepare is answered with a PREPARE of the same view, sequence and digest', () => {
    const batch = kit.batch([kit.request(0)])
    backup.receive(kit.prePrepare({ sequence: 1, batch }))
    expect(prepares()).toEqual([{ kind: 'prepare', view: 0, sequence: 1, digest: batch.digest }])
  })

  test('PBFT-1.2 the digest of a batch covers its time, its requests and their order', () => {
    const [one, other] = [kit.request(0), kit.request(1)]
    const digests = (
      [
        [1, [one, other]],
        [2, [one, other]],
        [1, [other, one]],
        [1, [one]],
        [1, []],
      ] as const
    ).map(([time, requests]) => toHex(kit.batch(requests, time).digest))
    expect(new Set(digests).size).toBe(digests.length)
  })

  test('PBFT-1.2 only the primary of the view may propose', () => {
    for (const sender of kit.ids.slice(2)) {
      const effects = backup.receive(kit.prePrepare({ sequence: 1, batch: kit.batch(), sender }))
      expect(reasonsOf(effects)).toEqual(['not-the-primary'])
    }
    expect(backup.records).toEqual([])
  })

  test('PBFT-1.2 the view must be the current one', () => {
    for (const view of [n, 2 * n]) {
      // Kept until that view begins (1.5), and nothing follows from it before.
      expect(backup.receive(kit.prePrepare({ view, sequence: 1, batch: kit.batch() }))).toEqual([])
    }
    expect(backup.records).toEqual([])
    backup.state.views.view = n as View
    expect(reasonsOf(backup.receive(kit.prePrepare({ sequence: 1, batch: kit.batch() })))).toEqual([
      'wrong-view',
    ])
    expect(backup.records).toEqual([])
  })

  test("PBFT-1.2 h < s <= H: the window's edges", () => {
    const refused = [0, LOG_WINDOW + 1, COUNTER_MAX]
    for (const sequence of refused) {
      const effects = backup.receive(kit.prePrepare({ sequence, batch: kit.batch() }))
      expect(reasonsOf(effects)).toEqual(['outside-window'])
    }
    expect(highWatermark(backup.state)).toBe(LOG_WINDOW)
    backup.receive(kit.prePrepare({ sequence: LOG_WINDOW, batch: kit.batch() }))
    backup.receive(kit.prePrepare({ sequence: 1, batch: kit.batch() }))
    expect(prepares().map(({ sequence }) => sequence)).toEqual([LOG_WINDOW, 1])
  })

  test('PBFT-1.2 what was executed is still in the window: another digest is evidence, the same changes nothing', () => {
    decide(kit, backup, { sequence: 1, batch: kit.batch() })
    const effects = backup.receive(kit.prePrepare({ sequence: 1, batch: kit.batch([kit.request(0)]) }))
    expect(reasonsOf(effects)).toEqual(['conflicting-pre-prepare'])
    expect(backup.receive(kit.prePrepare({ sequence: 1, batch: kit.batch() }))).toEqual([])
    expect(backup.executed).toHaveLength(1)
  })

  test('PBFT-1.2 a second digest for one (v, s) is evidence against the primary and is not accepted', () => {
    const first = kit.prePrepare({ sequence: 1, batch: kit.batch([kit.request(0)]) })
    const second = kit.prePrepare({ sequence: 1, batch: kit.batch([kit.request(1)]) })
    backup.receive(first)
    const effects = backup.receive(second, kit.replicaPeer(2)) // another replica passes the lie on
    expect(effectsOf(effects, 'reject')).toMatchObject([
      {
        reason: 'conflicting-pre-prepare',
        evidence: { guilty: 0, first: { kind: 'pre-prepare', digest: first.digest }, second },
      },
    ])
    const { evidence } = effectsOf(effects, 'reject')[0] ?? {}
    expect(evidence?.first.envelope).toEqual(first.envelope) // signed: anyone can check it
    expect(prepares().map(({ digest }) => digest)).toEqual([first.digest])
  })

  test('PBFT-1.2 the same pre-prepare again changes nothing and is no evidence', () => {
    const prePrepare = kit.prePrepare({ sequence: 1, batch: kit.batch([kit.request(0)]) })
    backup.receive(prePrepare)
    expect(backup.receive(prePrepare)).toEqual([])
    expect(prepares()).toHaveLength(1)
  })

  test('PBFT-1.2 a second digest in the same view is refused across a restart too', () => {
    const batch = kit.batch([kit.request(0)])
    backup.receive(kit.prePrepare({ sequence: 1, batch }))
    backup.settle()
    backup = backup.restarted()
    const effects = backup.receive(kit.prePrepare({ sequence: 1, batch: kit.batch([kit.request(1)]) }))
    expect(reasonsOf(effects)).toEqual(['conflicting-pre-prepare'])
    expect(prepares()).toEqual([])
  })

  test('PBFT-1.2 a time ahead of the clock by more than the skew is held back until it is not', () => {
    const time = now() + CLOCK_SKEW_MS_MAX + 1
    const effects = backup.receive(kit.prePrepare({ sequence: 1, batch: kit.batch([], time) }))
    expect(effects).toEqual([])
    expect(backup.records).toEqual([])
    backup.tick(1, now())
    expect(prepares()).toEqual([])
    backup.tick(1, now() + 1)
    expect(prepares()).toHaveLength(1)
  })

  test('PBFT-1.2 a time ahead by just the skew is accepted at once', () => {
    backup.receive(kit.prePrepare({ sequence: 1, batch: kit.batch([], now() + CLOCK_SKEW_MS_MAX) }))
    expect(prepares()).toHaveLength(1)
  })

  describe('a time that is late', () => {
    const late = (ms: number) => kit.batch([kit.request(0)], now() - ms)
    beforeEach(() => {
      backup.tick(1, 10_000_000)
    })

    test('PBFT-1.2 is accepted up to the skew, and held back beyond it', () => {
      backup.receive(kit.prePrepare({ sequence: 1, batch: late(CLOCK_SKEW_MS_MAX) }))
      backup.receive(kit.prePrepare({ sequence: 2, batch: late(CLOCK_SKEW_MS_MAX + 1) }))
      expect(prepares().map(({ sequence }) => sequence)).toEqual([1])
      backup.tick(100)
      expect(prepares()).toEqual([])
    })

    test('PBFT-1.2 is never a reason to refuse a batch without requests: a null batch and a clock batch', () => {
      backup.receive(kit.prePrepare({ sequence: 1, batch: kit.batch([], 0) }))
      backup.receive(kit.prePrepare({ sequence: 2, batch: kit.batch([], 1) }))
      expect(prepares().map(({ sequence }) => sequence)).toEqual([1, 2])
    })

    test('PBFT-1.2 may be later the longer T is, so a slow network stops no correct primary', () => {
      const [views, sequence] = [3, 1]
      const { patience } = backup.state
      patience.timeoutTicks = 2 ** views * REQUEST_TIMEOUT_TICKS
      const most = 2 ** views * CLOCK_SKEW_MS_MAX
      backup.receive(kit.prePrepare({ sequence, batch: late(most) }))
      backup.receive(kit.prePrepare({ sequence: sequence + 1, batch: late(most + 1) }))
      expect(prepares()).toHaveLength(1)
    })

    test('PBFT-1.2 ends each view once a request waits, until T is long enough', () => {
      const request = kit.request(0)
      const slow = 2 * CLOCK_SKEW_MS_MAX
      backup = new ReplicaUnderTest(kit, 3)
      backup.tick(1, 10_000_000)
      backup.receive(request)
      for (const view of [0, 1]) {
        if (view > 0) backup.receive(plainNewView(kit, view))
        backup.receive(kit.prePrepare({ view, sequence: 1, batch: kit.batch([request], now() - slow) }))
        expect(backup.state.ordering.heldBack.size).toBe(1)
        backup.tickHearing(REQUEST_TIMEOUT_TICKS + 1)
        expect(backup.state.views).toMatchObject({ view: view + 1, isActive: false })
        expect(backup.state.ordering.heldBack.size).toBe(0)
      }
      backup.receive(plainNewView(kit, 2))
      backup.receive(kit.prePrepare({ view: 2, sequence: 1, batch: kit.batch([request], now() - slow) }))
      expect(prepares().map(({ view, sequence }) => [view, sequence])).toEqual([[2, 1]])
    })

    test('PBFT-1.2 is beyond judging once the batch is decided: what waits is taken, and what comes is', () => {
      const batch = late(10 * CLOCK_SKEW_MS_MAX)
      const commits = kit.votes('commit', kit.ids.slice(0, kit.q), { sequence: 1, digest: batch.digest })
      backup.receive(kit.prePrepare({ sequence: 1, batch }))
      backup.receiveAll(commits)
      backup.tick(1, now())
      expect(backup.executed.map(({ batch: { digest } }) => digest)).toEqual([batch.digest])
      const other = new ReplicaUnderTest(kit, 1)
      other.tick(1, 10_000_000)
      other.receive(kit.decision({ sequence: 1, batch }))
      expect(other.executed).toHaveLength(1)
    })

    test('PBFT-1.2 that waits is still evidence against a primary which proposes something else too', () => {
      backup.receive(kit.prePrepare({ sequence: 1, batch: late(2 * CLOCK_SKEW_MS_MAX) }))
      backup.receive(kit.prePrepare({ sequence: 1, batch: kit.batch([], 1) }))
      expect(effectsOf(backup.tick(1, now()), 'reject')).toMatchObject([
        { reason: 'conflicting-pre-prepare', evidence: { guilty: 0 } },
      ])
    })
  })

  test('PBFT-1.2 the time of a decided batch is beyond judging', () => {
    const batch = kit.batch([kit.request(0)], now() + 10 * CLOCK_SKEW_MS_MAX)
    backup.receiveAll(kit.votes('commit', kit.ids.slice(0, kit.q), { sequence: 1, digest: batch.digest }))
    backup.receive(kit.prePrepare({ sequence: 1, batch }))
    expect(backup.executed.map(({ batch: { digest } }) => digest)).toEqual([batch.digest])
    const ahead = new ReplicaUnderTest(kit, 1)
    ahead.receive(kit.decision({ sequence: 1, batch }))
    expect(ahead.executed).toHaveLength(1)
  })

  test('PBFT-1.2 votes count while the pre-prepare is held back', () => {
    const batch = kit.batch([], now() + CLOCK_SKEW_MS_MAX + 50)
    backup.receive(kit.prePrepare({ sequence: 1, batch }))
    const others = kit.ids.filter((id) => id !== 1 && id !== 0)
    backup.receiveAll(kit.votes('prepare', others, { sequence: 1, digest: batch.digest }))
    expect(broadcastsOf(backup.settle(), 'commit')).toEqual([])
    backup.tick(5)
    expect(broadcastsOf(backup.settle(), 'commit')).toHaveLength(1)
  })

  test('PBFT-1.2 what is held back is bounded, and comes again after a refusal', () => {
    const time = now() + CLOCK_SKEW_MS_MAX + 20
    const made = Array.from({ length: HELD_BACK_MAX + 1 }, (_, index) =>
      kit.prePrepare({ sequence: index + 1, batch: kit.batch([], time) }),
    )
    expect(reasonsOf(backup.receiveAll(made))).toEqual(['busy'])
    expect(backup.state.ordering.heldBack.size).toBe(HELD_BACK_MAX)
    backup.tick(2)
    backup.receiveAll(made)
    expect(prepares()).toHaveLength(HELD_BACK_MAX + 1)
  })

  test('PBFT-1.2 a clock that steps back refuses nothing that is past', () => {
    backup.receive(kit.prePrepare({ sequence: 1, batch: kit.batch([], now()) }))
    backup.tick(1, 0)
    backup.receive(kit.prePrepare({ sequence: 2, batch: kit.batch([], CLOCK_SKEW_MS_MAX) }))
    expect(prepares()).toHaveLength(2)
  })

  test('PBFT-1.2 the primary proposes by its own clock, also after that stepped back', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    primary.tick(1, 100_000)
    primary.receive(kit.request(0))
    decide(kit, primary, { sequence: 1, batch: kit.batch([kit.request(0)], 100_000) })
    primary.settle()
    primary.tick(1, 100_000 - 10 * CLOCK_SKEW_MS_MAX)
    primary.receive(kit.request(1))
    const [proposal] = broadcastsOf(primary.settle(), 'pre-prepare').slice(-1)
    const time: Milliseconds | undefined = proposal?.batch.time
    // Else all that have a right clock hold it back, and the cluster stands still for as long as the step was.
    expect(time).toBeLessThanOrEqual(primary.state.clock.now + CLOCK_SKEW_MS_MAX)
  })

  test('PBFT-1.2 requests that were executed already are accepted', () => {
    const request = kit.request(0)
    decide(kit, backup, { sequence: 1, batch: kit.batch([request]) })
    backup.receive(kit.prePrepare({ sequence: 2, batch: kit.batch([request, request]) }))
    expect(prepares().map(({ sequence }) => sequence)).toEqual([2])
  })

  test('PBFT-1.2 a stale and a reused timestamp in a proposal are accepted', () => {
    decide(kit, backup, { sequence: 1, batch: kit.batch([kit.request(0, { timestamp: 100 })]) })
    const stale = kit.request(0, { timestamp: 1 })
    const reused = kit.request(0, { timestamp: 100, operations: new Uint8Array(3) })
    backup.receive(kit.prePrepare({ sequence: 2, batch: kit.batch([stale, reused]) }))
    expect(prepares()).toHaveLength(1)
  })

  test('PBFT-1.2 a batch of the most requests is accepted', () => {
    const requests = new Array(BATCH_REQUESTS_MAX).fill(kit.request(0))
    backup.receive(kit.prePrepare({ sequence: 1, batch: kit.batch(requests) }))
    expect(prepares()).toHaveLength(1)
  })
})
