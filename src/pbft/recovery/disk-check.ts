/**
 * The check at a start for a disk that is an old copy. A replica cannot see this locally, so it asks the others for the
 * messages that it sent. The check is best effort, since replicas may stay silent. Keeps the second half of rule 6.4's
 * first point; each mode judges the answers in its own way.
 */
import type { Recall, Verified } from '../../messages/message.ts'
import { mayAnswerFetch } from '../catch-up/answer-limit.ts'
import { persist } from '../durability.ts'
import { advance } from '../ordering/normal-case.ts'
import { proposeBatches } from '../ordering/propose.ts'
import { startTimer } from '../ordering/requests.ts'
import { mustLeaveView } from '../ordering/unsynced-votes.ts'
import { RECALL_TICKS } from '../parameters.ts'
import type { Turn } from '../state.ts'
import { awaitNewView, joinIfOthersMoved, startViewChange, viewAfter } from '../views/view-change.ts'
import { resume } from './restart.ts'

/**
 * Sends RECALL at a start, before any message that the log promises.
 * @rule 6.4
 */
export function beginRecall(turn: Turn, nonce: number): void {
  const { state, effects } = turn
  if (state.recovery.health !== 'sound') return
  state.recovery.recall = { nonce, answered: new Map(), startedTick: state.clock.ticks }
  effects.push({ kind: 'broadcast', outgoing: { kind: 'recall', nonce } })
}

/** Ends the check after a timeout, and resends RECALL until then. Also 2f answers (Q in oral mode) end it. */
export function checkRecall(turn: Turn): void {
  const { state, effects } = turn
  if (state.recovery.recall === null) return
  const waited = state.clock.ticks - state.recovery.recall.startedTick
  if (waited >= RECALL_TICKS) return endRecall(turn)
  if (waited % (RECALL_TICKS / 6) === 0) {
    effects.push({ kind: 'broadcast', outgoing: { kind: 'recall', nonce: state.recovery.recall.nonce } })
  }
}

/** Handles a RECALL: returns the newest messages of its sender, even during this replica's own check. */
export function onRecall({ state, effects }: Turn, { sender, nonce }: Verified<Recall>): void {
  if (sender === state.config.id || !mayAnswerFetch(state, sender)) return
  effects.push({ kind: 'send', to: sender, outgoing: state.mode.recollectionFor(state, sender, nonce) })
}

/**
 * Marks this replica as amnesiac: another replica holds a message of it that its log does not know, so its disk is an
 * old copy.
 */
export function becomeAmnesiac(turn: Turn): void {
  const { state } = turn
  state.recovery.recall = null
  state.recovery.health = 'amnesiac'
  persist(turn, { kind: 'forgotten' })
}

/** Ends the check and resumes voting. */
export function endRecall(turn: Turn): void {
  const { state } = turn
  state.recovery.recall = null
  resume(turn)
  // Messages that arrived during the check had no effect yet.
  for (const slot of [...state.ordering.slots.values()]) advance(turn, slot)
  if (mustLeaveView(state)) startViewChange(turn, viewAfter(state))
  joinIfOthersMoved(turn)
  awaitNewView(turn)
  state.mode.acknowledge(turn)
  state.mode.advanceViewChange(turn)
  startTimer(state)
  proposeBatches(turn)
}
