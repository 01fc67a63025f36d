/**
 * The check at a start whether the disk is an old copy, which cannot be seen locally: the others show what they have
 * that this replica signed. Best effort: who stays silent shows nothing. Keeps the second half of rule 6.4's first point.
 */
import { equalBytes } from '../../base/bytes.ts'
import { faultsMax, quorum } from '../../base/quorum.ts'
import type { Recall, Recollection, Remembered, Verified } from '../../messages/message.ts'
import type { OralRecollection } from '../../messages/oral/message.ts'
import { mayAnswerFetch } from '../catch-up/answer-limit.ts'
import { persist } from '../durability.ts'
import { acknowledge } from '../oral/acknowledgements.ts'
import { isReminded, remindersOf } from '../oral/disk-check.ts'
import { makeOralNewView } from '../oral/new-view.ts'
import { advance } from '../ordering/normal-case.ts'
import { proposeBatches } from '../ordering/propose.ts'
import { startTimer } from '../ordering/requests.ts'
import { RECALL_TICKS } from '../parameters.ts'
import { isOral, type ReplicaState, type Turn } from '../state.ts'
import { makeNewView } from '../views/new-view.ts'
import { awaitNewView, joinIfOthersMoved } from '../views/view-change.ts'
import { resume } from './restart.ts'

/**
 * Asks, before anything that the log promised is sent.
 * @rule 6.4
 */
export function beginRecall(turn: Turn, nonce: number): void {
  const { state, effects } = turn
  if (state.health !== 'sound') return
  state.recall = { nonce, answered: new Map(), startedTick: state.ticks }
  effects.push({ kind: 'broadcast', outgoing: { kind: 'recall', nonce } })
}

/** 2f answers, in oral mode Q, or a time-out end it; a lost question is asked again meanwhile. */
export function checkRecall(turn: Turn): void {
  const { state, effects } = turn
  if (state.recall === null) return
  const waited = state.ticks - state.recall.startedTick
  if (waited >= RECALL_TICKS) return endRecall(turn)
  if (waited % (RECALL_TICKS / 6) === 0) {
    effects.push({ kind: 'broadcast', outgoing: { kind: 'recall', nonce: state.recall.nonce } })
  }
}

/** Shows the newest of what came from the asker; also while the own check is not over. */
export function onRecall({ state, effects }: Turn, { sender, nonce }: Verified<Recall>): void {
  if (sender === state.config.id || !mayAnswerFetch(state, sender)) return
  if (isOral(state)) {
    const outgoing = { kind: 'oral-recollection', nonce, reminders: remindersOf(state, sender) } as const
    effects.push({ kind: 'send', to: sender, outgoing })
    return
  }
  const remembered = newestOf(state, sender)
  effects.push({ kind: 'send', to: sender, outgoing: { kind: 'recollection', nonce, remembered } })
}

/** The VIEW-CHANGE, the CHECKPOINT and the vote of each kind that go furthest. */
function newestOf(
  state: ReplicaState,
  sender: Recall['sender'],
): readonly { readonly envelope: Uint8Array }[] {
  const newest = new Map<string, { readonly envelope: Uint8Array; readonly sequence: number }>()
  const consider = (message: Exclude<Remembered, { kind: 'view-change' }> | null | undefined): void => {
    if (message === null || message === undefined || message.sender !== sender) return
    const known = newest.get(message.kind)
    if (known === undefined || known.sequence < message.sequence) newest.set(message.kind, message)
  }
  for (const slot of state.slots.values()) {
    consider(slot.accepted)
    consider(slot.prepares[sender])
    consider(slot.commits[sender])
  }
  for (const checkpoint of state.checkpoints[sender]?.values() ?? []) consider(checkpoint)
  const viewChange = state.viewChanges[sender] ?? null
  return viewChange?.kind !== 'view-change' ? [...newest.values()] : [...newest.values(), viewChange]
}

/**
 * Takes what another replica has from this one. One thing that it does not know makes it amnesiac.
 * @rule 6.4
 */
export function onRecollection(turn: Turn, { sender, nonce, remembered }: Verified<Recollection>): void {
  const { state } = turn
  const { recall, config } = state
  if (recall === null || recall.nonce !== nonce) return
  if (remembered.some((message) => message.sender === config.id && isForgotten(state, message))) {
    return becomeAmnesiac(turn)
  }
  recall.answered.set(sender, [])
  if (recall.answered.size >= 2 * faultsMax(config.n)) endRecall(turn)
}

/**
 * The same in oral mode, where the word of W is needed for what it did not know: Q answers hold that of W correct ones.
 *
 * @rule 6.4 4.8
 */
export function onOralRecollection(
  turn: Turn,
  { sender, nonce, reminders }: Verified<OralRecollection>,
): void {
  const { state } = turn
  const { recall, config } = state
  if (recall === null || recall.nonce !== nonce || sender === config.id) return
  recall.answered.set(sender, reminders)
  if (isReminded(state, [...recall.answered.values()])) return becomeAmnesiac(turn)
  if (recall.answered.size >= quorum(config.n)) endRecall(turn)
}

function becomeAmnesiac(turn: Turn): void {
  const { state } = turn
  state.recall = null
  state.health = 'amnesiac'
  persist(turn, { kind: 'forgotten' })
}

/** A view above the own, or a vote above h that the log would have kept. Of older views only the COMMITs are known. */
function isForgotten(state: ReplicaState, message: Remembered): boolean {
  if (message.kind === 'view-change') return message.view > state.view
  if (message.sequence <= state.lowWatermark) return false
  if (message.kind === 'checkpoint') return !state.ownRoots.has(message.sequence)
  if (message.view > state.view) return true
  const { sequence, view, digest } = message
  if (message.kind === 'commit') {
    const prepared = state.preparedCertificates.get(sequence)?.prePrepare
    if (prepared === undefined || prepared.view < view) return true
    return prepared.view === view && !equalBytes(prepared.digest, digest)
  }
  if (view < state.view) return false
  const accepted = state.slots.get(sequence)?.accepted ?? null
  return accepted === null || !equalBytes(accepted.digest, digest)
}

function endRecall(turn: Turn): void {
  const { state } = turn
  state.recall = null
  resume(turn)
  // What came in meanwhile could not be acted on.
  for (const slot of [...state.slots.values()]) advance(turn, slot)
  joinIfOthersMoved(turn)
  awaitNewView(turn)
  if (isOral(state)) acknowledge(turn)
  makeNewView(turn)
  makeOralNewView(turn)
  startTimer(state)
  proposeBatches(turn)
}
