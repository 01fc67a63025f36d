/**
 * What the replica survives. A plan draws a fault only where the protocol has an answer to it; each of these becomes
 * true with the rules that answer it, and then every seed may draw what hangs on it.
 */
export interface Capabilities {
  /** Section 3 of the rules: a faulty primary is replaced. Else the primary of view 0 stays correct, and comes back. */
  readonly viewChanges: boolean
  /** Rule 6.4: a replica whose disk was lost heals. Else no disk is lost. */
  readonly healing: boolean
}

export const CAPABILITIES: Capabilities = { viewChanges: true, healing: true }
