import type { ClientId, ReplicaId } from './ids.ts'

/** The other end of a link, as the link's handshake proved it. */
export type Peer =
  | { readonly kind: 'replica'; readonly id: ReplicaId }
  | { readonly kind: 'client'; readonly id: ClientId }
