import { utf8 } from '../../../src/base/bytes.ts'
import type { Sequence } from '../../../src/base/ids.ts'
import { createSigningDigest } from '../../../src/messages/frame.ts'
import { SESSION_NONCE_BYTES } from '../../../src/messages/limits.ts'
import { encodeRequest } from '../../../src/messages/request.ts'
import { encodeOperations } from '../../../src/store/operations-writer.ts'
import { type Attack, lastBackups } from '../../language/attack.ts'
import { onTick } from '../../language/behaviour.ts'
import { atTick, everyTicks, inTheEnd, jointly } from '../../language/client-behaviour.ts'
import { type ClientContext, type ClientLink, toTimestamp } from '../../language/client-context.ts'
import { all, noViewChange, refused } from '../../language/expectations.ts'
import { otherCluster, recorded } from '../../language/foreign-recordings.ts'

const OPERATIONS = encodeOperations([{ kind: 'put', key: utf8('foreign'), value: utf8('value') }])
const FRAMES_PER_TICK = 4

/** A request that its client signed for the other cluster. */
function requestForOtherCluster(
  { cluster, hash, signers: [signer] }: ClientContext,
  timestamp: number,
): Uint8Array {
  const { publicKey } = signer
  const signingDigest = createSigningDigest(hash, otherCluster(cluster.clusterId))
  const session = new Uint8Array(SESSION_NONCE_BYTES)
  const content = {
    publicKey,
    session,
    timestamp: toTimestamp(timestamp),
    responder: 0,
    operations: OPERATIONS,
  }
  return encodeRequest(content, { hash, signingDigest, sign: (digest) => signer.sign(digest) }).bytes
}

export const crossClusterReplay: Attack = {
  name: 'cross-cluster-replay',
  world: 'both',
  targets: ['safety'],
  does: 'replays messages that replicas and clients signed with the same keys in another cluster, and its handshakes',
  source: 'a staging cluster that was made with the keys of the real one',
  expects: 'the cluster is part of every signature, so all of it is refused',
  traitors: lastBackups,
  behaviour: () => {
    let next = 0
    return onTick(1, ({ board, cluster, state, hash, sealForOtherCluster, broadcast }) => {
      const { view } = state.views
      const { lastExecuted } = state.ordering
      const sequence = (lastExecuted + 1) as Sequence
      const digest = hash(new Uint8Array(1))
      broadcast(
        sealForOtherCluster(otherCluster(cluster.clusterId), { kind: 'prepare', view, sequence, digest }),
      )
      const frames = recorded(board, 'request', 'pre-prepare', 'prepare', 'commit', 'checkpoint', 'decision')
      if (frames.length === 0) return
      for (let count = 0; count < FRAMES_PER_TICK; count++) {
        broadcast(frames[next++ % frames.length] as Uint8Array)
      }
    })
  },
  client: {
    behaviour: () => {
      let timestamp = 0
      let foreigner: ClientLink | null = null
      return jointly(
        atTick(0, ({ open, signers: [signer], cluster }) => {
          foreigner = open({ signer, clusterId: otherCluster(cluster.clusterId) })
        }),
        everyTicks(2, (place) => {
          foreigner?.inquire()
          place.link.sendToAll(requestForOtherCluster(place, ++timestamp))
          for (const frame of recorded(place.board, 'request')) place.link.sendToAll(frame)
        }),
        inTheEnd(() =>
          (foreigner?.admittedBy ?? []).map((id) => `replica ${id} let in who meant another cluster`),
        ),
      )
    },
  },
  judge: all(refused('bad-signature'), noViewChange),
  simulated: { hasForeignRecordings: true },
}
