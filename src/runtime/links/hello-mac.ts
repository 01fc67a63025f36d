/**
 * MACs of HELLOs, which authenticate a replica before a handshake costs anything: a MAC over its HELLO, under a key
 * that only the two replicas can compute. A HELLO without one counts as a stranger's, whatever identity it claims.
 * Strangers that open many links therefore use up only the room that is reserved for strangers.
 *
 *   key = HKDF-SHA-256(secret: X25519(own secret, peer's public key), salt: "strategos knock",
 *                      info: cluster id 32 | initiator u8 | responder u8)
 *
 * A hello MAC proves nothing. An eavesdropper can replay one, which delays the next link of that replica. The handshake
 * that follows proves the identity.
 * @rule 5.5
 */
import { concatBytes, equalSecretBytes, utf8 } from '../../base/bytes.ts'
import type { ReplicaId } from '../../base/ids.ts'
import type { CryptoSuite } from '../../ports.ts'

const SALT = utf8('strategos knock')

export interface HelloMacKeys {
  /** The X25519 secret of this replica, 32 bytes. */
  readonly agreementSecret: Uint8Array
  /** The X25519 keys of all replicas, in the order of their ids. */
  readonly agreementKeys: readonly Uint8Array[]
}

export interface HelloMacs {
  /** Returns the MAC of a HELLO to this replica; empty if the two have no common secret. */
  tag(to: ReplicaId, helloPayload: Uint8Array): Uint8Array
  /** True if the MAC is right: this replica made the HELLO, or an eavesdropper replays it. */
  isGood(from: number, helloPayload: Uint8Array, tag: Uint8Array): boolean
}

const NOTHING = new Uint8Array(0)

/** The MACs of a process without keys: its HELLOs carry none, and none is right for it. */
export const NO_HELLO_MACS: HelloMacs = { tag: () => NOTHING, isGood: () => false }

export function createHelloMacs({
  suite,
  clusterId,
  self,
  keys,
}: {
  readonly suite: CryptoSuite
  readonly clusterId: Uint8Array
  readonly self: ReplicaId
  readonly keys: HelloMacKeys
}): HelloMacs {
  /**
   * The keys, computed on first use with one X25519 operation for each replica and direction; null for a key of small
   * order.
   */
  const made = new Map<string, Uint8Array | null>()
  const keyFor = (initiator: number, responder: number): Uint8Array | null => {
    const name = `${initiator} to ${responder}`
    const known = made.get(name)
    if (known !== undefined) return known
    const peerKey = keys.agreementKeys[initiator === self ? responder : initiator]
    const secret = peerKey === undefined ? null : suite.agree(keys.agreementSecret, peerKey)
    const info = concatBytes(clusterId, Uint8Array.of(initiator, responder))
    const key = secret === null ? null : suite.deriveKey({ secret, salt: SALT, info })
    made.set(name, key)
    return key
  }
  return {
    tag: (to, helloPayload) => {
      const key = keyFor(self, to)
      return key === null ? NOTHING : suite.mac(key, helloPayload)
    },
    isGood: (from, helloPayload, tag) => {
      if (tag.length === 0 || keys.agreementKeys[from] === undefined) return false
      const key = keyFor(from, self)
      return key !== null && equalSecretBytes(tag, suite.mac(key, helloPayload))
    },
  }
}
