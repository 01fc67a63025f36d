/**
 * Authenticates a replica before a handshake costs anything: a MAC over its HELLO, under a key that only the two
 * replicas can make. A HELLO without one counts as a stranger's, whatever identity it claims, so strangers that open
 * many links use up only the room that is reserved for strangers.
 *
 *   key = HKDF-SHA-256(secret: X25519(own secret, peer's public key), salt: "strategos knock",
 *                      info: cluster id 32 | initiator u8 | responder u8)
 *
 * A hello MAC proves nothing: whoever overheard one can replay it, and delays the next link of that replica. The
 * handshake that follows proves the identity.
 * @rule 5.5
 */
import { concatBytes, equalSecretBytes, utf8 } from '../../base/bytes.ts'
import type { ReplicaId } from '../../base/ids.ts'
import type { CryptoSuite } from '../../ports.ts'

const SALT = utf8('strategos knock')

export interface HelloMacKeys {
  /** X25519, 32 bytes: of this replica. */
  readonly agreementSecret: Uint8Array
  /** Of all replicas, in the order of their ids. */
  readonly agreementKeys: readonly Uint8Array[]
}

export interface HelloMacs {
  /** The MAC behind a HELLO to this replica; empty where the two have no secret in common. */
  tag(to: ReplicaId, helloPayload: Uint8Array): Uint8Array
  /** True if this replica made the HELLO, or heard it being made. */
  isGood(from: number, helloPayload: Uint8Array, tag: Uint8Array): boolean
}

const NOTHING = new Uint8Array(0)

/** Of a process without keys no HELLO has a MAC, and none is good. */
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
  /** Made when they are first needed, one X25519 for each replica and direction; null for a key of small order. */
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
