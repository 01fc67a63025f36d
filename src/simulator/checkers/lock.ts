import { equalBytes } from '../../base/bytes.ts'
import type { Sequence, View } from '../../base/ids.ts'
import { isRejection } from '../../messages/rejection.ts'
import type { Effect } from '../../pbft/effects.ts'
import type { Checker } from './checker.ts'
import { certificatesOfStep, shortDigest } from './votes-seen.ts'

/** The choice of a NEW-VIEW that a correct replica took. */
interface Selected {
  readonly view: View
  /** minSeq: sequence numbers at or below it are covered by a checkpoint certificate. */
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
  /** Every accepted NEW-VIEW: a traitor may send several for one view. */
  const selections = new Map<string, Selected>()
  /** The decision of the earliest view, by sequence number. */
  const decisions = new Map<Sequence, Committed>()
  return {
    invariant: 7, // @rule 7.7
    name: 'lock',
    onStep(seen) {
      for (const effect of seen.effects) {
        const selected = selectionOf(effect)
        const key = selected === null ? '' : textOf(selected)
        if (selected === null || selections.has(key)) continue
        selections.set(key, selected)
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

function textOf({ view, checkpoint, choices }: Selected): string {
  const chosen = [...choices].map(([sequence, digest]) => `${sequence} ${shortDigest(digest)}`)
  return `${view} ${checkpoint} ${chosen.join()}`
}

function selectionOf(effect: Effect): Selected | null {
  if (effect.kind !== 'persist') return null
  const { record } = effect
  if (record.kind === 'new-view-made') {
    const { content } = record
    const checkpoint =
      content.kind === 'oral-new-view' ? content.checkpoint.sequence : highest(content.viewChanges)
    return selected(content.view, checkpoint, content.choices)
  }
  if (record.kind !== 'new-view') return null
  const { newView } = record
  if (newView.kind === 'oral-new-view') {
    return selected(newView.view, newView.checkpoint.sequence, newView.choices)
  }
  if (isRejection(newView.contents)) return null
  return selected(newView.view, highest(newView.contents.viewChanges), newView.contents.prePrepares)
}

function selected(
  view: View,
  checkpoint: Sequence,
  choices: readonly { readonly sequence: Sequence; readonly digest: Uint8Array }[],
): Selected {
  return { view, checkpoint, choices: new Map(choices.map(({ sequence, digest }) => [sequence, digest])) }
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
