import type { ReplicaId } from '../../base/ids.ts'
import type { Checker } from './checker.ts'

/** 8. Views and h never go back; executed s only by a restart. */
export function neverBackwards(): Checker {
  interface Reached {
    readonly incarnation: number
    readonly view: number
    readonly lowWatermark: number
    readonly lastExecuted: number
  }
  const reached = new Map<ReplicaId, Reached>()
  return {
    invariant: 8,
    name: 'never backwards',
    onStep({ replica, incarnation, isRecovering, state }) {
      if (isRecovering) return null
      const { view, lowWatermark, lastExecuted } = state
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
  }
}
