/** The MACs of messages in oral mode: made for receivers, and checked by the receiver. */
import { assert } from '../../base/assert.ts'
import type { Peer } from '../../base/peer.ts'
import type { Cluster } from '../../messages/cluster.ts'
import { encodeMacs, epochOf, readMac } from '../../messages/macs.ts'
import { type Rejection, rejection } from '../../messages/rejection.ts'
import type { Clock, CryptoSuite } from '../../ports.ts'
import { PairwiseKeys, type PairwiseKeysOptions } from './pairwise-keys.ts'

/**
 * The MACs of one process. A message's payload is hashed once, to the digest that signed mode signs (kind, cluster id,
 * payload), and each MAC covers this digest, so n - 1 MACs cost little more than one. A MAC is valid for one kind,
 * cluster, receiver, direction and epoch only. A process that can check a MAC could also have made it, so a MAC
 * convinces its receiver only.
 */
export interface MessageMacs {
  /** Returns the authentication for all replicas. The sender's own slot is zero. */
  forReplicas(digest: Uint8Array): Uint8Array
  /** Returns the authentication for one receiver; null if it has no key in this cluster. */
  forOne(receiver: Peer, digest: Uint8Array): Uint8Array | null
  /** Returns null if this sender's MAC for this process is right, else the rejection. Never throws, for any bytes. */
  fault(message: {
    readonly sender: Peer
    readonly digest: Uint8Array
    readonly authentication: Uint8Array
  }): Rejection | null
  /** True if this process would use the same keys now as in this authentication that it made. */
  isCurrent(authentication: Uint8Array): boolean
  /** Counts a tick. Called every 10 ms. */
  tick(): void
  /** Notes a new link with this peer. */
  linked(peer: Peer): void
}

/** Returns the MACs of a process in its cluster; null in signed mode. */
export function macsOf(process: {
  readonly cluster: Cluster
  readonly suite: CryptoSuite
  readonly self: Peer
  readonly agreementSecret?: Uint8Array
  readonly clock: Clock
}): MessageMacs | null {
  const { cluster, suite, self, agreementSecret, clock } = process
  if (cluster.mode === 'signed') return null
  assert(agreementSecret !== undefined, 'oral mode needs an agreement secret')
  return createMessageMacs({ cluster, suite, self, agreementSecret, startedAt: clock.now() })
}

export function createMessageMacs(options: PairwiseKeysOptions): MessageMacs {
  const { cluster, suite, self } = options
  const keys = new PairwiseKeys(options)
  const receiver = { slot: self.kind === 'replica' ? self.id : null, n: cluster.replicas.length }
  const replicas = cluster.replicas.map(({ id }): Peer => ({ kind: 'replica', id }))

  const macFor = (to: Peer, digest: Uint8Array): Uint8Array | null => {
    const key = keys.sealingKey(to)
    return key === null ? null : suite.mac(key, digest)
  }

  return {
    forReplicas: (digest) =>
      encodeMacs(
        keys.epoch,
        replicas.map((replica) => macFor(replica, digest)),
      ),
    forOne: (to, digest) => {
      const mac = macFor(to, digest)
      return mac === null ? null : encodeMacs(keys.epoch, [mac])
    },
    fault: ({ sender, digest, authentication }) => {
      const received = readMac(authentication, receiver)
      if (received === null) return rejection('bad-mac', 'it has another length')
      const key = keys.openingKey(sender, received.epoch)
      if (!(key instanceof Uint8Array)) return key
      if (!suite.verifyMac(received.mac, key, digest)) return rejection('bad-mac')
      keys.noteGood(sender, { epoch: received.epoch, key })
      return null
    },
    isCurrent: (authentication) => epochOf(authentication) === keys.epoch,
    tick: () => keys.tick(),
    linked: (peer) => keys.forgetEpochOf(peer),
  }
}
