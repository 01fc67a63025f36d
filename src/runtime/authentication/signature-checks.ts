/** Checks of replicas' signatures over the received bytes. A cited message is not checked twice. */
import type { Peer } from '../../base/peer.ts'
import type { Cluster } from '../../messages/cluster.ts'
import type { LongHead } from '../../messages/heads.ts'
import { FRAME_KINDS } from '../../messages/kinds.ts'
import type {
  Checkpoint,
  Message,
  PrePrepareHeader,
  Remembered,
  Reply,
  Vote,
} from '../../messages/message.ts'
import { type Rejection, rejection } from '../../messages/rejection.ts'
import type { SigningDigest } from '../../messages/request.ts'
import type { CryptoSuite } from '../../ports.ts'
import { VerifiedEnvelopes } from './verified-envelopes.ts'

export interface SignatureContext {
  readonly cluster: Cluster
  readonly suite: CryptoSuite
  readonly signingDigest: SigningDigest
}

/** The messages that certificates and view changes cite. */
export type Cited = PrePrepareHeader | Vote | Checkpoint
export type SignedMessage = Cited | LongHead | Reply

type Enveloped = Pick<Message, 'payload' | 'authentication'>

export class SignatureChecks {
  /** The verified envelopes. The check of a long message adds it if all of it is valid. */
  readonly verified = new VerifiedEnvelopes()
  readonly #context: SignatureContext

  constructor(context: SignatureContext) {
    this.#context = context
  }

  /** Returns null if the sender signed the message, else the name of the fault, for logs and blame. */
  fault(message: SignedMessage, from: Peer): Rejection | null {
    const publicKey = this.#keyOf(message.sender)
    if (publicKey === undefined) return rejection('unknown-sender')
    if (this.#isSignedBy(message, message.kind, publicKey)) return null
    // At most two more checks, only for a bad signature: enough to distinguish impersonation from noise.
    const linkKey = from.kind === 'replica' && from.id !== message.sender ? this.#keyOf(from.id) : undefined
    if (linkKey !== undefined && this.#isSignedBy(message, message.kind, linkKey)) {
      return rejection('sender-is-not-the-signer', `replica ${String(message.sender)} did not sign this`)
    }
    const otherKind = message.kind === 'prepare' ? 'commit' : message.kind === 'commit' ? 'prepare' : null
    if (otherKind !== null && this.#isSignedBy(message, otherKind, publicKey)) {
      return rejection('signed-as-another-kind', `signed as ${otherKind}, shown as ${message.kind}`)
    }
    return rejection('bad-signature')
  }

  /**
   * Checks a cited message, but not twice for the same bytes.
   * @rule 3.12
   */
  citedFault(message: Cited, from: Peer): Rejection | null {
    if (this.verified.has(message)) return null
    const fault = this.fault(message, from)
    if (fault === null) this.verified.add(message)
    return fault
  }

  /** Finds the first fault in the cited messages, one signature per step of the generator. */
  *firstFault(cited: readonly Cited[], from: Peer): Generator<undefined, Rejection | null, undefined> {
    for (const message of cited) {
      if (this.verified.has(message)) continue
      const fault = this.citedFault(message, from)
      if (fault !== null) return fault
      yield
    }
    return null
  }

  /** Checks messages that another replica shows: each must be signed by the replica that it names. */
  shownFault(shown: readonly Remembered[]): Rejection | null {
    for (const message of shown) {
      const publicKey = this.#keyOf(message.sender)
      if (publicKey === undefined) return rejection('unknown-sender')
      if (!this.#isSignedBy(message, message.kind, publicKey)) return rejection('bad-signature')
    }
    return null
  }

  #keyOf(id: number): Uint8Array | undefined {
    return this.#context.cluster.replicas[id]?.publicKey
  }

  #isSignedBy(message: Enveloped, kind: keyof typeof FRAME_KINDS, publicKey: Uint8Array): boolean {
    const { suite, signingDigest } = this.#context
    return suite.verify({
      signature: message.authentication,
      digest: signingDigest(FRAME_KINDS[kind], message.payload),
      publicKey,
    })
  }
}
