/** Handshakes with false claims. Apart from the claim, they are those of an honest end. */
import type { Random } from '../../src/base/random.ts'
import type { Cluster } from '../../src/messages/cluster.ts'
import type { CryptoSuite, Handshake, LinkSecurity, Signer } from '../../src/ports.ts'
import { createLinkSecurity, type LinkIdentity } from '../../src/runtime/links/secure-link.ts'
import type { FalseIdentity } from './client-context.ts'

export interface HandshakeTools {
  readonly cluster: Cluster
  readonly suite: CryptoSuite
  readonly random: Random
  /** Called for every started handshake. */
  readonly onBegun: () => void
}

export function handshakesOf(identity: FalseIdentity, tools: HandshakeTools): LinkSecurity {
  const { cluster, suite, random, onBegun } = tools
  const { instead, replica, clusterId = cluster.clusterId } = identity
  const shown: Signer = {
    publicKey: identity.key ?? identity.signer.publicKey,
    sign: (digest) => identity.signer.sign(digest),
  }
  const as = (identity: LinkIdentity): LinkSecurity =>
    createLinkSecurity({
      suite,
      entropy: (size) => Uint8Array.from({ length: size }, () => random.below(256)),
      clusterId,
      replicaKeys: cluster.replicas.map(({ id, publicKey }) =>
        id === replica ? shown.publicKey : publicKey,
      ),
      identity,
    })
  const client = as({ kind: 'client', signer: shown })
  // No replica has a link to itself, so it connects to itself as a client.
  const other = replica === undefined ? client : as({ kind: 'replica', id: replica, signer: shown })
  return {
    respond: () => SILENCE,
    initiate: (expected) => {
      onBegun()
      if (instead !== undefined) return { ...SILENCE, opening: instead }
      return (expected === replica ? client : other).initiate(expected)
    },
  }
}

const SILENCE: Handshake = {
  opening: null,
  receive: () => ({ kind: 'failed', reason: 'handshake-over' }),
}
