/** The rules of which message may come over which link. */
import type { ReplicaId } from '../../base/ids.ts'
import type { Peer } from '../../base/peer.ts'
import type { Message } from '../../messages/message.ts'
import { type Rejection, rejection } from '../../messages/rejection.ts'

/** True if a client may send it. */
export const isForClients = ({ kind }: Message): boolean =>
  kind === 'request' || kind === 'inquiry' || kind === 'evidence-inquiry' || kind === 'place-inquiry'

/** For kinds that are valid on their sender's own link only. */
export const linkFault = (sender: ReplicaId, from: Peer): Rejection | null =>
  from.kind === 'replica' && from.id === sender ? null : rejection('sender-is-not-the-link')
