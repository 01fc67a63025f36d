import { equalBytes } from '../../base/bytes.ts'
import type { Sequence, View } from '../../base/ids.ts'
import { isRejection } from '../../messages/rejection.ts'
import type { Effect } from '../../pbft/effects.ts'
import type { Checker } from './checker.ts'
import { certificatesOfStep, shortDigest } from './votes-seen.ts'

/** What a NEW-VIEW that a correct replica took came to. */
interface Selected {
  readonly view: View
  /** minSeq: what is at or below it was certified by a checkpoint. */
  readonly checkpoint: Sequence
  readonly choices: ReadonlyMap<Sequence, Uint8Array>
}

interface Committed {
  readonly view: View
  readonly sequence: Sequence
  readonly digest: Uint8Array
}

/**
 * 7. Lock: what is committed in view v is kept by every NEW-VIEW of a later view: its checkpoint is at or above that
 * sequence number, or it selects that batch.
 */
export function lock(): Checker {
  const selections = new Map<View, Selected>()
  /** By sequence number, the decision of the earliest view. */
  const decisions = new Map<Sequence, Committed>()
  return {
    invariant: 7, // PBFT-7.7
    name: 'lock',
    onStep(seen) {
      for (const effect of seen.effects) {
        const selected = selectionOf(effect)
        if (selected === null || selections.has(selected.view)) continue
        selections.set(selected.view, selected)
        for (const committed of decisions.values()) {
          const fault = faultOf(committed, selected)
          if (fault !== null) return fault
        }
      }
      for (const { kind, votes } of certificatesOfStep(seen)) {
        const [committed] = votes
        if (kind !== 'decided' || committed === undefined) continue
        const known = decisions.get(committed.sequence)
        if (known !== undefined && known.view <= committed.view) continue
        decisions.set(committed.sequence, committed)
        for (const selected of selections.values()) {
          const fault = faultOf(committed, selected)
          if (fault !== null) return fault
        }
      }
      return null
    },
  }
}

function selectionOf(effect: Effect): Selected | null {
  if (effect.kind !== 'persist') return null
  const { record } = effect
  if (record.kind === 'new-view-made') {
    const { view, viewChanges, choices } = record.content
    return {
      view,
      checkpoint: highest(viewChanges),
      choices: new Map(choices.map(({ sequence, digest }) => [sequence, digest])),
    }
  }
  if (record.kind !== 'new-view' || isRejection(record.newView.contents)) return null
  const { viewChanges, prePrepares } = record.newView.contents
  return {
    view: record.newView.view,
    checkpoint: highest(viewChanges),
    choices: new Map(prePrepares.map(({ sequence, digest }) => [sequence, digest])),
  }
}

const highest = (viewChanges: readonly { readonly stable: { readonly sequence: Sequence } }[]): Sequence =>
  Math.max(0, ...viewChanges.map(({ stable }) => stable.sequence)) as Sequence

function faultOf({ view, sequence, digest }: Committed, selected: Selected): string | null {
  if (selected.view <= view || selected.checkpoint >= sequence) return null
  const chosen = selected.choices.get(sequence)
  if (chosen !== undefined && equalBytes(chosen, digest)) return null
  const instead = chosen === undefined ? 'nothing' : shortDigest(chosen)
  const committed = `${shortDigest(digest)} was committed at ${sequence} in view ${view}`
  return `${committed}, and the NEW-VIEW of ${selected.view} selects ${instead} there`
}
