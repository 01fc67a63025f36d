/**
 * The check at a start whether the disk is an old copy, in oral mode: nobody can show what this replica sent, so what
 * counts is what W say, one of whom is correct. Keeps rule 6.4 as 4.8 lets it.
 */
import type { ReplicaId, Sequence, View } from '../../base/ids.ts'
import { quorum, weakQuorum } from '../../base/quorum.ts'
import type { Verified } from '../../messages/message.ts'
import type { OralRecollection, Reminder } from '../../messages/oral/message.ts'
import { becomeAmnesiac, endRecall } from '../recovery/disk-check.ts'
import type { ReplicaState, Turn } from '../state.ts'
import { isPrimary } from '../views/view-state.ts'

/**
 * The highest (v, s) of each kind that came from a replica.
 * @rule 6.4
 */
export function remindersOf(state: ReplicaState, sender: ReplicaId): readonly Reminder[] {
  const newest = new Map<Reminder['kind'], Reminder>()
  const consider = (kind: Reminder['kind'], view: View, sequence: Sequence): void => {
    const known = newest.get(kind)
    const reminder = { kind, view, sequence }
    if (known === undefined || compareReminders(known, reminder) < 0) newest.set(kind, reminder)
  }
  for (const { accepted, prepares, commits } of state.ordering.slots.values()) {
    // A choice of a NEW-VIEW is in no pre-prepare of its own.
    if (accepted?.sender === sender) consider('pre-prepare', accepted.view, accepted.sequence)
    const [prepare, commit] = [prepares[sender] ?? null, commits[sender] ?? null]
    if (prepare !== null) consider('prepare', prepare.view, prepare.sequence)
    if (commit !== null) consider('commit', commit.view, commit.sequence)
  }
  for (const { sequence } of state.checkpoints.received[sender]?.values() ?? [])
    consider('checkpoint', 0 as View, sequence)
  const viewChange = state.views.viewChanges[sender] ?? null
  if (viewChange !== null) consider('view-change', viewChange.view, 0 as Sequence)
  return [...newest.values()]
}

/**
 * Takes what another replica says it has from this one: Q answers hold the word of W correct ones.
 * @rule 6.4 4.8
 */
export function onOralRecollection(
  turn: Turn,
  { sender, nonce, reminders }: Verified<OralRecollection>,
): void {
  const { state } = turn
  const { recall } = state.recovery
  const { config } = state
  if (recall === null || recall.nonce !== nonce || sender === config.id) return
  recall.answered.set(sender, reminders)
  if (isReminded(state, [...recall.answered.values()])) return becomeAmnesiac(turn)
  if (recall.answered.size >= quorum(config.n)) endRecall(turn)
}

const compareReminders = (a: Reminder, b: Reminder): number => a.view - b.view || a.sequence - b.sequence

/**
 * True if W replicas have something from this one that goes beyond what its log knows.
 * @rule 6.4
 */
function isReminded(state: ReplicaState, answers: readonly (readonly Reminder[])[]): boolean {
  const kinds: readonly Reminder['kind'][] = ['pre-prepare', 'prepare', 'commit', 'checkpoint', 'view-change']
  return kinds.some((kind) => {
    const said = answers.flatMap((reminders) => reminders.find((each) => each.kind === kind) ?? [])
    if (said.length < weakQuorum(state.config.n)) return false
    // At least as far as this one correct replica says.
    const [least] = [...said].sort((a, b) => compareReminders(b, a)).slice(weakQuorum(state.config.n) - 1)
    return least !== undefined && isForgotten(state, least)
  })
}

function isForgotten(state: ReplicaState, { kind, view, sequence }: Reminder): boolean {
  if (kind === 'view-change') return view > state.views.view
  if (sequence <= state.checkpoints.lowWatermark) return false
  if (kind === 'checkpoint')
    return sequence > Math.max(state.checkpoints.lastSent, ...state.checkpoints.ownRoots.keys())
  if (view !== state.views.view) return view > state.views.view
  return sequence > highestInView(state, kind)
}

/** The highest s for which the log knows of an own message of this kind in the current view. */
function highestInView(state: ReplicaState, kind: 'pre-prepare' | 'prepare' | 'commit'): number {
  // What its own NEW-VIEW chose may lie above H, and in no slot.
  let highest: number = kind === 'pre-prepare' && isPrimary(state) ? state.ordering.lastProposed : 0
  for (const { accepted, prepared, sequence } of state.ordering.slots.values()) {
    if (accepted === null || accepted.view !== state.views.view) continue
    const isOwn = accepted.sender === state.config.id
    const isKnown = kind === 'commit' ? prepared !== null : kind === 'pre-prepare' ? isOwn : !isOwn
    if (isKnown) highest = Math.max(highest, sequence)
  }
  return highest
}
