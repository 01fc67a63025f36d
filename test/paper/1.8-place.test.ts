/** Rule 1.8: a client learns its last timestamp before it uses one, and learns of another process with its key. */
import { describe, expect, test } from 'vitest'
import { CLIENT_WINDOW, COUNTER_MAX } from '../../src/messages/limits.ts'
import { LiveSessions } from '../../src/runtime/execution/live-sessions.ts'
import {
  freeRequests,
  isKeyShared,
  RESERVATION_TIMESTAMPS,
  RESERVE_AGAIN_TICKS,
} from '../../src/session/session.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { SessionUnderTest, sessionEffects } from '../kit/session-kit.ts'

const OTHER = new Uint8Array(16).fill(9)

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const unplaced = (options = {}) => new SessionUnderTest(kit, { executed: null, ...options })
  const placedBy = (session: SessionUnderTest, timestamps: readonly number[]) =>
    timestamps.map((timestamp, sender) => session.place(sender, timestamp))

  test('PBFT-1.8 no timestamp is used before Q replicas said where they stand, and all are asked until then', () => {
    const session = unplaced()
    expect(freeRequests(session.state)).toBe(0)
    session.tick(41)
    for (const id of kit.ids) expect(session.asked.filter(({ to }) => to === id).length).toBeGreaterThan(1)
    placedBy(session, new Array<number>(kit.q - 1).fill(0))
    for (let time = 0; time < n; time++) session.place(0, 0) // one replica that repeats itself is one
    expect(freeRequests(session.state)).toBe(0)
    expect(sessionEffects(session.submit(), 'refused')).toMatchObject([{ reason: 'busy' }])
    session.place(kit.q - 1, 0)
    expect(freeRequests(session.state)).toBe(CLIENT_WINDOW)
    expect(session.ask().timestamp).toBe(1)
  })

  test('PBFT-1.8 a lost counter is no first start: use begins far above what was executed, once that is reserved', () => {
    const session = unplaced({ reserved: 0 })
    session.tick()
    session.step({ kind: 'reserved', upTo: RESERVATION_TIMESTAMPS })
    const executed = 7 * RESERVATION_TIMESTAMPS
    placedBy(session, new Array<number>(kit.q).fill(executed))
    expect(freeRequests(session.state)).toBe(0)
    const [reserve] = sessionEffects(session.tick(), 'reserve')
    expect(reserve?.upTo).toBeGreaterThan(executed + CLIENT_WINDOW)
    session.step({ kind: 'reserved', upTo: reserve?.upTo ?? 0 })
    // What an earlier session still has under way lies below it.
    expect(session.ask().timestamp).toBeGreaterThan(executed + CLIENT_WINDOW)
    expect(session.state.leaps).toBe(1)
    expect(isKeyShared(session.state)).toBe(false)
  })

  test('PBFT-1.8 a counter that is ahead of what was executed is kept', () => {
    const session = unplaced({ reservedBefore: 8_192 })
    placedBy(session, new Array<number>(kit.q).fill(8_000))
    expect(session.ask().timestamp).toBe(8_193)
    expect(session.state.leaps).toBe(0)
  })

  test('PBFT-1.8 f liars neither raise the place nor hide it', () => {
    const liars = new Array<number>(kit.f)
    const high = unplaced()
    placedBy(high, [...liars.fill(COUNTER_MAX), ...new Array<number>(kit.q - kit.f).fill(0)])
    expect(high.ask().timestamp).toBe(1)
    const low = unplaced()
    placedBy(low, [...liars.fill(0), ...new Array<number>(kit.q - kit.f).fill(500)])
    expect(low.state.nextTimestamp).toBeGreaterThan(500)
  })

  test('PBFT-1.8 an answer to another session of the key counts for nothing', () => {
    const session = unplaced()
    for (const id of kit.ids) session.place(id, 0, { session: OTHER })
    expect(freeRequests(session.state)).toBe(0)
  })

  test('PBFT-1.8 each question repeats the token of the replica it goes to', () => {
    const session = unplaced()
    session.place(1, 0, { token: 77 })
    session.asked.length = 0
    session.tick(41)
    for (const { to, token } of session.asked) expect(token).toBe(to === 1 ? 77 : 0)
    session.asked.length = 0
    session.step({ kind: 'linked', replica: kit.ids[1] ?? (1 as never) })
    expect(session.asked).toMatchObject([{ to: 1, token: 77 }])
  })

  test('PBFT-1.8 W replicas that hear another session stop this one, f do not, and it resumes when that one is gone', () => {
    const session = new SessionUnderTest(kit)
    for (const id of kit.ids.slice(0, kit.w - 1)) session.place(id, 0, { isShared: true })
    expect(isKeyShared(session.state)).toBe(false)
    session.place(kit.w - 1, 0, { isShared: true })
    expect(isKeyShared(session.state)).toBe(true)
    expect(freeRequests(session.state)).toBe(0)
    for (const id of kit.ids) session.place(id, 0)
    session.tick(1_000)
    for (const id of kit.ids) session.place(id, 0)
    expect(isKeyShared(session.state)).toBe(false)
    expect(session.ask().timestamp).toBe(1)
  })

  test('PBFT-1.8 executed timestamps above its own show another process', () => {
    const session = new SessionUnderTest(kit)
    session.ask()
    for (const id of kit.ids) session.place(id, 900)
    expect(isKeyShared(session.state)).toBe(true)
    expect(session.state.nextTimestamp).toBeGreaterThan(900 + CLIENT_WINDOW)
  })

  test.each(['another-session', 'stale'] as const)(
    'PBFT-1.8 a timestamp refused as %s ends its request, tells of another process, and the place is learnt anew',
    (reason) => {
      const session = new SessionUnderTest(kit)
      const request = session.ask()
      const effects = kit.ids.slice(0, kit.w).flatMap((sender) => session.refuse(sender, request, reason))
      expect(effects).toEqual([{ kind: 'refused', token: 1, reason }])
      expect(isKeyShared(session.state)).toBe(true)
      session.tick(1_000)
      expect(isKeyShared(session.state)).toBe(false)
      expect(freeRequests(session.state)).toBe(0)
      for (const id of kit.ids) session.place(id, 60_000)
      session.tick(1_000)
      expect(session.state.nextTimestamp).toBeGreaterThan(60_000)
    },
  )

  test('PBFT-1.8 a reservation that fails is tried again, and the reserved numbers are used meanwhile', () => {
    const session = new SessionUnderTest(kit, { reserved: 3 })
    expect(sessionEffects(session.tick(), 'reserve')).toHaveLength(1)
    session.step({ kind: 'reservation-failed' })
    const requests = [session.ask(), session.ask(), session.ask()]
    expect(requests.map(({ timestamp }) => timestamp)).toEqual([1, 2, 3])
    expect(freeRequests(session.state)).toBe(0)
    expect(sessionEffects(session.tick(RESERVE_AGAIN_TICKS - 1), 'reserve')).toEqual([])
    const [again] = sessionEffects(session.tick(2), 'reserve')
    expect(again?.upTo).toBe(3 + RESERVATION_TIMESTAMPS)
    session.step({ kind: 'reserved', upTo: again?.upTo ?? 0 })
    expect(session.ask().timestamp).toBe(4)
  })
})

describe('sessions that are alive', () => {
  const kit = createClusterKit(4)
  const [client, stranger] = [kit.clientId(0), kit.clientId(1)]
  const [a, b] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)]
  const talk = (sessions: LiveSessions) => {
    const tokens = new Map<Uint8Array, number>()
    return (nonce: Uint8Array, of = client): boolean => {
      const { token, isShared } = sessions.hear(of, nonce, tokens.get(nonce) ?? 0)
      tokens.set(nonce, token)
      return isShared
    }
  }

  test('PBFT-1.8 two active sessions of one key learn of each other; two clients do not', () => {
    const ask = talk(new LiveSessions())
    expect([ask(a), ask(b), ask(a), ask(b)]).toEqual([false, false, false, false])
    expect([ask(a), ask(b)]).toEqual([true, true])
    const apart = talk(new LiveSessions())
    for (let time = 0; time < 5; time++) {
      expect(apart(a, client)).toBe(false)
      expect(apart(b, stranger)).toBe(false)
    }
  })

  test('PBFT-1.8 a process that was started again is alone, also where the last words of the former come late', () => {
    const sessions = new LiveSessions()
    const ask = talk(sessions)
    for (let time = 0; time < 3; time++) ask(a)
    const last = sessions.hear(client, a, 3).token
    expect(ask(b)).toBe(false)
    for (const token of [1, 2, 3, last]) sessions.hear(client, a, token)
    for (let time = 0; time < 5; time++) expect(ask(b)).toBe(false)
  })

  test('PBFT-1.8 one that does not ask again is gone after a while', () => {
    const sessions = new LiveSessions()
    const ask = talk(sessions)
    for (let time = 0; time < 3; time++) {
      ask(a)
      ask(b)
    }
    expect(ask(b)).toBe(true)
    for (let tick = 0; tick < 400; tick++) sessions.tick()
    expect(ask(b)).toBe(false)
  })

  test('PBFT-7.14 only a few sessions of a client are remembered, and the active one continues', () => {
    const sessions = new LiveSessions()
    const ask = talk(sessions)
    for (let number = 0; number < 100; number++) ask(new Uint8Array(16).fill(number))
    ask(a)
    expect(ask(a)).toBe(false)
  })
})
