/**
 * A guide for the user of the core: its events, its effects, and the duties of the caller.
 *
 * A replica is a state and a function: `createReplicaState(config)` creates the state; `step(state, event)` changes it
 * and returns the effects to perform. Nothing in `pbft/` reads a clock, a disk or a socket. The caller owns the log,
 * the links, the keys and the application. This is a complete caller for a cluster that never restarts:
 *
 * ```ts
 * function runCore(state: ReplicaState, host: Host, first: Event): void {
 *   const events: Event[] = [first]
 *   for (let event = events.shift(); event !== undefined; event = events.shift()) {
 *     for (const effect of step(state, event)) {
 *       if (effect.kind === 'persist') host.append(effect.record)
 *       else if (effect.kind === 'send') host.send(effect.to, effect.outgoing)
 *       else if (effect.kind === 'broadcast') {
 *         const message = host.broadcast(effect.outgoing)
 *         if (message !== null) {
 *           events.push({ kind: 'received', message, from: { kind: 'replica', id: state.config.id } })
 *         }
 *       } else if (effect.kind === 'execute') {
 *         events.unshift({ kind: 'executed', ...host.execute(effect) })
 *       } else if (effect.kind === 'snapshot') {
 *         const { sequence } = effect
 *         events.push({ kind: 'snapshot-taken', sequence, root: host.freeze(sequence) })
 *       } else if (effect.kind === 'reply') host.reply(effect)
 *     }
 *     if (events.length === 0 && host.needsSync) events.push({ kind: 'persisted', records: host.sync() })
 *   }
 * }
 * ```
 *
 * The events:
 *
 *   `resumed` comes first if a log was replayed (recovery/restart.ts). `ticked` comes at a fixed pace, with this
 *   replica's clock. `received` passes each message after its signature or MAC was checked. It includes the replica's
 *   own signed broadcasts, because a replica counts its own votes like all others. Messages may be lost, duplicated and
 *   reordered.
 *
 * The duties, in their order:
 *
 * 1. Pass one event at a time. Perform the effects of a step in their order, before the next event.
 * 2. Persist before send. `persist` appends to the log, in order. After a sync the caller answers `persisted` with the
 *    number of records on disk. The replica itself withholds each message until the records that it depends on are
 *    there (section 6 of the rules). The caller may therefore send a `send` or `broadcast` at once.
 * 3. `broadcast` and `send` carry a content: the caller adds sender and signature. A `relayed` message is sent
 *    unchanged.
 * 4. `execute` gives a decided batch to the application; the caller answers `executed` before any other event.
 *    Execution may take many turns of the event loop: the replica sends no second batch before. `snapshot` freezes the
 *    state at exactly this point; the caller answers `snapshot-taken` when its root is known. `reply` then answers the
 *    clients of an executed batch.
 * 5. `stable` names the checkpoint that a quorum certified. The caller stores its state and answers `stored`; `trim` then
 *    says how much of the log is no longer needed.
 * 6. `transfer` asks for the state of a stable checkpoint from the others. The caller stores it, switches the application
 *    to it, and answers `transferred` before anything else is executed; a batch under execution is given up.
 * 7. `serve`, `serve-batch` and `reply-again` are answered from the log and from the stored results. `refuse` goes to
 *    the client, `reject` to the operator's log. `prepare-recovery` is answered with `recovery-prepared`.
 * 8. A failure to persist or to execute halts the process.
 *
 * GLOSSARY.md lists the messages, their numbers and meanings; `step.ts` lists the file of each rule. In the normal
 * case: REQUEST (client to primary), PRE-PREPARE (primary to all), PREPARE and COMMIT (all to all), REPLY (to the
 * client).
 */
import type { ClientId, Milliseconds, ReplicaId, Sequence, Timestamp, View } from '../base/ids.ts'
import type { Peer } from '../base/peer.ts'
import type {
  NewViewContent,
  PrePrepareContent,
  ReplicaContent,
  ViewChangeContent,
} from '../messages/content.ts'
import type {
  Batch,
  Checkpoint,
  CheckpointCertificate,
  Evidence,
  NewView,
  PrePrepare,
  PreparedCertificate,
  ProtocolMessage,
  RefusalReason,
  Request,
  Verified,
  ViewChange,
  Vote,
} from '../messages/message.ts'
import type {
  OralNewView,
  OralNewViewContent,
  OralViewChange,
  OralViewChangeContent,
  OrderClaim,
} from '../messages/oral/message.ts'
import type { RejectionReason } from '../messages/rejection.ts'

export type { ProtocolMessage } from '../messages/message.ts'

/** A recovery operation that the application executed (rule 6.4). */
export interface ExecutedRecovery {
  readonly replica: ReplicaId
  readonly requestDigest: Uint8Array
  /** False if it followed the last recovery of this replica too soon. */
  readonly isAccepted: boolean
}

export type Event =
  | { readonly kind: 'received'; readonly message: Verified<ProtocolMessage>; readonly from: Peer }
  /** One tick passed. `now` is this replica's clock, which may drift and step. */
  | { readonly kind: 'ticked'; readonly now: Milliseconds }
  /** The first `records` of all records given to `persist` since the start are on disk. */
  | { readonly kind: 'persisted'; readonly records: number }
  | {
      readonly kind: 'executed'
      readonly sequence: Sequence
      /** The recovery operations among the batch's requests. */
      readonly recoveries?: readonly ExecutedRecovery[]
      /** The bytes of those operations of the batch that were not executed before. */
      readonly newBytes: number
      /** The executed time at which the next lease ends, 0 if the next batch ends one, null while none runs. */
      readonly nextExpiry?: Milliseconds | null
    }
  /** The root of the state after batch `sequence` is known. */
  | { readonly kind: 'snapshot-taken'; readonly sequence: Sequence; readonly root: Uint8Array }
  /** The state of a stable checkpoint and its certificate are stored, apart from the log. */
  | { readonly kind: 'stored'; readonly sequence: Sequence }
  /** The application now has the state that this certificate names, and has stored it. */
  | {
      readonly kind: 'transferred'
      readonly stable: CheckpointCertificate
      readonly nextExpiry?: Milliseconds | null
    }
  /** A weak quorum no longer has the state that is being fetched. */
  | { readonly kind: 'transfer-gone' }
  /** The recovery operation that `prepare-recovery` asked for. */
  | { readonly kind: 'recovery-prepared'; readonly request: Verified<Request> }
  /** The log was replayed at a start. Comes before every other event. The nonce is new at each start. */
  | { readonly kind: 'resumed'; readonly nonce: number }

/** A replica whose executed recovery operation waits for its checkpoint, with s_r and u of rule 6.4. */
export type WaitingRecovery = readonly [
  replica: ReplicaId,
  executed: { readonly sequence: Sequence; readonly view: View },
]

/** A VIEW-CHANGE of either mode: a signed one shows certificates, an oral one makes claims. */
export type AnyViewChange = ViewChange | OralViewChange
export type AnyNewView = NewView | OralNewView

/** A record of the log. Section 6 of the rules lists which message waits for which record. */
export type LogRecord =
  /** This replica's proposal: (v, s, D) and the batch. The runtime adds the signature that will be sent. */
  | { readonly kind: 'proposed'; readonly content: PrePrepareContent }
  /** The accepted pre-prepare and its batch. */
  | { readonly kind: 'accepted'; readonly prePrepare: PrePrepare }
  /** From here on, votes in this view up to this sequence number may be sent before they are on disk (rule 6.5). */
  | { readonly kind: 'vote-limit'; readonly view: View; readonly upTo: Sequence }
  /** An entry of P. */
  | { readonly kind: 'prepared'; readonly certificate: PreparedCertificate }
  /** A batch that was fetched, because a NEW-VIEW chose it. */
  | { readonly kind: 'batch'; readonly sequence: Sequence; readonly batch: Batch }
  /** The view that the replica moves to, and its exact VIEW-CHANGE. */
  | { readonly kind: 'view-change'; readonly content: ViewChangeContent | OralViewChangeContent }
  /** The whole Qset, logged before the NEW-VIEWs that parts of it come from are trimmed (rule 4.1). */
  | { readonly kind: 'pre-prepared'; readonly claims: readonly OrderClaim[] }
  /** The acknowledged VIEW-CHANGE: its sender, view and digest (rule 4.3). */
  | {
      readonly kind: 'acknowledged'
      readonly view: View
      readonly of: ReplicaId
      readonly digest: Uint8Array
    }
  /** The NEW-VIEW that began the view: this replica's, still unsigned, or the primary's. */
  | { readonly kind: 'new-view-made'; readonly content: NewViewContent | OralNewViewContent }
  | { readonly kind: 'new-view'; readonly newView: AnyNewView }
  /** The current VIEW-CHANGE or NEW-VIEW, logged unchanged again before the older part of the log is trimmed. */
  | { readonly kind: 'view-again'; readonly message: AnyViewChange | AnyNewView }
  /** This replica's root. The records of the batches that led to it precede this record. */
  | { readonly kind: 'checkpoint'; readonly sequence: Sequence; readonly root: Uint8Array }
  | { readonly kind: 'stable'; readonly stable: CheckpointCertificate }
  /**
   * Evidence against a replica. It is not new if it is logged again before a trim. No message waits for this record.
   */
  | { readonly kind: 'evidence'; readonly evidence: Evidence; readonly isNew: boolean }
  /**
   * An amnesiac replica's recovery operation; the fact that others proved it amnesiac; the fact that it is healed, from
   * `view` on.
   */
  | { readonly kind: 'recovery'; readonly request: Request }
  | { readonly kind: 'recoveries'; readonly waiting: readonly WaitingRecovery[] }
  | { readonly kind: 'forgotten' }
  | { readonly kind: 'healed'; readonly view: View }
  /**
   * The decision's certificate, with the batch if the log does not hold it yet. In oral mode the certificate may be W
   * claims of other replicas, each in the form of a COMMIT without authentication (rule 4.8).
   */
  | {
      readonly kind: 'decided'
      readonly commits: readonly Vote[]
      readonly batch: Batch
      readonly isBatchLogged: boolean
    }

/**
 * A message that is sent with the bytes in which it arrived: a relayed request, or a signed message that is
 * retransmitted. In oral mode only this replica's own messages are retransmitted, and the runtime renews their MACs
 * (rule 4.8).
 */
export interface Relayed {
  readonly kind: 'relayed'
  readonly message: Request | PrePrepare | Vote | Checkpoint | AnyViewChange | AnyNewView
}

export type Outgoing = ReplicaContent | Relayed

export type Effect =
  | { readonly kind: 'persist'; readonly record: LogRecord }
  | { readonly kind: 'send'; readonly to: ReplicaId; readonly outgoing: Outgoing }
  | { readonly kind: 'broadcast'; readonly outgoing: Outgoing }
  | {
      readonly kind: 'execute'
      readonly sequence: Sequence
      readonly batch: Batch
      readonly commits: readonly Vote[]
    }
  /** Freeze the state after the last executed batch, before the next one is executed: a checkpoint is due. */
  | { readonly kind: 'snapshot'; readonly sequence: Sequence }
  | { readonly kind: 'stable'; readonly stable: CheckpointCertificate }
  /**
   * The log may be trimmed: records are no longer needed if they concern sequence numbers up to this one only and
   * precede the last record of the view.
   */
  | { readonly kind: 'trim'; readonly upTo: Sequence }
  /** Fetch the state of this checkpoint. Replaces an earlier target. */
  | { readonly kind: 'transfer'; readonly stable: CheckpointCertificate }
  /** Stop fetching: this replica reached the state by executing batches. */
  | { readonly kind: 'stop-transfer' }
  /** Make a recovery operation with a fresh nonce. */
  | { readonly kind: 'prepare-recovery' }
  /** Answer the clients of the batch executed at `sequence`. */
  | { readonly kind: 'reply'; readonly view: View; readonly sequence: Sequence }
  /** Answer one executed request again from its session, with the full results. */
  | { readonly kind: 'reply-again'; readonly view: View; readonly request: Request }
  | {
      readonly kind: 'refuse'
      readonly client: ClientId
      readonly timestamp: Timestamp
      readonly requestDigest: Uint8Array
      readonly reason: RefusalReason
    }
  /** Send the decisions of these executed sequence numbers, from the log. */
  | { readonly kind: 'serve'; readonly to: ReplicaId; readonly sequences: readonly Sequence[] }
  /** Send the batch with this digest, if the log has it. */
  | {
      readonly kind: 'serve-batch'
      readonly to: ReplicaId
      readonly sequence: Sequence
      readonly digest: Uint8Array
    }
  | {
      readonly kind: 'reject'
      readonly from: Peer
      readonly message: ProtocolMessage
      readonly reason: RejectionReason
      readonly evidence?: Evidence
    }
