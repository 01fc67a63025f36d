/**
 * The keys of oral mode: one key for each peer, direction and epoch.
 *
 *   key = HKDF-SHA-256(secret: X25519(own secret, peer's public key), salt: "strategos oral keys",
 *                      info: cluster id 32 | sender | receiver | epoch u32)
 *   sender, receiver = 1 u8 | replica id u8, or 2 u8 | client's Ed25519 key 32
 *
 * **The purpose of epochs.** The paper's replicas send each other new keys in signed messages. Here the keys are
 * derived from the long-term secrets and a number. That limits the use of each key: an attacker that learns one can
 * forge for this pair, this direction and this epoch only, until the receiver has heard from the sender in the epoch
 * after the next. It gives no forward secrecy and heals no intrusion: an attacker with a long-term secret has the keys
 * of all epochs, just as one with a signing key can sign without limit.
 *
 * **The epochs.** A sender begins with the epoch of its clock and then counts its own ticks. A clock that jumps changes
 * nothing before the next start, and clocks need not agree. For each sender, a receiver keeps the newest epoch in which
 * it has verified a MAC. It accepts this epoch, the one before, and any later one. Accepting later epochs is safe,
 * because no key of a future epoch has been used yet; and a receiver that slept for an hour can still hear its peers. A
 * new link with the sender resets this: its handshake is signed, and a restarted sender begins with the epoch of its
 * clock. If the clock was set back, the sender uses the keys of an earlier epoch again. That is sound: a MAC is a
 * function of key and message without a nonce, so only messages that this sender really sent can be replayed, and the
 * protocol accepts repeated messages.
 */

import { assert } from '../../base/assert.ts'
import { concatBytes, equalBytes, fromHex, utf8, writeU32 } from '../../base/bytes.ts'
import type { ClientId, Milliseconds, ReplicaId } from '../../base/ids.ts'
import type { Peer } from '../../base/peer.ts'
import type { Cluster } from '../../messages/cluster.ts'
import { type Rejection, rejection } from '../../messages/rejection.ts'
import type { CryptoSuite } from '../../ports.ts'
import { TICK_MS } from '../tick.ts'

/** The length of an epoch, in ticks of 10 ms: ten minutes. */
export const EPOCH_TICKS = 60_000
/** The number of keys kept for each peer and direction: of this epoch and the one before. */
const KEYS_KEPT = 2

const SALT = utf8('strategos oral keys')

interface EpochKey {
  readonly epoch: number
  readonly key: Uint8Array
}

/** The keys that this process and one peer share. */
interface Pair {
  /** The common X25519 secret; null if the peer's key has small order. */
  readonly secret: Uint8Array | null
  readonly identity: Uint8Array
  readonly sealing: EpochKey[]
  readonly opening: EpochKey[]
  /** The newest epoch in which a right MAC arrived over this link. */
  newest: number | null
}

export interface PairwiseKeysOptions {
  readonly cluster: Cluster
  readonly suite: CryptoSuite
  readonly self: Peer
  /** The X25519 secret, 32 bytes. */
  readonly agreementSecret: Uint8Array
  /** The time on the clock at the start. */
  readonly startedAt: Milliseconds
}

export class PairwiseKeys {
  readonly #options: PairwiseKeysOptions
  readonly #ownIdentity: Uint8Array
  readonly #pairs = new Map<ReplicaId | ClientId, Pair>()
  /** The ticks since the first epoch: by the clock at the start, then by this process's own ticks. */
  #ticks: number

  constructor(options: PairwiseKeysOptions) {
    const { cluster, suite, self, agreementSecret, startedAt } = options
    const listed = agreementKeyOf(cluster, self)
    assert(
      listed !== null && equalBytes(listed, suite.agreementPublicKey(agreementSecret)),
      `the cluster lists another agreement key for ${self.kind} ${self.id}`,
    )
    this.#options = options
    this.#ownIdentity = identityOf(self)
    this.#ticks = Math.max(0, Math.floor(startedAt / TICK_MS))
  }

  /** The epoch in which this process makes MACs. */
  get epoch(): number {
    return Math.floor(this.#ticks / EPOCH_TICKS)
  }

  /** Counts a tick. Called every 10 ms. */
  tick(): void {
    this.#ticks++
  }

  /** Forgets the peer's epoch at a new link: the peer may have restarted. */
  forgetEpochOf(peer: Peer): void {
    const pair = this.#pairs.get(peer.id)
    if (pair !== undefined) pair.newest = null
  }

  /** Returns this epoch's key for MACs to this peer; null if there is no common secret. */
  sealingKey(to: Peer): Uint8Array | null {
    const pair = this.#pairWith(to)
    if (pair?.secret == null) return null
    const { epoch } = this
    const known = pair.sealing.find((each) => each.epoch === epoch)
    if (known !== undefined) return known.key
    const key = this.#derive(pair.secret, [this.#ownIdentity, pair.identity], epoch)
    keep(pair.sealing, { epoch, key })
    return key
  }

  /** Returns the key for MACs from this peer in this epoch, or the reason why there is none. The MAC is not checked. */
  openingKey(from: Peer, epoch: number): Uint8Array | Rejection {
    const pair = this.#pairWith(from)
    if (pair?.secret == null) return rejection('unknown-sender')
    const { newest, opening } = pair
    if (newest !== null && epoch < newest - 1) return rejection('mac-epoch-is-over')
    const known = opening.find((each) => each.epoch === epoch)
    return known?.key ?? this.#derive(pair.secret, [pair.identity, this.#ownIdentity], epoch)
  }

  /** Keeps a key with which a MAC from this peer was right. Keys that were only tried are not kept. */
  noteGood(from: Peer, good: EpochKey): void {
    const pair = this.#pairs.get(from.id)
    if (pair === undefined) return
    if (pair.opening.every(({ epoch }) => epoch !== good.epoch)) keep(pair.opening, good)
    pair.newest = Math.max(pair.newest ?? 0, good.epoch)
  }

  #pairWith(peer: Peer): Pair | null {
    const known = this.#pairs.get(peer.id)
    if (known !== undefined) return known
    const { cluster, suite, self, agreementSecret } = this.#options
    const agreementKey = peer.id === self.id ? null : agreementKeyOf(cluster, peer)
    if (agreementKey === null) return null
    const pair: Pair = {
      secret: suite.agree(agreementSecret, agreementKey),
      identity: identityOf(peer),
      sealing: [],
      opening: [],
      newest: null,
    }
    this.#pairs.set(peer.id, pair)
    return pair
  }

  #derive(
    secret: Uint8Array,
    direction: readonly [sender: Uint8Array, receiver: Uint8Array],
    epoch: number,
  ): Uint8Array {
    const number = new Uint8Array(4)
    writeU32(number, 0, epoch)
    const info = concatBytes(this.#options.cluster.clusterId, ...direction, number)
    return this.#options.suite.deriveKey({ secret, salt: SALT, info })
  }
}

function keep(kept: EpochKey[], key: EpochKey): void {
  kept.push(key)
  if (kept.length > KEYS_KEPT) kept.shift()
}

function agreementKeyOf({ replicas, clients }: Cluster, peer: Peer): Uint8Array | null {
  if (peer.kind === 'replica') return replicas[peer.id]?.agreementKey ?? null
  return clients.find(({ id }) => id === peer.id)?.agreementKey ?? null
}

function identityOf(peer: Peer): Uint8Array {
  if (peer.kind === 'replica') return Uint8Array.of(1, peer.id)
  const publicKey = fromHex(peer.id)
  assert(publicKey !== null, "a client's id is its key in hexadecimal")
  return concatBytes(Uint8Array.of(2), publicKey)
}
