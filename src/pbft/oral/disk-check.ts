/**
 * The check at a start for a disk that is an old copy, in oral mode. No replica can show what this one sent, so the
 * claims of W count, one of which is correct. Keeps rule 6.4 as far as 4.8 allows.
 */
import type { ReplicaId, Sequence, View } from '../../base/ids.ts'
import { quorum, weakQuorum } from '../../base/quorum.ts'
import type { Verified } from '../../messages/message.ts'
import type { OralRecollection, Reminder } from '../../messages/oral/message.ts'
import { becomeAmnesiac, endRecall } from '../recovery/disk-check.ts'
import type { ReplicaState, Turn } from '../state.ts'
import { isPrimary } from '../views/view-state.ts'

/**
 * Returns the highest (v, s) of each kind of message that came from a replica.
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
    // A choice of a NEW-VIEW has no pre-prepare of its own.
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
 * Handles another replica's claims about this one's messages. Among Q answers, W are from correct replicas.
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
 * True if W replicas claim to hold a message of this one that its log does not know.
 * @rule 6.4
 */
function isReminded(state: ReplicaState, answers: readonly (readonly Reminder[])[]): boolean {
  const kinds: readonly Reminder['kind'][] = ['pre-prepare', 'prepare', 'commit', 'checkpoint', 'view-change']
  return kinds.some((kind) => {
    const said = answers.flatMap((reminders) => reminders.find((each) => each.kind === kind) ?? [])
    if (said.length < weakQuorum(state.config.n)) return false
    // The W-th highest claim: a correct replica claims this much or more.
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

/** Returns the highest s for which the log knows a message of this kind from this replica in the current view. */
function highestInView(state: ReplicaState, kind: 'pre-prepare' | 'prepare' | 'commit'): number {
  // The choices of this replica's NEW-VIEW may lie above H, where there are no slots.
  let highest: number = kind === 'pre-prepare' && isPrimary(state) ? state.ordering.lastProposed : 0
  for (const { accepted, prepared, sequence } of state.ordering.slots.values()) {
    if (accepted === null || accepted.view !== state.views.view) continue
    const isOwn = accepted.sender === state.config.id
    const isKnown = kind === 'commit' ? prepared !== null : kind === 'pre-prepare' ? isOwn : !isOwn
    if (isKnown) highest = Math.max(highest, sequence)
  }
  return highest
}
