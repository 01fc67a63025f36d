/**
 * The messages that a replica received since it started: those that prove their author, or came over the author's own
 * link.
 */
import { equalBytes, toHex } from '../../base/bytes.ts'
import type { ReplicaId, Sequence, View } from '../../base/ids.ts'
import { replicaIds } from '../../base/ids.ts'
import { quorum } from '../../base/quorum.ts'
import type { Batch, Checkpoint, Decision, Message } from '../../messages/message.ts'
import { choiceHeaders } from '../../messages/oral/inferred-messages.ts'
import type { OralViewChange, ViewChangeAck } from '../../messages/oral/message.ts'
import type { PrePrepareHeader } from '../../messages/pre-prepare.ts'
import type { Remembered } from '../../messages/recall.ts'
import { isRejection } from '../../messages/rejection.ts'
import type { AnyViewChange } from '../../pbft/effects.ts'
import { placeKey, type VoteKind } from '../checkers/votes-seen.ts'

/** A proposal or a vote for it. */
export interface Place {
  readonly view: View
  readonly sequence: Sequence
  readonly digest: Uint8Array
}

/** A digest as the name of its content. */
export const nameOf = (digest: Uint8Array): string => toHex(digest.subarray(0, 8))

export class Heard {
  readonly #n: number
  readonly #votes = new Map<number, Uint8Array[]>()
  readonly #checkpoints = new Map<string, Set<ReplicaId>>()
  readonly viewChanges: AnyViewChange[] = []
  /** VIEW-CHANGEs that others forwarded. */
  readonly delivered: OralViewChange[] = []
  readonly acks: ViewChangeAck[] = []
  readonly decisions: Decision[] = []
  readonly #requests = new Set<string>()
  /** The highest view whose NEW-VIEW was received. A primary receives its own too. */
  newView = 0 as View
  /** The highest sequence number with Q received CHECKPOINTs of one root. */
  certified = 0

  constructor(n: number) {
    this.#n = n
  }

  hear(message: Message | PrePrepareHeader | Remembered): void {
    switch (message.kind) {
      case 'request':
        this.#requests.add(nameOf(message.digest))
        return
      case 'pre-prepare':
        if ('batch' in message) this.#hearBatch(message.batch)
        return this.#vote(message.kind, message.sender, message)
      case 'prepare':
      case 'commit':
        return this.#vote(message.kind, message.sender, message)
      case 'checkpoint':
        return this.#checkpoint(message)
      case 'stable-checkpoint':
        return this.hearAll(message.stable.checkpoints)
      case 'decision':
        this.#hearBatch(message.batch)
        this.decisions.push(message)
        return this.hearAll(message.commits)
      case 'batch':
        return this.#hearBatch(message.batch)
      case 'recollection':
        return this.hearAll(message.remembered)
      case 'exhibit':
        return this.hearAll(message.messages)
      case 'view-change':
        if (!('stable' in message) || this.#isKnown(message)) return
        this.viewChanges.push(message)
        this.hearAll(message.stable.checkpoints)
        for (const { prePrepare, prepares } of message.preparedCertificates) {
          this.hear(prePrepare)
          this.hearAll(prepares)
        }
        return
      case 'new-view':
        if (isRejection(message.contents)) return
        this.hearNewView(message.view)
        this.hearAll(message.contents.viewChanges)
        return this.hearAll(message.contents.prePrepares)
      case 'oral-view-change':
        if (!this.#isKnown(message)) this.viewChanges.push(message)
        return
      case 'view-change-delivery':
        this.delivered.push(message.viewChange)
        return
      case 'view-change-ack':
        this.acks.push(message)
        return
      case 'oral-new-view':
        this.hearNewView(message.view)
        return this.hearAll(choiceHeaders(message))
    }
  }

  hearAll(messages: readonly (Message | PrePrepareHeader | Remembered)[]): void {
    for (const message of messages) this.hear(message)
  }

  hearNewView(view: View): void {
    if (view > this.newView) this.newView = view
  }

  hasRequest = (digest: Uint8Array): boolean => this.#requests.has(nameOf(digest))

  /** True if this replica sent this message. */
  said(kind: VoteKind, sender: ReplicaId, { view, sequence, digest }: Place): boolean {
    const digests = this.#votes.get(placeKey({ kind, view, sequence, sender })) ?? []
    return digests.some((each) => equalBytes(each, digest))
  }

  /** The replicas that sent this message. */
  saying = (kind: VoteKind, place: Place): readonly ReplicaId[] =>
    replicaIds(this.#n).filter((id) => this.said(kind, id, place))

  /** The replicas whose CHECKPOINT for this root was received. */
  checkpointing = (sequence: Sequence, root: Uint8Array): ReadonlySet<ReplicaId> =>
    this.#checkpoints.get(`${sequence} ${nameOf(root)}`) ?? new Set()

  #vote(kind: VoteKind, sender: ReplicaId, place: Place): void {
    const { view, sequence, digest } = place
    const key = placeKey({ kind, view, sequence, sender })
    const digests = this.#votes.get(key)
    if (digests === undefined) this.#votes.set(key, [digest])
    else if (!this.said(kind, sender, place)) digests.push(digest)
  }

  /** It is retransmitted until its view begins. */
  #isKnown({ envelope }: AnyViewChange): boolean {
    return this.viewChanges.some((known) => equalBytes(known.envelope, envelope))
  }

  #checkpoint({ sender, sequence, root }: Checkpoint): void {
    const senders = new Set([...this.checkpointing(sequence, root), sender])
    this.#checkpoints.set(`${sequence} ${nameOf(root)}`, senders)
    if (senders.size >= quorum(this.#n)) this.certified = Math.max(this.certified, sequence)
  }

  #hearBatch({ requests }: Batch): void {
    for (const { digest } of requests) this.#requests.add(nameOf(digest))
  }
}
