/** The parts and settings that a replica runtime is made of, and what it reports to its caller. */
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
  /** X25519, 32 bytes; needed in oral mode. */
  readonly agreementSecret?: Uint8Array
  readonly transport: Transport
  readonly replay: LogReplay
  readonly application: Application
  readonly pages: PageStore
  readonly clock: Clock
  readonly entropy: Entropy
  /** Bytes of the log after which the next stable checkpoint is stored and the log in front of it trimmed. */
  readonly storeAfterBytes?: number
  /** The work executed in one turn, in units of `Allowance`. */
  readonly executedPerTurn?: number
  /** The longest time for which the loop's own work blocked it, if it is watched; in milliseconds. */
  readonly loop?: { readonly delayMs: number }
  /** The protocol; the one of `pbft/` when it is left out. */
  readonly step?: StepFunction
  /** Told of every message that was refused, for logs and for blame. */
  readonly onRejected?: (rejected: RejectedMessage) => void
  /** Told of each link that was silent for so long that it was ended. */
  readonly onSilentLink?: (peer: Peer) => void
  /** Told of evidence against a replica when it is found, or learned from others, for the first time. */
  readonly onEvidence?: (evidence: Evidence) => void
}

/** Other parts for a replica. An adversary is an honest replica that is given some. */
export type Recomposition = (parts: ReplicaRuntimeOptions) => ReplicaRuntimeOptions

export interface RejectedMessage {
  readonly from: Peer
  readonly reason: Rejection['reason']
  readonly detail?: string
  /** The replica that provably lied, when the message is evidence: not always the peer that it came from. */
  readonly guilty?: ReplicaId
}
