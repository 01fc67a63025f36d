/**
 * The check at a start whether the disk is an old copy, which cannot be seen locally: the others say what they have that
 * this replica sent. Best effort: who stays silent says nothing. Keeps the second half of rule 6.4's first point; what
 * an answer shows is the mode's.
 */
import type { Recall, Verified } from '../../messages/message.ts'
import { mayAnswerFetch } from '../catch-up/answer-limit.ts'
import { persist } from '../durability.ts'
import { advance } from '../ordering/normal-case.ts'
import { proposeBatches } from '../ordering/propose.ts'
import { startTimer } from '../ordering/requests.ts'
import { RECALL_TICKS } from '../parameters.ts'
import type { Turn } from '../state.ts'
import { awaitNewView, joinIfOthersMoved } from '../views/view-change.ts'
import { resume } from './restart.ts'

/**
 * Asks, before anything that the log promised is sent.
 * @rule 6.4
 */
export function beginRecall(turn: Turn, nonce: number): void {
  const { state, effects } = turn
  if (state.recovery.health !== 'sound') return
  state.recovery.recall = { nonce, answered: new Map(), startedTick: state.clock.ticks }
  effects.push({ kind: 'broadcast', outgoing: { kind: 'recall', nonce } })
}

/** 2f answers, in oral mode Q, or a time-out end it; a lost question is asked again meanwhile. */
export function checkRecall(turn: Turn): void {
  const { state, effects } = turn
  if (state.recovery.recall === null) return
  const waited = state.clock.ticks - state.recovery.recall.startedTick
  if (waited >= RECALL_TICKS) return endRecall(turn)
  if (waited % (RECALL_TICKS / 6) === 0) {
    effects.push({ kind: 'broadcast', outgoing: { kind: 'recall', nonce: state.recovery.recall.nonce } })
  }
}

/** Shows the newest messages of the asker, also while this replica's own check is not over. */
export function onRecall({ state, effects }: Turn, { sender, nonce }: Verified<Recall>): void {
  if (sender === state.config.id || !mayAnswerFetch(state, sender)) return
  effects.push({ kind: 'send', to: sender, outgoing: state.mode.recollectionFor(state, sender, nonce) })
}

/** Somebody has something from this replica that its log does not know: the disk is an old copy. */
export function becomeAmnesiac(turn: Turn): void {
  const { state } = turn
  state.recovery.recall = null
  state.recovery.health = 'amnesiac'
  persist(turn, { kind: 'forgotten' })
}

/** Ends the check, and continues what waited for it. */
export function endRecall(turn: Turn): void {
  const { state } = turn
  state.recovery.recall = null
  resume(turn)
  // What came in meanwhile could not be acted on.
  for (const slot of [...state.ordering.slots.values()]) advance(turn, slot)
  joinIfOthersMoved(turn)
  awaitNewView(turn)
  state.mode.acknowledge(turn)
  state.mode.advanceViewChange(turn)
  startTimer(state)
  proposeBatches(turn)
}
