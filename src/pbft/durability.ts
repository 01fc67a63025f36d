/** Messages that wait for the disk: section 6 of the rules, "durable before send". */
import type { Outgoing, Relayed } from './effects.ts'
import { mayVote, type ReplicaState, type Turn } from './state.ts'

/**
 * The first `records` records are on disk: what waited for them goes out, unless its view is over.
 * @rule 6
 */
export function onPersisted({ state, effects }: Turn, records: number): void {
  state.recordsDurable = Math.max(state.recordsDurable, records)
  let released = 0
  for (const withheld of state.withheld) {
    if (withheld.records > records) break
    released++
    const { outgoing, to } = withheld
    if (!isOfCurrentView(state, outgoing) || !mayVote(state)) continue
    effects.push(to === null ? { kind: 'broadcast', outgoing } : { kind: 'send', to, outgoing })
  }
  state.withheld.splice(0, released)
}

/**
 * Drops what was made for a view that is left: it says nothing any more once the VIEW-CHANGE does.
 * @rule 3.1
 */
export function dropWithheldOfOldViews(state: ReplicaState): void {
  const kept = state.withheld.filter(({ outgoing }) => isOfCurrentView(state, outgoing))
  state.withheld.splice(0, state.withheld.length, ...kept)
}

function isRelayedInCurrentView({ view, isActive }: ReplicaState, message: Relayed['message']): boolean {
  switch (message.kind) {
    case 'pre-prepare':
    case 'prepare':
    case 'commit':
    case 'new-view':
    case 'oral-new-view':
      return message.view === view && isActive
    case 'view-change':
    case 'oral-view-change':
      return message.view === view && !isActive
    default:
      return true
  }
}

function isOfCurrentView(state: ReplicaState, outgoing: Outgoing): boolean {
  switch (outgoing.kind) {
    case 'pre-prepare':
    case 'prepare':
    case 'commit':
      return outgoing.view === state.view && state.isActive
    case 'view-change':
    case 'new-view':
    case 'oral-view-change':
    case 'oral-new-view':
      return outgoing.view === state.view && !state.isActive
    case 'view-change-ack':
      return outgoing.view === state.view
    case 'relayed':
      return isRelayedInCurrentView(state, outgoing.message)
    default:
      return true
  }
}
