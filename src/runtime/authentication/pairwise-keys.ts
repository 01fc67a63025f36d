/**
 * The keys of oral mode: for each peer and each direction one key, and a new one for each epoch.
 *
 *   key = HKDF-SHA-256(secret: X25519(own secret, peer's public key), salt: "strategos oral keys",
 *                      info: cluster id 32 | sender | receiver | epoch u32)
 *   sender, receiver = 1 u8 | replica id u8, or 2 u8 | client's Ed25519 key 32
 *
 * **What epochs give.** The paper's replicas send each other new keys in signed messages; here they follow from the long
 * secrets and a number. That limits the use of each key: an attacker that learns one can forge for this pair, this
 * direction and this epoch, and only until the receiver has seen the sender in the epoch after the next. It gives no
 * forward secrecy and heals no intrusion: who learns a long secret has the keys of all epochs, as who learns a signing key
 * signs with no end.
 *
 * **Epochs.** A sender begins where its clock says and then counts its own ticks, so a clock that jumps
 * changes nothing before the next start, and clocks need not agree. A receiver keeps for each sender the newest epoch of
 * which it has checked a good MAC, and takes that one, the one before, and any later one: nobody has made the keys of
 * epochs to come, so there is nothing of them to learn, and a receiver that slept for an hour is not deaf. A new link with
 * the sender forgets this: its handshake is signed, and a sender that was started again begins with what its clock says
 * now. Should that be an epoch that was before (a clock set back), the same keys are used again, which is sound: a MAC is
 * a function of key and message without a nonce, so all that can be replayed is what this sender did say, and the
 * protocol takes that as often as it comes.
 */

import { assert } from '../../base/assert.ts'
import { concatBytes, equalBytes, fromHex, utf8, writeU32 } from '../../base/bytes.ts'
import type { ClientId, Milliseconds, ReplicaId } from '../../base/ids.ts'
import type { Peer } from '../../base/peer.ts'
import type { Cluster } from '../../messages/cluster.ts'
import { type Rejection, rejection } from '../../messages/rejection.ts'
import type { CryptoSuite } from '../../ports.ts'
import { TICK_MS } from '../tick.ts'

/** Length of an epoch, in ticks of 10 ms: ten minutes. */
export const EPOCH_TICKS = 60_000
/** Keys kept for each peer and direction: this epoch's and the one before. */
const KEYS_KEPT = 2

const SALT = utf8('strategos oral keys')

interface EpochKey {
  readonly epoch: number
  readonly key: Uint8Array
}

/** The keys that this process and one peer share. */
interface Pair {
  /** X25519; null where the peer's key has small order. */
  readonly secret: Uint8Array | null
  readonly identity: Uint8Array
  readonly sealing: EpochKey[]
  readonly opening: EpochKey[]
  /** The newest epoch of which a good MAC came over this link. */
  newest: number | null
}

export interface PairwiseKeysOptions {
  readonly cluster: Cluster
  readonly suite: CryptoSuite
  readonly self: Peer
  /** X25519, 32 bytes. */
  readonly agreementSecret: Uint8Array
  /** The time on the clock at the start. */
  readonly startedAt: Milliseconds
}

export class PairwiseKeys {
  readonly #options: PairwiseKeysOptions
  readonly #ownIdentity: Uint8Array
  readonly #pairs = new Map<ReplicaId | ClientId, Pair>()
  /** Since the epochs began, by the clock at the start; the own ones from then on. */
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

  /** Every 10 ms. */
  tick(): void {
    this.#ticks++
  }

  /** A new link with this peer: it may have been started again, so its epochs are learned anew. */
  forgetEpochOf(peer: Peer): void {
    const pair = this.#pairs.get(peer.id)
    if (pair !== undefined) pair.newest = null
  }

  /** This epoch's key for MACs to this peer; null for one with which there is no common secret. */
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

  /** The key for MACs from this peer in this epoch, or why there is none. Says nothing of the MAC. */
  openingKey(from: Peer, epoch: number): Uint8Array | Rejection {
    const pair = this.#pairWith(from)
    if (pair?.secret == null) return rejection('unknown-sender')
    const { newest, opening } = pair
    if (newest !== null && epoch < newest - 1) return rejection('mac-epoch-is-over')
    const known = opening.find((each) => each.epoch === epoch)
    return known?.key ?? this.#derive(pair.secret, [pair.identity, this.#ownIdentity], epoch)
  }

  /** A MAC from this peer was good with this key: it is kept, unlike those that were only tried. */
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
