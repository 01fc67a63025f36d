import type { ReplicaId } from '../../base/ids.ts'
import type { LogRecord } from '../../pbft/effects.ts'
import type { Checker, SeenStep } from './checker.ts'

interface Reached {
  readonly incarnation: number
  readonly view: number
  readonly lowWatermark: number
  readonly lastExecuted: number
}

/** The view and the h that a log record states. */
interface Logged {
  readonly position: number
  readonly view: number
  readonly lowWatermark: number
}

/**
 * 8. Views and h never go back; executed s only by a restart. After a crash they are at least the values in the log: a
 * value that was not yet synced was never sent.
 */
export function neverBackwards(): Checker {
  const reached = new Map<ReplicaId, Reached>()
  const logged = new Map<ReplicaId, Logged[]>()
  return {
    invariant: 8, // @rule 7.8
    name: 'never backwards',
    onStep(seen) {
      const { replica, incarnation, isRecovering, state } = seen
      if (isRecovering) return null
      noteRecords(logged, seen)
      const { view } = state.views
      const { lowWatermark } = state.checkpoints
      const { lastExecuted } = state.ordering
      const before = reached.get(replica)
      const isUnchanged =
        before?.incarnation === incarnation &&
        before.view === view &&
        before.lowWatermark === lowWatermark &&
        before.lastExecuted === lastExecuted
      if (isUnchanged) return null
      reached.set(replica, { incarnation, view, lowWatermark, lastExecuted })
      if (before === undefined) return null
      if (view < before.view) return `went back from view ${before.view} to ${view}`
      if (lowWatermark < before.lowWatermark)
        return `h went back from ${before.lowWatermark} to ${lowWatermark}`
      if (before.incarnation === incarnation && lastExecuted < before.lastExecuted) {
        return `last executed went back from ${before.lastExecuted} to ${lastExecuted}`
      }
      return null
    },
    onCrash({ replica, survivingRecords }) {
      const kept = (logged.get(replica) ?? []).filter(({ position }) => position < survivingRecords)
      logged.set(replica, kept)
      const before = reached.get(replica)
      if (before === undefined) return null
      const view = Math.max(0, ...kept.map((each) => each.view))
      const lowWatermark = Math.max(0, ...kept.map((each) => each.lowWatermark))
      reached.set(replica, { ...before, view, lowWatermark })
      return null
    },
  }
}

/** Keeps only the highest records, so that the list is never longer than the number of unsynced records. */
function noteRecords(
  logged: Map<ReplicaId, Logged[]>,
  { replica, effects, appendedRecords }: SeenStep,
): void {
  let position = appendedRecords
  for (const effect of effects) {
    if (effect.kind !== 'persist') continue
    const known = logged.get(replica) ?? []
    logged.set(replica, known)
    const { view, lowWatermark } = placeOf(effect.record)
    const last = known.at(-1)
    if (view > (last?.view ?? 0) || lowWatermark > (last?.lowWatermark ?? 0)) {
      known.push({
        position,
        view: Math.max(view, last?.view ?? 0),
        lowWatermark: Math.max(lowWatermark, last?.lowWatermark ?? 0),
      })
    }
    position++
  }
}

function placeOf(record: LogRecord): { readonly view: number; readonly lowWatermark: number } {
  switch (record.kind) {
    case 'view-change':
    case 'new-view-made':
      return { view: record.content.view, lowWatermark: 0 }
    case 'new-view':
      return { view: record.newView.view, lowWatermark: 0 }
    case 'healed':
      return { view: record.view, lowWatermark: 0 }
    case 'stable':
      return { view: 0, lowWatermark: record.stable.sequence }
    default:
      return { view: 0, lowWatermark: 0 }
  }
}
