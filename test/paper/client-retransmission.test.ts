/** Rule 1.12: whom a client asks, and when it asks again. */
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { COUNTER_MAX } from '../../src/messages/limits.ts'
import { currentView } from '../../src/session/session.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { SessionUnderTest, sessionEffects } from '../kit/session-kit.ts'

const TRUE = utf8('the true results')
const FALSE = utf8('false results')

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const honest = kit.ids.slice(kit.f)
  const liars = kit.ids.slice(0, kit.f)

  describe('views and retransmission', () => {
    test('PBFT-1.12 the first send goes to the primary alone', () => {
      const session = new SessionUnderTest(kit)
      expect(sessionEffects(session.submit(), 'send')).toMatchObject([{ to: 0 }])
    })

    test('PBFT-1.12 the view is the W-th largest reported: f liars do not steer it', () => {
      const session = new SessionUnderTest(kit)
      const request = session.ask()
      for (const liar of liars) session.reply(liar, request, FALSE, { view: COUNTER_MAX })
      expect(currentView(session.state)).toBe(0)
      expect(sessionEffects(session.submit(), 'send')).toMatchObject([{ to: 0 }])
      session.reply(honest[0] ?? 0, request, TRUE, { view: 6 })
      expect(currentView(session.state)).toBe(6)
      expect(sessionEffects(session.submit(), 'send')).toMatchObject([{ to: 6 % n }])
    })

    test('PBFT-1.12 liars who report low views do not hold it down', () => {
      const session = new SessionUnderTest(kit)
      const request = session.ask()
      for (const sender of honest.slice(0, kit.w)) session.reply(sender, request, TRUE, { view: 3 })
      const next = session.ask()
      for (const liar of liars) session.reply(liar, next, FALSE, { view: 0 })
      expect(currentView(session.state)).toBe(3)
    })

    test('PBFT-1.12 on timeout to all, with growing backoff up to a bound, forever', () => {
      const session = new SessionUnderTest(kit, { seed: 5 })
      const request = session.ask()
      const sentAt: number[] = []
      for (let tick = 1; tick <= 6_000; tick++) {
        const broadcasts = sessionEffects(session.tick(), 'broadcast')
        if (broadcasts.length > 0) sentAt.push(tick)
        for (const broadcast of broadcasts) expect(broadcast.request).toBe(request)
      }
      const gaps = sentAt.map((tick, index) => tick - (sentAt[index - 1] ?? 0))
      expect(gaps.length).toBeGreaterThan(10)
      for (const [attempt, gap] of gaps.entries()) {
        const ticks = Math.min(15 * 2 ** attempt, 300)
        expect(gap).toBeGreaterThanOrEqual(ticks / 2)
        expect(gap).toBeLessThanOrEqual(ticks * 1.5 + 1)
      }
    })

    test('PBFT-1.12 the backoff is randomised: two clients do not fall into step', () => {
      const gapsOf = (seed: number) => {
        const session = new SessionUnderTest(kit, { seed })
        session.ask()
        return Array.from({ length: 500 }, () => session.tick().length).join('')
      }
      expect(new Set([1, 2, 3, 4].map(gapsOf)).size).toBe(4)
    })

    test('PBFT-1.12 an answered request is not sent again', () => {
      const session = new SessionUnderTest(kit)
      const request = session.ask()
      for (const sender of honest) session.reply(sender, request, TRUE)
      expect(session.tick(1_000)).toEqual([])
    })
  })
})
