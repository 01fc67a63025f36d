import { equalBytes } from '../../base/bytes.ts'
import type { ReplicaId, Sequence } from '../../base/ids.ts'
import type { Effect } from '../../pbft/effects.ts'
import type { Checker } from './checker.ts'
import { shortDigest } from './votes-seen.ts'

/** 9. Checkpoint roots at equal s are equal: the own ones of correct replicas, and those of stable certificates. */
export function equalRoots(): Checker {
  const roots = new Map<Sequence, { readonly root: Uint8Array; readonly replica: ReplicaId }>()
  return {
    invariant: 9, // @rule 7.9
    name: 'equal roots',
    onStep({ replica, effects }) {
      for (const effect of effects) {
        const seen = rootOf(effect)
        if (seen === null) continue
        const first = roots.get(seen.sequence)
        if (first === undefined) {
          roots.set(seen.sequence, { root: seen.root, replica })
        } else if (!equalBytes(first.root, seen.root)) {
          const mine = shortDigest(seen.root)
          return `root ${mine} at ${seen.sequence}, where replica ${first.replica} has ${shortDigest(first.root)}`
        }
      }
      return null
    },
  }
}

function rootOf(effect: Effect): { readonly sequence: Sequence; readonly root: Uint8Array } | null {
  if (effect.kind !== 'persist') return null
  if (effect.record.kind === 'checkpoint') return effect.record
  return effect.record.kind === 'stable' ? effect.record.stable : null
}
