/**
 * The seam between the two modes: everything in which a cluster with signed messages and one with oral messages (section
 * 4 of the rules) differ. A signature convinces anybody, so a signed message can be shown to others and relayed; a MAC
 * convinces its receiver only, so in oral mode a replica claims, and W equal claims hold that of a correct one.
 *
 * The mode is chosen once, when the state is created: `SIGNED` (signed/signed-mode.ts) or `ORAL` (oral/oral-mode.ts).
 * Every other file of the core asks `state.mode` and is true of both; only `oral/` knows what `state.oral` holds.
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

/** The messages that only one mode has, and DECISION, which each mode takes in its own way. */
export type ModeMessage =
  | Extract<ProtocolMessage, { readonly kind: KindWith<{ mode: 'signed' }> | KindWith<{ mode: 'oral' }> }>
  | Decision

/** A message of the mode, of which long and bulky ones are judged by their heads. */
export type ModeHead =
  | Exclude<ModeMessage, ViewChange | NewView | Decision>
  | Pick<ViewChange | NewView, 'kind' | 'sender' | 'view'>
  | Pick<Decision, 'kind' | 'sequence' | 'digest'>

/** A record that only the log of oral mode has. */
export type OralRecord = Extract<LogRecord, { readonly kind: 'pre-prepared' | 'acknowledged' }>

export interface Mode {
  // Messages

  /** Takes a message of this mode; one that only the other mode has means nothing. */
  receive(turn: Turn, message: Verified<ModeMessage>, from: Peer): void
  /** True if a message of this mode can still change anything. */
  isRelevant(state: ReplicaState, head: ModeHead): boolean

  // Leaving a view

  /** Keeps of the current view what the VIEW-CHANGE for `next` will need, and forgets what only that view needed. */
  leaveView(state: ReplicaState, next: View): void
  /** VIEW-CHANGE for the awaited view: with certificates, or with claims. */
  viewChangeContent(state: ReplicaState): ViewChangeContent | OralViewChangeContent
  /** True if nothing but the next view can bring this replica a batch that may have been decided elsewhere. */
  isOrderingStuck(state: ReplicaState): boolean

  // Entering a view

  /** Acknowledges the VIEW-CHANGEs for the awaited view, where others need that word. */
  acknowledge(turn: Turn): void
  /** Makes the NEW-VIEW that this replica owes, or enters one that is here, as soon as what it rests on has come. */
  advanceViewChange(turn: Turn): void
  /** The batches that the NEW-VIEW to be made waits for. */
  awaitedBatches(state: ReplicaState): readonly Choice[]
  /** Asks for what a NEW-VIEW that is here cites without showing it. */
  fetchCited(turn: Turn): void
  /** Takes the choices of the current NEW-VIEW that lay above H, when h has moved. */
  acceptChoicesAhead(turn: Turn): void

  // Decisions

  /** The number of replicas that must send a decision for it to count. */
  decisionSources(n: number): number
  /** True if a peer with this STATUS still needs this replica's votes for the slot. */
  needsVotes(slot: Slot, status: Status): boolean
  /** True if this replica may send the pre-prepare that was accepted at the slot to a peer that lacks it. */
  mayResendPrePrepare(state: ReplicaState, slot: Slot): boolean

  // Checkpoints

  /** True if this replica's CHECKPOINT for this sequence number is still news to the others. */
  isCheckpointDue(state: ReplicaState, sequence: Sequence): boolean
  /** Drops the oldest of this replica's roots where there are too many. */
  boundOwnRoots(state: ReplicaState): void
  /** Takes a checkpoint that fewer than Q replicas said so far, of whom these are all. */
  noteCheckpoint(state: ReplicaState, checkpoint: CheckpointCertificate): void
  /** The latest checkpoint whose state is worth fetching. */
  latestCheckpoint(state: ReplicaState): CheckpointCertificate

  // Retransmission

  /** Sends the VIEW-CHANGE or NEW-VIEW that the peer lacks, and everything else that it needs to enter the view. */
  resendView(turn: Turn, status: Status, message: AnyViewChange | AnyNewView | null): void
  /** Sends what shows the peer that a checkpoint is stable which it does not know to be. */
  resendCheckpoints(turn: Turn, status: Status): void

  // Requests whose authentication is good for some replicas only

  /** True if a pre-prepare cannot be accepted yet; it is kept then. */
  isDoubted(turn: Turn, slot: Slot, prePrepare: Verified<PrePrepare>): boolean
  /** The pre-prepare that was kept for this slot, once enough votes vouch for it. */
  vouchedFor(state: ReplicaState, slot: Slot): Verified<PrePrepare> | null
  /** Tells the others of clients whose requests cannot be checked here. */
  sendMacComplaints(turn: Turn, clients: readonly ClientId[]): void
  /** True if the request's client must sign and did not. */
  lacksSignature(state: ReplicaState, request: Request): boolean

  // The disk

  /** The answer to a replica that asks what is here of its own. */
  recollectionFor(state: ReplicaState, asker: ReplicaId, nonce: number): ReplicaContent
  /** Before the log is trimmed: logs once more what only older records say. */
  persistAgain(turn: Turn): void
  /** Takes back a record of this mode. */
  replay(state: ReplicaState, record: OralRecord): void
  /** Reads back this replica's VIEW-CHANGE for the awaited view. */
  replayViewChange(state: ReplicaState, viewChange: AnyViewChange): void
  /** The choices of the current NEW-VIEW that count already; the others are kept until h has moved. */
  replayChoices(state: ReplicaState, choices: readonly PrePrepareHeader[]): readonly PrePrepareHeader[]
  /** True if the batch of a sequence number that the stored state covers may be voted on again. */
  mayVoteAgain(state: ReplicaState, sequence: Sequence): boolean
}
