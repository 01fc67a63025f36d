/** The parts and settings of a replica runtime, and its callbacks. */
import type { ReplicaId } from '../base/ids.ts'
import type { Cluster } from '../messages/cluster.ts'
import type { Evidence } from '../messages/message.ts'
import type { Rejection } from '../messages/rejection.ts'
import type { step as protocolStep } from '../pbft/step.ts'
import type {
  Application,
  Clock,
  CryptoSuite,
  Entropy,
  LogReplay,
  PageStore,
  Peer,
  Signer,
  Transport,
} from '../ports.ts'

export type StepFunction = typeof protocolStep

export interface ReplicaRuntimeOptions {
  readonly id: ReplicaId
  readonly cluster: Cluster
  readonly suite: CryptoSuite
  readonly signer: Signer
  /** The X25519 secret, 32 bytes; needed in oral mode. */
  readonly agreementSecret?: Uint8Array
  readonly transport: Transport
  readonly replay: LogReplay
  readonly application: Application
  readonly pages: PageStore
  readonly clock: Clock
  readonly entropy: Entropy
  /** The bytes of the log after which the next stable checkpoint is stored and the older part of the log trimmed. */
  readonly storeAfterBytes?: number
  /** The work executed in one turn, in units of `Allowance`. */
  readonly executedPerTurn?: number
  /** The longest time that the loop's own work blocked it, in milliseconds. Absent if the loop is not watched. */
  readonly loop?: { readonly delayMs: number }
  /** The protocol; that of `pbft/` by default. */
  readonly step?: StepFunction
  /** Called for every rejected message, for logs and for blame. */
  readonly onRejected?: (rejected: RejectedMessage) => void
  /** Called for each link that was ended because it was silent for too long. */
  readonly onSilentLink?: (peer: Peer) => void
  /** Called for new evidence against a replica, found here or received from others. */
  readonly onEvidence?: (evidence: Evidence) => void
}

/** A function that replaces parts of a replica. An adversary is a correct replica with some parts replaced. */
export type Recomposition = (parts: ReplicaRuntimeOptions) => ReplicaRuntimeOptions

export interface RejectedMessage {
  readonly from: Peer
  readonly reason: Rejection['reason']
  readonly detail?: string
  /** The convicted replica, if the message is evidence. It may differ from the peer that sent the message. */
  readonly guilty?: ReplicaId
}
