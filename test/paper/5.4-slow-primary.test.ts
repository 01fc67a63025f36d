/** Rule 5.4: a primary that is slow on purpose, or unfair, and stays within the timer. */
import { describe, expect, test } from 'vitest'
import type { View } from '../../src/base/ids.ts'
import { faultsMax, weakQuorum } from '../../src/base/quorum.ts'
import { EVIDENCE_PER_REPLICA_MAX } from '../../src/messages/limits.ts'
import type { Complaint } from '../../src/messages/message.ts'
import {
  BAD_WINDOWS_MIN,
  BLACKLISTED_TICKS,
  COMPLAINT_TICKS,
  GRACE_TICKS,
  LAG_SLACK_TICKS,
  REQUEST_TIMEOUT_TICKS,
  WINDOW_SAMPLES_MIN,
  WINDOW_TICKS_MIN,
} from '../../src/pbft/parameters.ts'
import { reportOf } from '../../src/pbft/report.ts'
import { viewAfter } from '../../src/pbft/views/view-change.ts'
import { createClusterKit, FEWER_CLUSTER_SIZES } from '../kit/cluster-kit.ts'
import { broadcastsOf, decide, ReplicaUnderTest } from '../kit/replica-kit.ts'
import { awaitingNewView, enter, leaveFor } from '../kit/view-change-kit.ts'

describe.each(FEWER_CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const f = faultsMax(n)
  const w = weakQuorum(n)
  const LATE_TICKS = LAG_SLACK_TICKS + 2
  /** A request comes every so many ticks, or later where the one before it is not served. */
  const EVERY_TICKS = 6
  /** The bytes that a slow primary delivers in place of 100 bytes a request, which is less than the floor. */
  const LESS = 50

  /** A backup past the grace, with requests that come to it too. */
  class Watched extends ReplicaUnderTest {
    #timestamp = 0

    constructor(id = 2) {
      super(kit, id)
      this.tickHearing(GRACE_TICKS)
    }

    /** A window in which each request waits for so many ticks until it is proposed, and then is executed, at once if not told otherwise. */
    window(lagTicks: number, bytes = 100, orderingTicks = 0): void {
      const { fromTick } = this.state.suspicion.monitor
      const endTick = this.state.clock.ticks + 10 * WINDOW_TICKS_MIN
      while (this.state.suspicion.monitor.fromTick === fromTick && this.state.views.view === 0) {
        if (this.state.clock.ticks > endTick) throw new Error('the window does not close')
        const request = kit.request(0, { timestamp: ++this.#timestamp, operations: new Uint8Array(bytes) })
        this.receive(request)
        this.tickHearing(lagTicks)
        const batch = kit.batch([request], this.state.clock.now)
        const place = { sequence: this.state.ordering.lastExecuted + 1, batch }
        this.receive(kit.prePrepare(place))
        this.tickHearing(orderingTicks)
        decide(kit, this, place)
        this.tickHearing(Math.max(0, EVERY_TICKS - lagTicks - orderingTicks))
      }
    }

    windows(count: number, lagTicks: number, bytes = 100, orderingTicks = 0): void {
      for (let done = 0; done < count; done++) this.window(lagTicks, bytes, orderingTicks)
    }

    hear(senders: readonly number[], complaint: Complaint, view = 0): void {
      for (const id of senders) this.receive(kit.status(id, { complaint, view: view as View }))
    }

    get blames(): Complaint | null {
      return this.state.suspicion.complaint?.complaint ?? null
    }
  }

  const others = kit.ids.filter((id) => id !== 0 && id !== 2)

  describe('the judgement', () => {
    test('PBFT-5.4 a primary that proposes long after it could is late, from the first view on', () => {
      const backup = new Watched()
      backup.windows(BAD_WINDOWS_MIN - 1, LATE_TICKS)
      expect(backup.blames).toBeNull()
      backup.window(LATE_TICKS)
      expect(backup.blames).toBe('late')
      expect(backup.state.views.view).toBe(0)
    })

    test('PBFT-5.4 one that proposes in time is not, however long ordering takes then', () => {
      const quick = new Watched()
      quick.windows(3 * BAD_WINDOWS_MIN, LAG_SLACK_TICKS - 1)
      expect(quick.blames).toBeNull()
      const backup = new Watched()
      let timestamp = 0
      for (let sample = 0; sample < 3 * WINDOW_SAMPLES_MIN; sample++) {
        const request = kit.request(1, { timestamp: ++timestamp })
        const sequence = backup.state.ordering.lastExecuted + 1
        const batch = kit.batch([request], backup.state.clock.now)
        backup.receive(request)
        backup.receive(kit.prePrepare({ sequence, batch }))
        backup.tickHearing(20)
        decide(kit, backup, { sequence, batch })
      }
      expect(backup.blames).toBeNull()
    })

    test('PBFT-5.4 a primary with less throughput and longer waits than before is slow', () => {
      const backup = new Watched()
      backup.windows(4, 1)
      backup.windows(BAD_WINDOWS_MIN - 1, 3, LESS)
      expect(backup.blames).toBeNull()
      backup.window(3, LESS)
      expect(backup.blames).toBe('slow')
    })

    test('PBFT-5.4 what a busy machine adds to both, lag and ordering, is not the primary’s doing', () => {
      const backup = new Watched()
      backup.windows(4, 1)
      backup.windows(3 * BAD_WINDOWS_MIN, 3, LESS, 2)
      expect(backup.blames).toBeNull()
    })

    test('PBFT-5.4 bad windows count in a row', () => {
      const backup = new Watched()
      backup.windows(4, 1)
      for (let time = 0; time < 5; time++) {
        backup.windows(BAD_WINDOWS_MIN - 1, 3, LESS)
        backup.window(1)
      }
      expect(backup.blames).toBeNull()
    })

    test('PBFT-5.4 fewer requests alone are no fault, nor is longer waiting alone where more is delivered', () => {
      const idle = new Watched()
      idle.windows(4, 1)
      for (let time = 0; time < 10; time++) idle.window(1, LESS)
      expect(idle.blames).toBeNull()
      const busy = new Watched()
      busy.windows(4, 1)
      for (let time = 0; time < 10; time++) busy.window(3, 500)
      expect(busy.blames).toBeNull()
    })

    test('PBFT-5.4 a primary that gets slower bit by bit does not take the standard with it', () => {
      const backup = new Watched()
      backup.windows(8, 1)
      const before = backup.state.suspicion.monitor.reference
      backup.windows(8, 2, 95)
      expect(backup.state.suspicion.monitor.reference?.lag).toBe(before?.lag)
    })

    test('PBFT-5.4 a primary without requests is not judged', () => {
      const backup = new Watched()
      backup.tickHearing(20 * WINDOW_TICKS_MIN)
      expect(backup.blames).toBeNull()
      expect(backup.state.suspicion.monitor.reference).toBeNull()
    })

    test('PBFT-5.4 a view that begins has a grace', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      backup.tickHearing(100)
      enter(kit, backup, 1)
      const { fromTick } = backup.state.suspicion.monitor
      expect(fromTick).toBe(backup.state.clock.ticks + GRACE_TICKS)
    })
  })

  describe('the end of a view', () => {
    const late = (): Watched => {
      const backup = new Watched()
      backup.windows(BAD_WINDOWS_MIN, LATE_TICKS)
      return backup
    }

    test('PBFT-5.4 no replica leaves alone: W must complain of one view, and then the primary is blacklisted', () => {
      const backup = late()
      backup.hear(others.slice(0, w - 2), 'slow')
      backup.tickHearing(5)
      expect(backup.state.views.view).toBe(0)
      backup.hear(others.slice(0, w - 1), 'slow', 1) // of another view: it left this one
      backup.tickHearing(2)
      expect(backup.state.views.view).toBe(1)
      expect(backup.state.suspicion.blacklist.all).toEqual([{ replica: 0, complaint: 'late' }])
      expect(
        reportOf(backup.state, {
          revision: 0,
          reachable: [],
          cutOff: { replicas: [], clients: 0 },
          eventLoopDelayMs: 0,
        }).blacklisted,
      ).toHaveLength(1)
    })

    test('PBFT-5.4 the others hear of a complaint at once, and it counts when they have', () => {
      const backup = new Watched()
      backup.hear(others.slice(0, w - 1), 'slow')
      backup.windows(BAD_WINDOWS_MIN - 1, LATE_TICKS)
      expect(backup.state.views.view).toBe(0)
      const said: (Complaint | null)[] = []
      const step = backup.step.bind(backup)
      backup.step = (event) => {
        const effects = step(event)
        said.push(...broadcastsOf(effects, 'status').map(({ complaint }) => complaint))
        return effects
      }
      backup.window(LATE_TICKS)
      backup.tickHearing(2)
      expect(said.at(-1)).toBe('late')
      expect(backup.state.views.view).toBe(1)
    })

    test('PBFT-5.4 W others who complain are enough: one of them is correct', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      for (const id of others.slice(0, w)) backup.receive(kit.status(id, { complaint: 'unfair' }))
      backup.tickHearing()
      expect(backup.state.views.view).toBe(1)
      expect(backup.state.suspicion.blacklist.all).toEqual([{ replica: 0, complaint: 'unfair' }])
    })

    describe('a primary that is convicted of lying', () => {
      /** Shows this backup two votes of one replica that contradict each other; at each sequence number anew. */
      const convict = (backup: ReplicaUnderTest, guilty: number, sequence = 1): void => {
        const votes = [kit.batch([kit.request(0)]), kit.batch([kit.request(1)])].map(({ digest }) =>
          kit.vote('commit', guilty, { sequence, digest }),
        )
        for (const vote of votes) backup.receive(vote)
      }

      test('PBFT-5.4 is complained of at once, and left when W know', () => {
        const backup = new ReplicaUnderTest(kit, 2)
        convict(backup, 0)
        expect(backup.state.suspicion.complaint).toMatchObject({ complaint: 'equivocating' })
        backup.tickHearing(2)
        expect(backup.state.views.view).toBe(0)
        for (const id of others.slice(0, w - 1)) backup.receive(kit.status(id, { complaint: 'equivocating' }))
        backup.tickHearing()
        expect(backup.state.views.view).toBe(1)
        expect(backup.state.suspicion.blacklist.all).toEqual([{ replica: 0, complaint: 'equivocating' }])
      })

      test('PBFT-5.4 is passed by before it leads', () => {
        const backup = new ReplicaUnderTest(kit, 2)
        convict(backup, 1)
        expect(backup.state.suspicion.complaint).toBeNull()
        expect(viewAfter(backup.state)).toBe(2)
      })

      test('PBFT-5.4 is not had back later, when no more is kept against it', () => {
        const backup = new ReplicaUnderTest(kit, 2)
        for (let sequence = 1; sequence <= EVIDENCE_PER_REPLICA_MAX; sequence++) convict(backup, 0, sequence)
        backup.state.suspicion.complaint = null
        backup.tickHearing()
        expect(backup.state.suspicion.complaint).toMatchObject({ complaint: 'equivocating' })
      })
    })

    test('PBFT-5.4 f replicas that always complain end no view', () => {
      const backup = new Watched()
      for (let time = 0; time < 20; time++) {
        backup.hear(others.slice(0, f), 'slow')
        backup.window(1)
      }
      expect(backup.state.views.view).toBe(0)
    })

    test('PBFT-5.4 a replica that complains but leaves for another reason still blacklists the primary', () => {
      const backup = late()
      leaveFor(kit, backup, 1)
      expect(backup.state.suspicion.blacklist.all).toEqual([{ replica: 0, complaint: 'late' }])
    })

    test('PBFT-5.4 a complaint that finds no company is dropped', () => {
      const backup = late()
      backup.tickHearing(COMPLAINT_TICKS)
      expect(backup.state.suspicion.complaint).toBeNull()
    })
  })

  describe('the blacklist', () => {
    const without = (replica: number) => {
      const backup = new ReplicaUnderTest(kit, 2)
      const { blacklist } = backup.state.suspicion
      const { ticks } = backup.state.clock
      blacklist.add({ replica: replica as never, complaint: 'slow', figures: null, tick: ticks })
      return backup
    }

    test('PBFT-5.4 a change from an active view skips a blacklisted primary', () => {
      const backup = without(1)
      backup.receive(kit.request(0))
      backup.tickHearing(REQUEST_TIMEOUT_TICKS)
      expect(backup.state.views.view).toBe(2)
    })

    test('PBFT-5.4 after a view that never began everybody has a chance again', () => {
      const backup = awaitingNewView(kit, 1, 2)
      backup.state.suspicion.blacklist.add({ replica: 3 as never, complaint: 'slow', figures: null, tick: 0 })
      backup.tickHearing(REQUEST_TIMEOUT_TICKS)
      backup.settle()
      expect(backup.state.views.view).toBe(3)
    })

    test('PBFT-5.4 it has f entries at most, the oldest leaves, and no entry stays forever', () => {
      const { blacklist } = new ReplicaUnderTest(kit, 2).state.suspicion
      for (let replica = 0; replica <= f; replica++) {
        blacklist.add({ replica: replica as never, complaint: 'slow', figures: null, tick: replica })
      }
      expect(blacklist.all.map(({ replica }) => replica)).toEqual(kit.ids.slice(1, f + 1))
      blacklist.expire(BLACKLISTED_TICKS + 1)
      expect(blacklist.all).toHaveLength(f - 1)
      blacklist.expire(BLACKLISTED_TICKS + f)
      expect(blacklist.all).toEqual([])
    })

    test('PBFT-5.4 when f + 1 primaries are no better, the machines are slow: no primary is blacklisted, and those that were are acquitted', () => {
      const backup = new Watched()
      backup.windows(4, 1)
      const { blacklist, monitor } = backup.state.suspicion
      const { patience } = monitor
      const reference = monitor.reference
      if (reference === null) throw new Error('nothing was learned')
      const figures = { ...reference, delivered: 0.45 * reference.delivered, lag: 3 * reference.lag }
      for (let replica = 1; replica <= f; replica++) {
        blacklist.add({ replica: (n - replica) as never, complaint: 'slow', figures, tick: 0 })
      }
      backup.windows(BAD_WINDOWS_MIN, 3, LESS)
      expect(backup.blames).toBeNull()
      expect(blacklist.all).toEqual([])
      expect(monitor.patience).toBe(2 * patience)
    })

    test('PBFT-5.4 a primary that is worse than f others is still blamed, and the others are acquitted', () => {
      const backup = new Watched()
      backup.windows(4, 1)
      const { blacklist, monitor } = backup.state.suspicion
      const reference = monitor.reference
      if (reference === null) throw new Error('nothing was learned')
      const figures = { ...reference, delivered: 0.85 * reference.delivered, lag: 1.7 * reference.lag }
      for (let replica = 1; replica <= f; replica++) {
        blacklist.add({ replica: (n - replica) as never, complaint: 'slow', figures, tick: 0 })
      }
      backup.windows(BAD_WINDOWS_MIN, 4, 20)
      expect(backup.blames).toBe('slow')
      expect(blacklist.all).toEqual([])
    })
  })
})
