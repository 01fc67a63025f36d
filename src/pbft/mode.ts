/**
 * The interface between the two modes: everything in which a cluster with signed messages and one with oral messages
 * (section 4 of the rules) differ. A signature convinces every replica, so a signed message can be shown to others and
 * relayed. A MAC convinces its receiver only, so in oral mode replicas make claims; among W equal claims, one is from a
 * correct replica.
 *
 * The mode is chosen once, when the state is created: `SIGNED` (signed/signed-mode.ts) or `ORAL` (oral/oral-mode.ts).
 * Every other file of the core asks `state.mode` and holds for both; only `oral/` reads `state.oral`.
 */
import type { ClientId, ReplicaId, Sequence, View } from '../base/ids.ts'
import type { Peer } from '../base/peer.ts'
import type { Choice, ReplicaContent, ViewChangeContent } from '../messages/content.ts'
import type { KindWith } from '../messages/kinds.ts'
import type {
  CheckpointCertificate,
  Decision,
  NewView,
  PrePrepare,
  PrePrepareHeader,
  Request,
  Status,
  Verified,
  ViewChange,
} from '../messages/message.ts'
import type { OralViewChangeContent } from '../messages/oral/message.ts'
import type { AnyNewView, AnyViewChange, LogRecord, ProtocolMessage } from './effects.ts'
import type { Slot } from './ordering/slot.ts'
import type { ReplicaState, Turn } from './state.ts'

/** The messages that only one mode has, and DECISION, which each mode handles differently. */
export type ModeMessage =
  | Extract<ProtocolMessage, { readonly kind: KindWith<{ mode: 'signed' }> | KindWith<{ mode: 'oral' }> }>
  | Decision

/** A message of the mode. Long and bulky messages are represented by their headers. */
export type ModeHead =
  | Exclude<ModeMessage, ViewChange | NewView | Decision>
  | Pick<ViewChange | NewView, 'kind' | 'sender' | 'view'>
  | Pick<Decision, 'kind' | 'sequence' | 'digest'>

/** A record that only the log of oral mode has. */
export type OralRecord = Extract<LogRecord, { readonly kind: 'pre-prepared' | 'acknowledged' }>

export interface Mode {
  // Messages

  /** Handles a message of this mode. Ignores a message that only the other mode has. */
  receive(turn: Turn, message: Verified<ModeMessage>, from: Peer): void
  /** True if a message of this mode can still change the state. */
  isRelevant(state: ReplicaState, head: ModeHead): boolean

  // Leaving a view

  /** Keeps the parts of the current view that the VIEW-CHANGE for `next` will need, and drops the rest. */
  leaveView(state: ReplicaState, next: View): void
  /** Returns the VIEW-CHANGE for the awaited view: with certificates, or with claims. */
  viewChangeContent(state: ReplicaState): ViewChangeContent | OralViewChangeContent
  /** True if a batch may have been decided elsewhere and only a view change can bring it to this replica. */
  isOrderingStuck(state: ReplicaState): boolean

  // Entering a view

  /** Acknowledges the VIEW-CHANGEs for the awaited view, if the mode uses acknowledgements. */
  acknowledge(turn: Turn): void
  /**
   * Makes this replica's NEW-VIEW, or enters the view of a received one, as soon as everything that it rests on has
   * arrived.
   */
  advanceViewChange(turn: Turn): void
  /** Returns the batches that this replica still needs to make its NEW-VIEW. */
  awaitedBatches(state: ReplicaState): readonly Choice[]
  /** Asks for the messages that a received NEW-VIEW cites by digest only. */
  fetchCited(turn: Turn): void
  /** Accepts the choices of the current NEW-VIEW that lay above H, once h has moved. */
  acceptChoicesAhead(turn: Turn): void

  // Decisions

  /** Returns the number of replicas that must send a decision for it to count. */
  decisionSources(n: number): number
  /** True if a peer with this STATUS still needs this replica's votes for the slot. */
  needsVotes(slot: Slot, status: Status): boolean
  /** True if this replica may send the slot's accepted pre-prepare to a peer that lacks it. */
  mayResendPrePrepare(state: ReplicaState, slot: Slot): boolean

  // Checkpoints

  /** True if the others may still need this replica's CHECKPOINT for this sequence number. */
  isCheckpointDue(state: ReplicaState, sequence: Sequence): boolean
  /** Drops the oldest of this replica's roots if there are too many. */
  boundOwnRoots(state: ReplicaState): void
  /** Notes a checkpoint for which fewer than Q CHECKPOINTs have arrived; `checkpoint` holds all of these. */
  noteCheckpoint(state: ReplicaState, checkpoint: CheckpointCertificate): void
  /** Returns the latest checkpoint whose state is worth fetching. */
  latestCheckpoint(state: ReplicaState): CheckpointCertificate

  // Retransmission

  /** Sends the VIEW-CHANGE or NEW-VIEW that the peer lacks, and everything else that it needs to enter the view. */
  resendView(turn: Turn, status: Status, message: AnyViewChange | AnyNewView | null): void
  /** Sends the messages that show the peer that a checkpoint is stable, if the peer does not know it. */
  resendCheckpoints(turn: Turn, status: Status): void

  // Requests whose authentication only some replicas can verify

  /** True if a pre-prepare cannot be accepted yet. Keeps it in this case. */
  isDoubted(turn: Turn, slot: Slot, prePrepare: Verified<PrePrepare>): boolean
  /** Returns the pre-prepare that was kept for this slot, once enough votes vouch for it. */
  vouchedFor(state: ReplicaState, slot: Slot): Verified<PrePrepare> | null
  /** Reports clients whose requests this replica cannot verify to the others. */
  sendMacComplaints(turn: Turn, clients: readonly ClientId[]): void
  /** True if the request's client must sign and did not. */
  lacksSignature(state: ReplicaState, request: Request): boolean

  // The disk

  /** Returns the answer to a replica that asks which of its messages this replica holds. */
  recollectionFor(state: ReplicaState, asker: ReplicaId, nonce: number): ReplicaContent
  /** Logs again, before the log is trimmed, what only older records hold. */
  persistAgain(turn: Turn): void
  /** Replays a record of this mode. */
  replay(state: ReplicaState, record: OralRecord): void
  /** Replays this replica's VIEW-CHANGE for the awaited view. */
  replayViewChange(state: ReplicaState, viewChange: AnyViewChange): void
  /** Returns the choices of the current NEW-VIEW that count already. Keeps the others until h has moved. */
  replayChoices(state: ReplicaState, choices: readonly PrePrepareHeader[]): readonly PrePrepareHeader[]
  /** True if this replica may vote again on a batch that the stored state covers. */
  mayVoteAgain(state: ReplicaState, sequence: Sequence): boolean
}
