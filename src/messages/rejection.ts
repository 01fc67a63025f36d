/**
 * The reasons for which a peer's bytes are rejected. A rejection is a value, never an exception: a faulty peer is not a
 * fault of this program.
 */
export type RejectionReason =
  // the frame
  | 'frame-too-large'
  | 'frame-truncated'
  | 'frame-has-trailing-bytes'
  | 'unknown-kind'
  | 'payload-too-large'
  | 'authentication-too-large'
  // the payload
  | 'payload-malformed'
  | 'payload-type-forbidden'
  | 'payload-not-shortest-form'
  | 'payload-too-deep'
  | 'payload-too-many-items'
  | 'payload-shape'
  | 'unsafe-integer'
  | 'body-not-expected'
  | 'body-malformed'
  | 'too-many-requests'
  | 'batch-too-large'
  | 'request-too-large'
  // the authentication
  | 'wrong-cluster'
  | 'wrong-version'
  | 'wrong-peer'
  | 'unknown-sender'
  | 'sender-is-not-the-signer'
  | 'signed-as-another-kind'
  | 'sender-is-not-the-link'
  | 'kind-not-for-this-link'
  | 'bad-signature'
  | 'bad-mac'
  | 'mac-epoch-is-over'
  | 'needs-signatures'
  | 'digest-mismatch'
  | 'certificate-too-small'
  | 'certificate-mixed'
  | 'certificate-repeats-a-sender'
  | 'view-change-for-an-old-view'
  | 'prepared-certificate-not-older'
  | 'prepared-certificate-outside-window'
  | 'prepared-certificates-out-of-order'
  | 'claims-out-of-order'
  | 'claim-not-older'
  | 'claim-outside-window'
  | 'too-many-claims'
  | 'low-watermark-not-held'
  | 'new-view-without-quorum'
  | 'new-view-selects-otherwise'
  | 'proves-nothing'
  // the protocol
  | 'not-the-primary'
  | 'prepare-from-primary'
  | 'conflicting-vote'
  | 'conflicting-pre-prepare'
  | 'conflicting-checkpoint'
  | 'no-checkpoint-is-due'
  | 'outside-window'
  | 'wrong-view'
  | 'unknown-client'
  | 'stale'
  | 'timestamp-reused'
  | 'busy'
  // the runtime: the peer is cut off for a while
  | 'cut-off'

export interface Rejection {
  readonly kind: 'rejection'
  readonly reason: RejectionReason
  /** One sentence for a log line. No decision depends on it. */
  readonly detail?: string
}

export const rejection = (reason: RejectionReason, detail?: string): Rejection =>
  detail === undefined ? { kind: 'rejection', reason } : { kind: 'rejection', reason, detail }

export const isRejection = (value: object): value is Rejection =>
  'kind' in value && value.kind === 'rejection'
