import type { ClientId, ReplicaId } from './ids.ts'

/** The authenticated identity of the other end of a link, as proved by the handshake. */
export type Peer =
  | { readonly kind: 'replica'; readonly id: ReplicaId }
  | { readonly kind: 'client'; readonly id: ClientId }
