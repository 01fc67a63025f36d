import type { ReplicaId } from '../../base/ids.ts'
import { evidenceFault, placeOf } from '../../messages/evidence.ts'
import type { Checker } from './checker.ts'

/**
 * 5, seen from the other side. What a correct replica takes for evidence is some, and is never against a replica that
 * was never a traitor: crashes, lost disks and healing included.
 */
export function trueEvidence(isCorrect: (replica: ReplicaId) => boolean): Checker {
  return {
    invariant: 5, // @rule 7.5
    name: 'true evidence',
    onStep({ effects, state }) {
      for (const effect of effects) {
        if (effect.kind !== 'persist' || effect.record.kind !== 'evidence') continue
        const { guilty, first, second } = effect.record.evidence
        const { kind, view, sequence } = placeOf(first)
        const what = `evidence against replica ${guilty}, ${kind} in view ${view ?? 'none'} at ${sequence}`
        // What nobody signed proves nothing.
        if (state.config.mode === 'oral') return `${what}, is none: nothing is signed`
        const fault = guilty === first.sender ? evidenceFault(first, second) : 'different-signers'
        if (fault !== null) return `${what}, is none: ${fault}`
        if (isCorrect(guilty)) return `${what}, which never was a traitor`
      }
      return null
    },
  }
}
