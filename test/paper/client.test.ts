/** Rules 1.7, 1.8 and 1.12, the client's side. OSDI 1999 section 4.1, TOCS 2002 section 4.2. */
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { CLIENT_WINDOW } from '../../src/messages/limits.ts'
import { freeRequests, isAwaited, RESERVATION_TIMESTAMPS } from '../../src/session/session.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { SessionUnderTest, sessionEffects } from '../kit/session-kit.ts'

const TRUE = utf8('the true results')
const FALSE = utf8('false results')

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const honest = kit.ids.slice(kit.f)
  const liars = kit.ids.slice(0, kit.f)
  const answered = (effects: Parameters<typeof sessionEffects>[0]) => sessionEffects(effects, 'answered')

  describe('replies', () => {
    test('PBFT-1.7 f + 1 matching replies decide, f do not', () => {
      const session = new SessionUnderTest(kit)
      const request = session.ask()
      for (const sender of honest.slice(0, kit.w - 1)) {
        expect(answered(session.reply(sender, request, TRUE))).toEqual([])
      }
      const last = honest[kit.w - 1] ?? 0
      expect(answered(session.reply(last, request, TRUE))).toEqual([
        {
          kind: 'answered',
          token: 1,
          results: TRUE,
          vouchers: honest.slice(0, kit.w),
          agreement: {
            request,
            replies: honest.slice(0, kit.w).map((sender) => expect.objectContaining({ sender })),
          },
        },
      ])
      expect(session.state.pending.size).toBe(0)
    })

    test('PBFT-1.7 one replica that repeats itself is one', () => {
      const session = new SessionUnderTest(kit)
      const request = session.ask()
      for (let time = 0; time < 2 * n; time++) {
        expect(answered(session.reply(1, request, TRUE, { view: time }))).toEqual([])
      }
    })

    test('PBFT-1.7 f liars with equal false replies never win, however often they speak', () => {
      const session = new SessionUnderTest(kit)
      const request = session.ask()
      for (let time = 0; time < 3; time++) {
        for (const liar of liars) expect(answered(session.reply(liar, request, FALSE))).toEqual([])
        expect(session.tick(400).every(({ kind }) => kind === 'broadcast')).toBe(true)
      }
      const effects = honest.slice(0, kit.w).flatMap((sender) => session.reply(sender, request, TRUE))
      expect(answered(effects).map(({ results }) => results)).toEqual([TRUE])
    })

    test('PBFT-1.7 liars who change their mind do not add up', () => {
      const session = new SessionUnderTest(kit)
      const request = session.ask()
      for (const results of [FALSE, TRUE, utf8('third'), FALSE]) {
        for (const liar of liars) expect(answered(session.reply(liar, request, results))).toEqual([])
      }
    })

    test('PBFT-1.7 replies match on (client, timestamp, request digest, result digest), never on view', () => {
      const session = new SessionUnderTest(kit)
      const request = session.ask()
      const effects = honest
        .slice(0, kit.w)
        .flatMap((sender, index) => session.reply(sender, request, TRUE, { view: index }))
      expect(answered(effects)).toHaveLength(1)
    })

    test('PBFT-1.7 a reply to another request with this timestamp counts for nothing', () => {
      const session = new SessionUnderTest(kit)
      session.ask()
      const alien = kit.request(0, { operations: utf8('not what was asked') })
      for (const sender of kit.ids) {
        expect(isAwaited(session.state, session.replyOf(sender, alien, TRUE))).toBe(false)
        expect(session.reply(sender, alien, TRUE)).toEqual([])
      }
    })

    test("PBFT-1.7 W digests without results wait for the results; any replica's will do", () => {
      const session = new SessionUnderTest(kit)
      const request = session.ask()
      for (const sender of honest.slice(0, kit.w)) {
        expect(answered(session.reply(sender, request, TRUE, { isShort: true }))).toEqual([])
      }
      expect(answered(session.reply(honest[kit.w - 1] ?? 0, request, TRUE))).toMatchObject([
        { results: TRUE },
      ])
    })

    test('PBFT-1.7 results whose digest W replicas did not give are never taken', () => {
      const session = new SessionUnderTest(kit)
      const request = session.ask()
      session.reply(0, request, FALSE)
      const effects = honest
        .slice(0, kit.w)
        .flatMap((sender) => session.reply(sender, request, TRUE, { isShort: true }))
      expect(answered(effects)).toEqual([])
    })

    test('PBFT-7.14 a liar that sends ever new results fills no memory', () => {
      const session = new SessionUnderTest(kit)
      const request = session.ask()
      for (let index = 0; index < 100; index++) session.reply(0, request, utf8(`lie ${index}`))
      const held = session.state.pending.get(request.timestamp)?.answers.filter((answer) => answer?.results)
      expect(held).toHaveLength(1)
    })
  })

  describe('the designated replica', () => {
    test('PBFT-1.7 each is asked in turn', () => {
      const session = new SessionUnderTest(kit)
      const asked = Array.from({ length: n }, () => session.ask().responder)
      expect(new Set(asked)).toEqual(new Set(kit.ids))
    })

    test('PBFT-1.7 one that stays silent: all are asked soon, and it is not designated again for a while', () => {
      const session = new SessionUnderTest(kit)
      const request = session.ask()
      const others = kit.ids.filter((id) => id !== request.responder)
      for (const sender of others) session.reply(sender, request, TRUE, { isShort: true })
      const asked = sessionEffects(session.tick(10), 'broadcast')
      expect(asked).toEqual([{ kind: 'broadcast', request }])
      const effects = others.slice(0, 1).flatMap((sender) => session.reply(sender, request, TRUE))
      expect(answered(effects)).toMatchObject([{ results: TRUE }])
      const next = Array.from({ length: 2 * n }, () => session.ask().responder)
      expect(next).not.toContain(request.responder)
      session.tick(1_000)
      expect(Array.from({ length: n }, () => session.ask().responder)).toContain(request.responder)
    })

    /** The others vouch at once, the designated replica after so many ticks. Gives the designated one. */
    const waitFor = (session: SessionUnderTest, ticks: number): number => {
      const request = session.ask()
      for (const id of kit.ids) {
        if (id !== request.responder) session.reply(id, request, TRUE, { isShort: true })
      }
      session.tick(ticks)
      expect(answered(session.reply(request.responder, request, TRUE))).toHaveLength(1)
      return request.responder
    }
    const designated = (session: SessionUnderTest) =>
      new Set(Array.from({ length: 2 * n }, () => session.ask().responder))

    test('PBFT-1.7 one whose results come when others have long agreed is not designated for a while', () => {
      const session = new SessionUnderTest(kit)
      expect(designated(session)).toContain(waitFor(session, 1))
      const late = waitFor(session, 3)
      expect(designated(session)).not.toContain(late)
      session.tick(1_000)
      expect(designated(session)).toContain(late)
    })

    test('PBFT-1.7 no more than f are passed over for being late', () => {
      const session = new SessionUnderTest(kit)
      for (let time = 0; time < n; time++) waitFor(session, 3)
      expect(designated(session).size).toBe(n - kit.f)
    })

    test('PBFT-1.7 what is late in a cluster that is slow is measured by it', () => {
      const session = new SessionUnderTest(kit)
      session.state.usualTicks = 20
      expect(designated(session)).toContain(waitFor(session, 5))
    })

    test('PBFT-1.7 when all of them owed results, all are asked at once', () => {
      const session = new SessionUnderTest(kit)
      for (const id of kit.ids) session.state.penaltyUntil[id] = 100
      expect(session.ask().responder).toBeGreaterThanOrEqual(n)
    })

    test("PBFT-1.7 silence of the whole cluster is nobody's debt", () => {
      const session = new SessionUnderTest(kit)
      session.ask()
      session.tick(500)
      expect(session.state.penaltyUntil.every((tick) => tick === 0)).toBe(true)
    })
  })

  describe('timestamps', () => {
    test('PBFT-1.8 a timestamp is used only below the oldest unanswered + 64', () => {
      const session = new SessionUnderTest(kit)
      const requests = Array.from({ length: CLIENT_WINDOW }, () => session.ask())
      expect(freeRequests(session.state)).toBe(0)
      expect(sessionEffects(session.submit(), 'refused')).toMatchObject([{ reason: 'busy' }])
      const [first, second] = requests
      if (first === undefined || second === undefined) throw new Error('no requests')
      // An answer to a later one makes no room: the oldest decides.
      for (const sender of honest) session.reply(sender, second, TRUE)
      expect(freeRequests(session.state)).toBe(0)
      for (const sender of honest) session.reply(sender, first, TRUE)
      expect(freeRequests(session.state)).toBe(2)
      expect(session.ask().timestamp).toBe(CLIENT_WINDOW + 1)
    })

    test('PBFT-1.8 no timestamp is used before its reservation is durable', () => {
      const session = new SessionUnderTest(kit, { reserved: 0 })
      expect(sessionEffects(session.submit(), 'refused')).toMatchObject([{ reason: 'busy' }])
      expect(session.tick()).toEqual([{ kind: 'reserve', upTo: RESERVATION_TIMESTAMPS }])
      expect(session.tick(10)).toEqual([]) // one reservation at a time
      expect(freeRequests(session.state)).toBe(0)
      session.step({ kind: 'reserved', upTo: RESERVATION_TIMESTAMPS })
      expect(session.ask().timestamp).toBe(1)
    })

    test('PBFT-1.8 after a restart use begins above all that was ever reserved', () => {
      const session = new SessionUnderTest(kit, { reservedBefore: 8192, reserved: 0 })
      expect(freeRequests(session.state)).toBe(0)
      expect(session.tick()).toEqual([{ kind: 'reserve', upTo: 8192 + RESERVATION_TIMESTAMPS }])
      session.step({ kind: 'reserved', upTo: 8192 + RESERVATION_TIMESTAMPS })
      expect(session.ask().timestamp).toBe(8193)
    })

    test('PBFT-1.8 the next block is reserved before the last is used up, and use never passes it', () => {
      const session = new SessionUnderTest(kit, { reserved: 3 })
      const effects = session.submit()
      expect(sessionEffects(effects, 'reserve')).toHaveLength(1)
      session.ask()
      session.ask()
      expect(freeRequests(session.state)).toBe(0)
      expect(sessionEffects(session.submit(), 'refused')).toHaveLength(1)
    })

    test('PBFT-1.8 no timestamp is ever used twice', () => {
      const session = new SessionUnderTest(kit)
      const used = new Set<number>()
      for (let index = 0; index < 300; index++) {
        const request = session.ask()
        expect(used.has(request.timestamp)).toBe(false)
        used.add(request.timestamp)
        if (index % 3 === 0) session.refuse(1, request, 'stale')
        for (const sender of honest) session.reply(sender, request, TRUE)
      }
    })
  })

  describe('refusals', () => {
    test.each(['stale', 'timestamp-reused', 'malformed'] as const)(
      'PBFT-1.12 W equal refusals (%s) end a request, f do not',
      (reason) => {
        const session = new SessionUnderTest(kit)
        const request = session.ask()
        for (const sender of kit.ids.slice(0, kit.w - 1)) {
          for (let time = 0; time < 2; time++) expect(session.refuse(sender, request, reason)).toEqual([])
        }
        expect(session.refuse(n - 1, request, reason)).toEqual([{ kind: 'refused', token: 1, reason }])
        expect(session.state.pending.size).toBe(0)
      },
    )

    test('PBFT-1.1 Q must not know a client: W may be f liars and one that lags', () => {
      const session = new SessionUnderTest(kit)
      const request = session.ask()
      for (const sender of kit.ids.slice(0, kit.q - 1)) {
        expect(session.refuse(sender, request, 'unknown-client')).toEqual([])
      }
      const refused = { kind: 'refused', token: 1, reason: 'unknown-client' }
      expect(session.refuse(n - 1, request, 'unknown-client')).toEqual([refused])
    })

    test('PBFT-1.12 different refusals do not add up', () => {
      const session = new SessionUnderTest(kit)
      const request = session.ask()
      const reasons = ['stale', 'timestamp-reused', 'malformed', 'unknown-client'] as const
      for (const [index, sender] of kit.ids.slice(0, kit.w).entries()) {
        const reason = reasons[index % reasons.length] ?? 'stale'
        expect(session.refuse(sender, request, reason)).toEqual([])
      }
    })

    test('PBFT-1.12 W that no longer keep results end the request, though all agreed on them and none sent them', () => {
      const session = new SessionUnderTest(kit)
      const request = session.ask()
      for (const id of kit.ids) expect(session.reply(id, request, TRUE, { isShort: true })).toEqual([])
      const refusals = kit.ids.slice(0, kit.w).flatMap((id) => session.refuse(id, request, 'results-gone'))
      expect(refusals).toEqual([{ kind: 'refused', token: 1, reason: 'results-gone' }])
    })

    test('PBFT-1.12 busy ends nothing: the request is sent again', () => {
      const session = new SessionUnderTest(kit)
      const request = session.ask()
      for (const sender of kit.ids) expect(session.refuse(sender, request, 'busy')).toEqual([])
      expect(sessionEffects(session.tick(100), 'broadcast').length).toBeGreaterThan(0)
    })

    test('PBFT-1.12 f liars who refuse do not stop a request that is answered', () => {
      const session = new SessionUnderTest(kit)
      const request = session.ask()
      for (const liar of liars) session.refuse(liar, request, 'unknown-client')
      const effects = honest.slice(0, kit.w).flatMap((sender) => session.reply(sender, request, TRUE))
      expect(answered(effects)).toHaveLength(1)
    })

    test('PBFT-1.12 a refusal of another request with this timestamp counts for nothing', () => {
      const session = new SessionUnderTest(kit)
      session.ask()
      const alien = kit.request(0, { operations: utf8('not what was asked') })
      for (const sender of kit.ids) expect(session.refuse(sender, alien, 'stale')).toEqual([])
      expect(session.state.pending.size).toBe(1)
    })
  })
})
