import type { ReplicaId } from '../../base/ids.ts'
import { evidenceFault, placeOf } from '../../messages/evidence.ts'
import type { Checker } from './checker.ts'

/**
 * 5, from the other side. The evidence of a correct replica is valid, and never against a replica that was never a
 * traitor, despite crashes, lost disks and recovery.
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
        // Unsigned messages prove nothing.
        if (state.config.mode === 'oral') return `${what}is not evidence: nothing is signed`
        const fault = guilty === first.sender ? evidenceFault(first, second) : 'different-signers'
        if (fault !== null) return `${what}is not evidence: ${fault}`
        if (isCorrect(guilty)) return `${what}, which never was a traitor`
      }
      return null
    },
  }
}
