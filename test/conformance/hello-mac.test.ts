/** The proof that a replica shows at a door before its handshake: only it and the responder can make it, and without it nothing is computed. */
import { describe, expect, test } from 'vitest'
import { toReplicaId } from '../../src/base/ids.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import type { Claim, CryptoSuite, HandshakeStep } from '../../src/ports.ts'
import { createLinkSecurity } from '../../src/runtime/links/secure-link.ts'

const MAC_BYTES = 16

describe.each(['sodium', 'noble', 'simulated'] as const)('PBFT-5.5 a knock in the suite %s', (name) => {
  const suite = suiteNamed(name)
  const seed = (number: number) => new Uint8Array(32).fill(number)
  const signers = [0, 1, 2, 3].map((id) => suite.signer(seed(id + 1)))
  const secrets = [0, 1, 2, 3].map((id) => seed(id + 101))
  const agreementKeys = secrets.map((secret) => suite.agreementPublicKey(secret))
  const replicaKeys = signers.map(({ publicKey }) => publicKey)
  let agreements = 0
  const counting: CryptoSuite = {
    ...suite,
    agree: (secret, key) => {
      agreements++
      return suite.agree(secret, key)
    },
  }

  /** Replica `id`, with the secret of `helloMacsAs`. */
  const securityOf = (id: number, { helloMacsAs = id, clusterId = seed(9) } = {}) =>
    createLinkSecurity({
      suite: counting,
      entropy: (size) => crypto.getRandomValues(new Uint8Array(size)),
      clusterId,
      replicaKeys,
      identity: { kind: 'replica', id: toReplicaId(id), signer: signers[id] as (typeof signers)[0] },
      helloMacKeys: { agreementSecret: secrets[helloMacsAs] as Uint8Array, agreementKeys },
    })
  const helloOf = (...of: Parameters<typeof securityOf>): Uint8Array =>
    securityOf(...of).initiate(toReplicaId(1)).opening ?? new Uint8Array(0)

  /** The link cookie about which replica 1 is asked when this arrives, and its answer if it admits nobody. */
  function knocked(hello: Uint8Array): { claim: Claim | null; step: HandshakeStep } {
    let claim: Claim | null = null
    const handshake = securityOf(1).respond((asked) => {
      claim = asked
      return false
    })
    return { step: handshake.receive(hello), claim }
  }
  const refused = { kind: 'failed', reason: 'not-admitted' }
  const replica2 = { kind: 'replica', id: 2 }

  test('identifies the replica that it was meant for, and no other', () => {
    expect(knocked(helloOf(2))).toEqual({ step: refused, claim: { peer: replica2, isVouched: true } })
    const elsewhere = securityOf(3).respond(() => true)
    expect(elsewhere.receive(helloOf(2))).toEqual({ kind: 'failed', reason: 'wrong-peer' })
  })

  test('is not made without the secret, nor altered', () => {
    expect(knocked(helloOf(2, { helloMacsAs: 3 })).claim).toEqual({ peer: replica2, isVouched: false })
    const hello = helloOf(2)
    for (let byte = 0; byte < MAC_BYTES; byte++) {
      const at = hello.length - 1 - byte
      const altered = hello.map((value, index) => (index === at ? value ^ 1 : value))
      expect(knocked(altered).claim?.isVouched).toBe(false)
    }
  })

  test('of another cluster is no knock', () => {
    expect(knocked(helloOf(2, { clusterId: seed(8) }))).toEqual({
      step: { kind: 'failed', reason: 'wrong-cluster' },
      claim: null,
    })
  })

  test('costs one key agreement for all of them, and nothing more for who is not admitted', () => {
    const door = securityOf(1)
    const hellos = Array.from({ length: 5 }, () => helloOf(2))
    agreements = 0
    for (const hello of hellos) expect(door.respond(() => false).receive(hello)).toEqual(refused)
    expect(agreements).toBe(1)
    expect(door.respond(() => true).receive(hellos[0] as Uint8Array).kind).toBe('continue')
    expect(agreements).toBe(2)
  })
})
