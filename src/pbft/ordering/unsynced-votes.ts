/**
 * Proposals and PREPAREs that do not wait for the disk. Keeps rule 6.5, whose argument is in
 * PROTOCOL.md.
 *
 * A replica first logs a limit: in this view it may vote up to this sequence number. Once the limit is on disk, its
 * votes within it leave at once. After a crash the log may lack some of them, so the replica abstains wherever the limit
 * reached: it sends no PREPARE there and proposes nothing. A primary that must abstain leaves its view.
 */
import type { Sequence, View } from '../../base/ids.ts'
import type { PrePrepareContent, VoteContent } from '../../messages/content.ts'
import { COUNTER_MAX } from '../../messages/limits.ts'
import { persist, withhold, withholdUntil } from '../durability.ts'
import { VOTE_LIMIT_ROOM } from '../parameters.ts'
import { mayVote } from '../recovery/recovery-state.ts'
import type { ReplicaState, Turn } from '../state.ts'
import { isPrimary, primary } from '../views/view-state.ts'

/** A view, and the sequence number up to which a replica may vote in it before its votes are on disk. */
export interface VoteLimit {
  readonly view: View
  readonly upTo: Sequence
}

export interface UnsyncedVoteState {
  /** The limits since the start, with the number of log records that must be on disk before each counts. */
  limits: readonly (VoteLimit & { readonly records: number })[]
  /** The limit that the log held at the start: up to it, votes may be forgotten. Null if there was none. */
  forgotten: VoteLimit | null
}

export const createUnsyncedVoteState = (): UnsyncedVoteState => ({ limits: [], forgotten: null })

/** A proposal or PREPARE of this replica, to all replicas. */
type FirstVote = PrePrepareContent | (VoteContent & { readonly kind: 'prepare' })

/**
 * Sends a proposal or PREPARE whose record was just logged: at once if a limit on disk covers it, or else when its
 * limit, or without limits its record, is on disk.
 * @rule 6.5 6
 */
export function sendFirstVote(turn: Turn, vote: FirstVote): void {
  const { state, effects } = turn
  const { view, sequence } = vote
  if (state.config.hasUnsyncedVotes !== true) return withhold(turn, vote)
  raiseLimit(turn, view, sequence)
  const needed = Math.min(...limitsFor(state, view, sequence).map(({ records }) => records))
  if (needed <= state.durability.recordsDurable) effects.push({ kind: 'broadcast', outgoing: vote })
  else withholdUntil(turn, needed, vote)
}

const limitsFor = ({ votes: { limits } }: ReplicaState, view: View, sequence: Sequence) =>
  limits.filter((limit) => limit.view === view && sequence <= limit.upTo)

/** Logs a higher limit before the last one is used up, so that no vote waits for it in a view that goes on. */
function raiseLimit(turn: Turn, view: View, sequence: Sequence): void {
  const { votes, durability } = turn.state
  if (
    limitsFor(turn.state, view, Math.min(sequence + VOTE_LIMIT_ROOM / 2, COUNTER_MAX) as Sequence).length > 0
  )
    return
  const limit = { view, upTo: Math.min(sequence + VOTE_LIMIT_ROOM, COUNTER_MAX) as Sequence }
  persist(turn, { kind: 'vote-limit', ...limit })
  const open = votes.limits.filter(
    (each) => each.view === view && each.upTo > turn.state.ordering.lastExecuted,
  )
  votes.limits = [...open, { ...limit, records: durability.recordsEmitted }]
}

/**
 * Notes a limit of the log at a start.
 * @rule 6.5
 */
export function noteLimit({ votes }: ReplicaState, { view, upTo }: VoteLimit): void {
  const known = votes.forgotten
  if (known === null || view > known.view || (view === known.view && upTo > known.upTo)) {
    votes.forgotten = { view, upTo }
  }
}

/**
 * True if this replica may have voted at this place before its start, and forgotten it. It then sends no PREPARE, not
 * even the one that its log would allow: an earlier start may have sent another.
 * @rule 6.5
 */
export const mustAbstain = (
  { votes: { forgotten } }: ReplicaState,
  view: View,
  sequence: Sequence,
): boolean => forgotten !== null && forgotten.view === view && sequence <= forgotten.upTo

/**
 * True if this replica leads its view, and may have forgotten proposals that are still to be executed.
 * @rule 6.5
 */
export const mustLeaveView = (state: ReplicaState): boolean =>
  state.views.isActive &&
  isPrimary(state) &&
  mayVote(state) &&
  mustAbstain(state, state.views.view, (state.ordering.lastExecuted + 1) as Sequence)

/**
 * True if the primary of the current view has left it, so that the view can order nothing more.
 * @rule 6.5
 */
export function hasPrimaryLeft(state: ReplicaState): boolean {
  const { view, viewChanges } = state.views
  const left = viewChanges[primary(state)] ?? null
  return state.config.hasUnsyncedVotes === true && left !== null && left.view > view
}

/**
 * Logs the limit of the current view again, before the log is trimmed.
 * @rule 6.5
 */
export function persistLimitAgain(turn: Turn): void {
  const { votes, views } = turn.state
  const limits = [...votes.limits, ...(votes.forgotten === null ? [] : [votes.forgotten])]
  const current = limits.filter(({ view }) => view === views.view)
  if (current.length === 0) return
  const upTo = Math.max(...current.map((limit) => limit.upTo)) as Sequence
  persist(turn, { kind: 'vote-limit', view: views.view, upTo })
}
