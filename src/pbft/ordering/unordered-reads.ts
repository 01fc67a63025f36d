/**
 * The state that a client may be shown, for reads without ordering. Keeps rule 5.1, whose argument is in PROTOCOL.md.
 *
 * Any two quorums share a correct replica. If it executed a write before it acknowledged it, its answer to a later read
 * includes the write, unless it has forgotten the execution: a decision is not on disk when it is executed. Two duties
 * follow. A replica shows clients an executed batch, by a reply or by a read, only once its log holds something of that
 * sequence number. After a restart it answers no read before it has executed every sequence number of which its log
 * holds something.
 */
import type { Sequence } from '../../base/ids.ts'
import type { Effect } from '../effects.ts'
import { mayVote } from '../recovery/recovery-state.ts'
import type { ReplicaState, Turn } from '../state.ts'
import type { Slot } from './slot.ts'

type Reply = Effect & { readonly kind: 'reply' }

export interface ReadState {
  /** The sequence number that must be executed before a read is answered: what this replica may have shown before. */
  floor: Sequence
  /** The number of log records that must be on disk before the executed state is shown to clients. */
  shownRecords: number
  /** The replies of executed batches that wait for the disk, in order. */
  readonly withheld: { readonly records: number; readonly reply: Reply }[]
}

/** Creates the state. `known` is the sequence number of the certificate of the state at the start. */
export const createReadState = (known: Sequence): ReadState => ({
  floor: known,
  shownRecords: 0,
  withheld: [],
})

/**
 * Notes that the log holds a record of this sequence number, which this replica may have executed and shown.
 * @rule 5.1
 */
export function raiseReadFloor({ reads }: ReplicaState, sequence: Sequence): void {
  if (reads.floor < sequence) reads.floor = sequence
}

/**
 * Notes that the last record given to `persist` keeps this slot's sequence number from being forgotten: it is the
 * prepared certificate or the decision.
 * @rule 5.1
 */
export function noteKept({ durability }: ReplicaState, slot: Slot): void {
  slot.keptRecords = Math.min(slot.keptRecords, durability.recordsEmitted)
}

/** Notes that the batch of this slot was executed. */
export function noteShown({ reads }: ReplicaState, slot: Slot): void {
  reads.shownRecords = Math.max(reads.shownRecords, slot.keptRecords)
}

/**
 * True if this replica cannot forget what it has executed.
 * @rule 5.1
 */
export const isShowable = ({ config, reads, durability }: ReplicaState): boolean =>
  config.hasUnorderedReads !== true || durability.recordsDurable >= reads.shownRecords

/**
 * Answers the clients of an executed batch, once the batch cannot be forgotten.
 * @rule 5.1
 */
export function replyOnceShowable({ state, effects }: Turn, reply: Reply): void {
  if (isShowable(state)) effects.push(reply)
  else state.reads.withheld.push({ records: state.reads.shownRecords, reply })
}

/** Answers the clients of batches that are on disk now. */
export function releaseReplies({ state, effects }: Turn): void {
  const { reads, durability } = state
  let released = 0
  for (const { records, reply } of reads.withheld) {
    if (records > durability.recordsDurable) break
    released++
    effects.push(reply)
  }
  reads.withheld.splice(0, released)
}

/**
 * The treatment of a read without ordering: answer it from the executed state; wait until a batch is executed and on
 * disk; or leave it to be ordered. A replica that restarted, heals or recalls leaves reads to be ordered.
 *
 * @rule 5.1
 */
export function readTreatmentOf(state: ReplicaState): 'answer' | 'wait' | 'order' {
  const { config, ordering, reads } = state
  if (config.hasUnorderedReads !== true || !mayVote(state) || ordering.lastExecuted < reads.floor)
    return 'order'
  return ordering.lastHandedOver > ordering.lastExecuted || !isShowable(state) ? 'wait' : 'answer'
}
