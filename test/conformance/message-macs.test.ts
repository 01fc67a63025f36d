/** The MACs inside messages: their places, their receivers, and the renewal of keys. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { concatBytes, equalBytes, toHex, utf8, writeU32 } from '../../src/base/bytes.ts'
import type { Milliseconds, ReplicaId } from '../../src/base/ids.ts'
import type { Peer } from '../../src/base/peer.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { AUTHENTICATION_BYTES_MAX, MAC_BYTES } from '../../src/messages/limits.ts'
import { encodeMacs, epochOf, readMac } from '../../src/messages/macs.ts'
import { createMessageMacs, type MessageMacs } from '../../src/runtime/authentication/message-macs.ts'
import { EPOCH_TICKS } from '../../src/runtime/authentication/pairwise-keys.ts'
import { createIdentities } from '../../src/simulator/world/virtual-cluster.ts'

const suite = suiteNamed('sodium')
const { cluster, agreementSecrets } = createIdentities(
  { seed: 1, n: 4, mode: 'oral', suite: 'sodium', checkpointInterval: 128, workload: { clients: 2 } },
  suite,
  0,
)
const replica = (id: number): Peer => ({ kind: 'replica', id: id as ReplicaId })
const client = (index: number): Peer => ({ kind: 'client', id: cluster.clients[index]?.id ?? ('' as never) })
const secretOf = (kind: Peer['kind'], index: number): Uint8Array =>
  agreementSecrets[kind][index] ?? new Uint8Array(0)
const EPOCH_MS = EPOCH_TICKS * 10

/** A process that was started in the given epoch. */
const macsOf = (self: Peer, index: number, epoch = 100): MessageMacs =>
  createMessageMacs({
    cluster,
    suite,
    self,
    agreementSecret: secretOf(self.kind, index),
    startedAt: (epoch * EPOCH_MS + 5) as Milliseconds,
  })
const macsOfReplica = (id: number, epoch?: number): MessageMacs => macsOf(replica(id), id, epoch)

const digest = new Uint8Array(32).fill(7)
const otherDigest = new Uint8Array(32).fill(8)
const from = (sender: number, authentication: Uint8Array, said = digest) => ({
  sender: replica(sender),
  digest: said,
  authentication,
})
const pass = (macs: MessageMacs, epochs: number): void => {
  for (let tick = 0; tick < epochs * EPOCH_TICKS; tick++) macs.tick()
}

test('a MAC follows the description of the keys, and is the same in both suites', () => {
  for (const name of ['sodium', 'noble'] as const) {
    const described = suiteNamed(name)
    const secret = described.agree(
      secretOf('replica', 2),
      cluster.replicas[0]?.agreementKey ?? new Uint8Array(0),
    )
    const epoch = new Uint8Array(4)
    writeU32(epoch, 0, 100)
    const info = concatBytes(cluster.clusterId, Uint8Array.of(1, 2), Uint8Array.of(1, 0), epoch)
    const key = described.deriveKey({
      secret: secret ?? new Uint8Array(0),
      salt: utf8('strategos oral keys'),
      info,
    })
    const mine = readMac(macsOfReplica(2).forReplicas(digest), { slot: 0, n: 4 })
    expect(toHex(mine?.mac ?? new Uint8Array(0))).toBe(toHex(described.mac(key, digest)))
  }
})

describe('what all replicas get', () => {
  const authentication = macsOfReplica(1).forReplicas(digest)

  it('has one MAC for each, and none for its sender', () => {
    expect(authentication).toHaveLength(4 + 4 * MAC_BYTES)
    expect(epochOf(authentication)).toBe(100)
    const macs = [0, 1, 2, 3].map((slot) => toHex(readMac(authentication, { slot, n: 4 })?.mac ?? digest))
    expect(new Set(macs).size).toBe(4)
    expect(macs[1]).toBe('00'.repeat(MAC_BYTES))
  })

  it('is good for each of them', () => {
    for (const id of [0, 2, 3]) expect(macsOfReplica(id).fault(from(1, authentication))).toBeNull()
  })

  it('is valid for no other sender and for nothing else', () => {
    const receiver = macsOfReplica(0)
    expect(receiver.fault(from(2, authentication))?.reason).toBe('bad-mac')
    expect(receiver.fault(from(0, authentication))?.reason).toBe('unknown-sender')
    expect(receiver.fault(from(4, authentication))?.reason).toBe('unknown-sender')
    expect(receiver.fault(from(1, authentication, otherDigest))?.reason).toBe('bad-mac')
  })

  it('is of no use to a client', () => {
    expect(macsOf(client(0), 0).fault(from(1, authentication))?.reason).toBe('bad-mac')
  })

  it('keeps its promise to each receiver apart: a wrong slot harms one', () => {
    const partial = Uint8Array.from(authentication)
    partial.fill(9, 4 + 2 * MAC_BYTES, 4 + 3 * MAC_BYTES)
    expect(macsOfReplica(2).fault(from(1, partial))?.reason).toBe('bad-mac')
    expect(macsOfReplica(3).fault(from(1, partial))).toBeNull()
  })

  it('fits into a frame of the largest cluster', () => {
    const macs = Array.from({ length: 13 }, () => new Uint8Array(MAC_BYTES))
    expect(encodeMacs(1, macs).length).toBeLessThanOrEqual(AUTHENTICATION_BYTES_MAX)
  })
})

describe('what one receiver gets', () => {
  const answer = macsOfReplica(3).forOne(client(1), digest) ?? new Uint8Array(0)

  it('is good for that client and for no other', () => {
    expect(macsOf(client(1), 1).fault(from(3, answer))).toBeNull()
    expect(macsOf(client(0), 0).fault(from(3, answer))?.reason).toBe('bad-mac')
    expect(macsOfReplica(0).fault(from(3, answer))?.reason).toBe('bad-mac')
  })

  it('cannot be sent back: each direction has its own key', () => {
    const toMe = macsOfReplica(2).forOne(replica(1), digest) ?? new Uint8Array(0)
    expect(macsOfReplica(1).fault(from(2, toMe))).toBeNull()
    expect(macsOfReplica(2).fault(from(1, toMe))?.reason).toBe('bad-mac')
  })

  it('does not exist for a client that the cluster does not have', () => {
    const stranger: Peer = { kind: 'client', id: '00'.repeat(32) as never }
    expect(macsOfReplica(3).forOne(stranger, digest)).toBeNull()
  })
})

describe('renewing the keys', () => {
  it('changes every MAC, and the old ones are distinguished from the new', () => {
    const sender = macsOfReplica(1)
    const old = sender.forReplicas(digest)
    expect(sender.isCurrent(old)).toBe(true)
    pass(sender, 1)
    const renewed = sender.forReplicas(digest)
    expect(sender.isCurrent(old)).toBe(false)
    expect(epochOf(renewed)).toBe(101)
    expect(toHex(renewed.subarray(4, 20))).not.toBe(toHex(old.subarray(4, 20)))
  })

  it('lets what was under way arrive, and refuses what is older', () => {
    const [receiver, sender] = [macsOfReplica(0), macsOfReplica(1)]
    const sent = [0, 1, 2].map(() => {
      const authentication = sender.forReplicas(digest)
      pass(sender, 1)
      return authentication
    })
    const [first, second, third] = sent as [Uint8Array, Uint8Array, Uint8Array]
    expect(receiver.fault(from(1, second))).toBeNull()
    expect(receiver.fault(from(1, first))).toBeNull()
    expect(receiver.fault(from(1, third))).toBeNull()
    expect(receiver.fault(from(1, first))?.reason).toBe('mac-epoch-is-over')
    expect(receiver.fault(from(1, second))).toBeNull()
  })

  it('takes no epoch for another: the keys differ', () => {
    const authentication = Uint8Array.from(macsOfReplica(1).forReplicas(digest))
    writeU32(authentication, 0, 101)
    expect(macsOfReplica(0).fault(from(1, authentication))?.reason).toBe('bad-mac')
  })

  it('is not moved by a bad MAC of a later epoch', () => {
    const receiver = macsOfReplica(0)
    const authentication = macsOfReplica(1).forReplicas(digest)
    const forged = Uint8Array.from(authentication)
    writeU32(forged, 0, 0xffff_ffff)
    expect(receiver.fault(from(1, forged))?.reason).toBe('bad-mac')
    expect(receiver.fault(from(1, authentication))).toBeNull()
  })

  it('needs no common clock: a receiver follows whatever epoch its sender is in, however long it slept', () => {
    const receiver = macsOfReplica(0, 500)
    expect(receiver.fault(from(1, macsOfReplica(1, 3).forReplicas(digest)))).toBeNull()
    expect(receiver.fault(from(1, macsOfReplica(1, 90).forReplicas(digest)))).toBeNull()
  })

  it('begins anew with a new link: a sender may have been started with its clock set back', () => {
    const receiver = macsOfReplica(0)
    expect(receiver.fault(from(1, macsOfReplica(1, 100).forReplicas(digest)))).toBeNull()
    const again = macsOfReplica(1, 50).forReplicas(digest)
    expect(receiver.fault(from(1, again))?.reason).toBe('mac-epoch-is-over')
    receiver.linked(replica(1))
    expect(receiver.fault(from(1, again))).toBeNull()
  })
})

test('whatever bytes come are judged, not thrown at', () => {
  const receiver = macsOfReplica(0)
  const authentication = macsOfReplica(1).forReplicas(digest)
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 256 }),
        fc.uint8Array({ minLength: 68, maxLength: 68 }),
        fc.nat(68).map((length) => authentication.subarray(0, length)),
      ),
      fc.integer(),
      (bytes, sender) => {
        const fault = receiver.fault(from(sender, bytes))
        expect(fault === null).toBe(sender === 1 && equalBytes(bytes, authentication))
      },
    ),
    { numRuns: 200 },
  )
})

test('a secret that is not the listed one is refused at once, not at the first message', () => {
  expect(() =>
    createMessageMacs({
      cluster,
      suite,
      self: replica(0),
      agreementSecret: secretOf('replica', 1),
      startedAt: 0 as Milliseconds,
    }),
  ).toThrow('another agreement key')
})
