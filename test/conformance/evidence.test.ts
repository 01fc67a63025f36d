/** Evidence is checked with public keys alone: true evidence passes whatever its source, and nothing else passes. */
import { describe, expect, test } from 'vitest'
import { replicaIds } from '../../src/base/ids.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { createSigningDigest, encodeFrame } from '../../src/messages/frame.ts'
import { FRAME_KINDS } from '../../src/messages/kinds.ts'
import { COUNTER_MAX } from '../../src/messages/limits.ts'
import { type Payload, packPayload } from '../../src/messages/payload.ts'
import {
  createEvidenceVerifier,
  type EvidenceFailure,
} from '../../src/runtime/authentication/evidence-check.ts'
import { createClusterKit, seedOf } from '../kit/cluster-kit.ts'

describe.each(['sodium', 'noble', 'simulated'] as const)('%s', (name) => {
  const suite = suiteNamed(name)
  const signers = replicaIds(4).map((id) => suite.signer(seedOf(100 + id)))
  const { cluster: other } = createClusterKit(4)
  const replicas = other.replicas.map((replica, id) => ({
    ...replica,
    publicKey: signers[id]?.publicKey ?? replica.publicKey,
  }))
  const clusterId = seedOf(77)
  const verify = createEvidenceVerifier({ cluster: { clusterId, replicas }, suite })
  const NO_BODY = new Uint8Array(0)

  const sealed = (
    kind: keyof typeof FRAME_KINDS,
    payload: Payload,
    { by = payload[0], of = clusterId }: { readonly by?: unknown; readonly of?: Uint8Array } = {},
  ): Uint8Array => {
    const packed = packPayload(payload)
    const digest = createSigningDigest(suite.hash, of)(FRAME_KINDS[kind], packed)
    const authentication = signers[by as number]?.sign(digest) ?? NO_BODY
    return encodeFrame({ kind: FRAME_KINDS[kind], payload: packed, authentication, body: NO_BODY }).envelope
  }
  const vote = (sender: number, digest: number, view = 3, sequence = 9): Payload => [
    sender,
    view,
    sequence,
    seedOf(digest),
  ]
  const faultOf = (first: Uint8Array, second: Uint8Array): EvidenceFailure | null => {
    const verdict = verify({ first, second })
    return verdict.kind === 'proved' ? null : verdict.because
  }

  test('PBFT-1.5 of every kind that is signed once, two different messages for one place are proved', () => {
    for (const kind of ['pre-prepare', 'prepare', 'commit'] as const) {
      const [first, second] = [sealed(kind, vote(2, 1)), sealed(kind, vote(2, 2))]
      const verdict = verify({ first, second })
      expect(verdict).toMatchObject({ kind: 'proved', evidence: { guilty: 2, first: { kind, view: 3 } } })
    }
    const checkpoint = (root: number) => sealed('checkpoint', [1, 128, seedOf(root)])
    expect(verify({ first: checkpoint(1), second: checkpoint(2) })).toMatchObject({
      kind: 'proved',
      evidence: { guilty: 1, first: { kind: 'checkpoint', sequence: 128 } },
    })
  })

  test('PBFT-1.5 two messages that may both be sent prove nothing, with the reason', () => {
    const first = sealed('prepare', vote(2, 1))
    const because = (second: Uint8Array) => faultOf(first, second)
    expect(because(sealed('prepare', vote(1, 2)))).toEqual({ fault: 'different-signers' })
    expect(because(sealed('commit', vote(2, 2)))).toEqual({ fault: 'different-kinds' })
    expect(because(sealed('prepare', vote(2, 2, 4)))).toEqual({ fault: 'different-places' })
    expect(because(sealed('prepare', vote(2, 2, 3, 10)))).toEqual({ fault: 'different-places' })
    expect(because(first)).toEqual({ fault: 'same-content' })
  })

  test('PBFT-1.5 a message that its sender did not sign for this cluster proves nothing', () => {
    const first = sealed('prepare', vote(2, 1))
    const second = vote(2, 2)
    expect(faultOf(first, sealed('prepare', second))).toBeNull()
    const bad = { fault: 'bad-signature', which: 'second' }
    expect(faultOf(first, sealed('prepare', second, { by: 1 }))).toEqual(bad)
    expect(faultOf(first, sealed('prepare', second, { of: seedOf(78) }))).toEqual(bad)
    expect(faultOf(sealed('prepare', vote(2, 1), { by: 0 }), sealed('prepare', second))).toEqual({
      fault: 'bad-signature',
      which: 'first',
    })
    for (const sender of [4, 13, COUNTER_MAX]) {
      const stranger = [sealed('prepare', vote(sender, 1), { by: 0 }), sealed('prepare', second)] as const
      expect(faultOf(...stranger)).toEqual({ fault: 'unknown-signer', which: 'first' })
    }
  })

  test('PBFT-1.5 no other kind of message is evidence', () => {
    const first = sealed('prepare', vote(2, 1))
    for (const kind of ['request', 'reply', 'view-change', 'new-view', 'status', 'exhibit'] as const) {
      expect(faultOf(sealed(kind, vote(2, 2)), first)).toMatchObject({ fault: 'not-a-signed-message' })
    }
    expect(faultOf(NO_BODY, first)).toMatchObject({ fault: 'not-a-signed-message', which: 'first' })
  })

  test('PBFT-1.5 one flipped bit anywhere, a byte more or less: nothing is proved', () => {
    const first = sealed('commit', vote(2, 1))
    const second = sealed('commit', vote(2, 2))
    const step = name === 'noble' ? 11 : 1 // it is slow
    for (let bit = 0; bit < second.length * 8; bit += step) {
      const flipped = Uint8Array.from(second)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(faultOf(first, flipped), `bit ${bit}`).not.toBeNull()
      expect(faultOf(flipped, first), `bit ${bit}`).not.toBeNull()
    }
    for (let length = 0; length < second.length; length++) {
      expect(faultOf(first, second.subarray(0, length))).not.toBeNull()
    }
    expect(faultOf(first, Uint8Array.from([...second, 0]))).not.toBeNull()
  })
})
