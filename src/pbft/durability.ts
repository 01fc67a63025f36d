/** Messages that wait for the disk: section 6 of the rules, "durable before send". */
import { assertNever } from '../base/assert.ts'
import { factsOf, type Phase } from '../messages/kinds.ts'
import type { Outgoing } from './effects.ts'
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

function isOfCurrentView(state: ReplicaState, outgoing: Outgoing): boolean {
  const isRelayed = outgoing.kind === 'relayed'
  const message = isRelayed ? outgoing.message : outgoing
  const { phase } = factsOf(message.kind)
  if (phase === undefined || !('view' in message)) return true
  return message.view === state.view && isPhase(phase, state.isActive, isRelayed)
}

/** The own NEW-VIEW is made before its view begins; the primary's is sent on once it has begun. */
function isPhase(phase: Phase, isActive: boolean, isRelayed: boolean): boolean {
  switch (phase) {
    case 'inside':
      return isActive
    case 'leaving':
      return !isActive
    case 'entering':
      return isActive === isRelayed
    case 'either':
      return true
    default:
      return assertNever(phase)
  }
}
