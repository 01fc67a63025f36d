/** Rule 5.4, the client's side: some requests go to a backup too. */
import { expect, test } from 'vitest'
import { VerifiedRequests } from '../../src/runtime/authentication/verified-requests.ts'
import { createClusterKit } from '../kit/cluster-kit.ts'
import { SessionUnderTest, sessionEffects } from '../kit/session-kit.ts'

const kit = createClusterKit(4)
const results = Uint8Array.of(1)

/** The receivers of each of these requests, each answered after so many ticks. */
function receivers(
  session: SessionUnderTest,
  count: number,
  afterTicks: number,
): readonly (readonly number[])[] {
  return Array.from({ length: count }, () => {
    const sent = sessionEffects(session.submit(), 'send')
    session.tick(afterTicks)
    const [first] = sent
    if (first === undefined) throw new Error('nothing was sent')
    for (const replica of [0, 1]) session.reply(replica, first.request, results)
    return sent.map(({ to }) => to)
  })
}

test('PBFT-5.4 every sixteenth request goes to a backup too, each time to one drawn at random', () => {
  const sent = receivers(new SessionUnderTest(kit), 240, 1)
  expect(sent.every(([first]) => first === 0)).toBe(true)
  const witnesses = sent.flatMap((to, index) => (to.length > 1 ? [{ index, backup: to[1] }] : []))
  expect(witnesses.map(({ index }) => index)).toEqual(witnesses.map((_, time) => 16 * time + 15))
  expect(new Set(witnesses.map(({ backup }) => backup))).toEqual(new Set([1, 2, 3]))
})

test('PBFT-5.4 while answers take much longer than they did, every second request does', () => {
  const session = new SessionUnderTest(kit)
  receivers(session, 16, 1)
  receivers(session, 16, 30)
  expect(receivers(session, 8, 30).filter(({ length }) => length === 2)).toHaveLength(4)
  receivers(session, 48, 1)
  expect(receivers(session, 32, 1).filter(({ length }) => length === 2)).toHaveLength(2)
})

test('PBFT-5.4 a backup does not check a request again that it was sent before its batch came', () => {
  const verified = new VerifiedRequests()
  const request = kit.request(0)
  expect(verified.take(request)).toBe(false)
  verified.add(request)
  const forged = { ...request, authentication: request.authentication.with(63, 0xff) }
  expect(verified.take(forged)).toBe(false)
  expect(verified.take(kit.request(1))).toBe(false)
  expect(verified.take(request)).toBe(true)
  expect(verified.take(request)).toBe(false) // once
})
