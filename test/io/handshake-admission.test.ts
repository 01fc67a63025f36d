/** Which handshakes are answered when there are too many of them. */
import { describe, expect, test } from 'vitest'
import { type ClientId, toReplicaId } from '../../src/base/ids.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { HandshakeAdmission, handshakeRateFor } from '../../src/io/handshake-admission.ts'
import type { Claim } from '../../src/ports.ts'

const RATE = { perSecond: 10, atOnce: 8 }
const SECONDS = 60
const KNOWN = 'known'
const admission = () =>
  new HandshakeAdmission({ rate: RATE, isKnownClient: ({ id }) => id.startsWith(KNOWN) })
const client = (name: string): Claim => ({
  peer: { kind: 'client', id: name as ClientId },
  isVouched: false,
})
const replica = (id: number, isVouched = true): Claim => ({
  peer: { kind: 'replica', id: toReplicaId(id) },
  isVouched,
})

/** So many a millisecond for a minute; gives how many were answered. */
function flood(door: HandshakeAdmission, claims: readonly Claim[], address = 'here'): number {
  let answered = 0
  for (let nowMs = 0; nowMs < SECONDS * 1_000; nowMs++) {
    for (const claim of claims) if (door.admits(claim, address, nowMs)) answered++
  }
  return answered
}

describe('PBFT-5.5 handshakes', () => {
  test('of strangers are answered at a bounded rate, whatever they claim to be', () => {
    const claims = [client('somebody'), client('somebody else'), replica(2, false)]
    const answered = flood(admission(), claims)
    expect(answered).toBeLessThanOrEqual(RATE.perSecond * SECONDS + RATE.atOnce)
    expect(answered).toBeGreaterThan((RATE.perSecond * SECONDS) / 2)
  })

  test('of a replica with its key are answered while strangers flood from the same address', () => {
    const door = admission()
    flood(door, [client('somebody'), client(KNOWN), replica(2, false)])
    expect(door.admits(replica(2), 'here', SECONDS * 1_000)).toBe(true)
    expect(door.admits(replica(2, false), 'here', SECONDS * 1_000)).toBe(false)
  })

  test('of one replica without end take none from another replica', () => {
    const door = admission()
    expect(flood(door, [replica(3)])).toBeLessThan(1_000)
    expect(door.admits(replica(2), 'here', SECONDS * 1_000)).toBe(true)
  })

  test("of the cluster's clients are answered while strangers flood", () => {
    const door = admission()
    flood(door, [client('somebody')])
    expect(door.admits(client(KNOWN), 'here', SECONDS * 1_000)).toBe(true)
  })

  test('from one address leave half of the places to others', () => {
    const door = admission()
    flood(door, [client(KNOWN), client('somebody')])
    expect(door.admits(client(`${KNOWN} too`), 'elsewhere', SECONDS * 1_000)).toBe(true)
    expect(door.admits(client('a third'), 'elsewhere', SECONDS * 1_000)).toBe(true)
    expect(door.admits(client('a third'), 'here', SECONDS * 1_000)).toBe(false)
  })

  test('PBFT-7.14 leave a bounded number of addresses behind', () => {
    const door = admission()
    for (let number = 0; number < 5_000; number++)
      door.admits(client('somebody'), `address ${number}`, number)
    expect(door.remembered).toBeLessThanOrEqual(1_024)
  })

  test('are fewer where each takes longer', () => {
    const [fast, slow] = [handshakeRateFor(suiteNamed('sodium')), handshakeRateFor(suiteNamed('noble'))]
    expect(slow.perSecond).toBeLessThan(fast.perSecond)
    expect(slow.atOnce).toBeLessThan(fast.atOnce)
  })
})
