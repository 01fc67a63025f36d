/** The signatures and MACs that an adversary can make: over any bytes, but only with its own keys. */
import { assert } from '../../src/base/assert.ts'
import type { ReplicaId } from '../../src/base/ids.ts'
import type { Cluster } from '../../src/messages/cluster.ts'
import { createSigningDigest, encodeFrame } from '../../src/messages/frame.ts'
import { FRAME_KINDS } from '../../src/messages/kinds.ts'
import { PUBLIC_KEY_BYTES } from '../../src/messages/limits.ts'
import type { ReplicaState } from '../../src/pbft/state.ts'
import { createSealer } from '../../src/runtime/authentication/sealer.ts'
import { createReplyMaker } from '../../src/runtime/execution/replies.ts'
import type { AdversaryContext } from './adversary-context.ts'

type Identity = Parameters<typeof createSealer>[0]

const NOTHING = new Uint8Array(0)
const NO_KEY = new Uint8Array(PUBLIC_KEY_BYTES)

export function createSeals(
  identity: Identity,
  setting: { readonly cluster: Cluster; readonly state: () => Readonly<ReplicaState> },
): Pick<AdversaryContext, 'seal' | 'sealAs' | 'sealForOtherCluster' | 'sealPayload' | 'sealReply'> {
  const { signer, hash, signingDigest, macs = null } = identity
  const { cluster, state } = setting
  const authenticate = (digest: Uint8Array): Uint8Array => macs?.forReplicas(digest) ?? signer.sign(digest)
  const sealer = createSealer(identity)
  const inTheNameOf = cluster.replicas.map(({ id }) => createSealer({ ...identity, id }))
  const replies = createReplyMaker(identity)
  return {
    seal: (content) => sealer.frame(content).bytes,
    sealAs: (sender: ReplicaId, content) => (inTheNameOf[sender] ?? sealer).frame(content).bytes,
    sealForOtherCluster: (clusterId, content) =>
      createSealer({ ...identity, signingDigest: createSigningDigest(hash, clusterId) }).frame(content).bytes,
    sealPayload: (kind, payload, body = NOTHING) => {
      const authentication = authenticate(signingDigest(FRAME_KINDS[kind], payload))
      return encodeFrame({ kind: FRAME_KINDS[kind], payload, authentication, body }).bytes
    },
    sealReply: ({ client, session, timestamp, requestDigest, results }) => {
      const { view } = state().views
      const { lastExecuted: sequence } = state().ordering
      const { publicKey } = cluster.clients.find((each) => each.id === client) ?? { publicKey: NO_KEY }
      const request = { client, publicKey, session, timestamp, requestDigest }
      const outcome = { ...request, results, standing: 'new', recovery: null } as const
      const [reply] = replies.repliesFor({ view, sequence }, [{ outcome, isWhole: true }])
      assert(reply !== undefined, 'one answer makes one reply')
      return reply.frame
    },
  }
}
