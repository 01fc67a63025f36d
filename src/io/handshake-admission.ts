/**
 * The rate of handshakes that are answered: each costs two signatures and two key agreements. A replica that shows a
 * MAC has places of its own, so it is linked again whatever strangers do, from the same address too, as soon as it
 * dials. Clients of the cluster share places, strangers share others, and in each of the two no address has more than
 * half of them. A peer that is not admitted dials again, as dialers do.
 * @rule 5.5
 */
import { addOne, emptyBucket, type LeakyBucket } from '../base/leaky-bucket.ts'
import type { Claim, CryptoSuite, Peer } from '../ports.ts'

/** The steady rate of answered handshakes per second, and the burst after a quiet time. */
export interface HandshakeRate {
  readonly perSecond: number
  readonly atOnce: number
}

/** Of each replica with a valid hello MAC: it dials once in 25 ms at most, and then more and more rarely. */
const REPLICA_RATE: HandshakeRate = { perSecond: 4, atOnce: 8 }
/** Of all clients of the cluster, and again of all strangers: some percent of a core with the suite sodium. */
export const SHARED_RATE: HandshakeRate = { perSecond: 100, atOnce: 64 }
/** The least where checks take longer. */
const SHARED_RATE_LEAST: HandshakeRate = { perSecond: 10, atOnce: 8 }
const CHECKS_PER_TURN_OF_SHARED_RATE = 256
/** The part of it that one address has. */
const ADDRESS_PART = 1 / 2
/** Addresses that something is remembered of; the one that was heard of least recently is forgotten. */
const ADDRESSES_MAX = 1_024

/** Returns the rate at which handshakes take the same processor time with every suite. */
export function handshakeRateFor({ checksPerTurn }: Pick<CryptoSuite, 'checksPerTurn'>): HandshakeRate {
  const part = Math.min(1, checksPerTurn / CHECKS_PER_TURN_OF_SHARED_RATE)
  return {
    perSecond: Math.max(SHARED_RATE_LEAST.perSecond, SHARED_RATE.perSecond * part),
    atOnce: Math.max(SHARED_RATE_LEAST.atOnce, Math.ceil(SHARED_RATE.atOnce * part)),
  }
}

/** The share of one kind of peer. */
interface Share {
  readonly all: LeakyBucket
  readonly byAddress: Map<string, LeakyBucket>
}

export class HandshakeAdmission {
  readonly #rate: HandshakeRate
  readonly #replicas = new Map<Peer['id'], LeakyBucket>()
  readonly #clients: Share = createShare()
  readonly #strangers: Share = createShare()
  readonly #isKnownClient: (client: Peer & { readonly kind: 'client' }) => boolean

  constructor(options: {
    readonly rate: HandshakeRate
    readonly isKnownClient: (client: Peer & { readonly kind: 'client' }) => boolean
  }) {
    this.#rate = options.rate
    this.#isKnownClient = options.isKnownClient
  }

  /** True if it is answered; counts it. `nowMs` never goes back. */
  admits({ peer, isVouched }: Claim, address: string, nowMs: number): boolean {
    if (peer.kind === 'replica' && isVouched)
      return hasRoom(this.#ofReplica(peer, nowMs), REPLICA_RATE, nowMs)
    const isKnown = peer.kind === 'client' && this.#isKnownClient(peer)
    return this.#mayShare(isKnown ? this.#clients : this.#strangers, address, nowMs)
  }

  /** Addresses that something is remembered of. */
  get remembered(): number {
    return this.#clients.byAddress.size + this.#strangers.byAddress.size
  }

  #ofReplica({ id }: Peer, nowMs: number): LeakyBucket {
    const bucket = this.#replicas.get(id) ?? emptyBucket(nowMs)
    this.#replicas.set(id, bucket)
    return bucket
  }

  /** The address first: what it may not have is not taken from all. */
  #mayShare({ all, byAddress }: Share, address: string, nowMs: number): boolean {
    const bucket = byAddress.get(address) ?? emptyBucket(nowMs)
    byAddress.delete(address)
    byAddress.set(address, bucket)
    if (byAddress.size > ADDRESSES_MAX) {
      for (const oldest of byAddress.keys()) {
        byAddress.delete(oldest)
        break
      }
    }
    const { perSecond, atOnce } = this.#rate
    const part = { perSecond: perSecond * ADDRESS_PART, atOnce: Math.ceil(atOnce * ADDRESS_PART) }
    return hasRoom(bucket, part, nowMs) && hasRoom(all, this.#rate, nowMs)
  }
}

const createShare = (): Share => ({ all: emptyBucket(0), byAddress: new Map() })

const hasRoom = (bucket: LeakyBucket, { perSecond, atOnce }: HandshakeRate, nowMs: number): boolean =>
  addOne(bucket, { leak: perSecond / 1000, size: atOnce }, nowMs)
