import type { Sequence } from '../../base/ids.ts'
import type { ModelledStore } from '../model/modelled-store.ts'
import type { Checker } from './checker.ts'

/**
 * 16. Each batch that is executed gives what a model of the store gives, and leaves the revision and the next expiry that
 * it has. So what all replicas agree on is right too: comparisons, leases, reads of old revisions and of changes.
 */
export function followsModel(modelled: ModelledStore): Checker {
  let seenUpTo = 0 as Sequence
  return {
    invariant: 16, // @rule 7.16
    name: 'follows the model',
    onExecuted(seen) {
      const batch = modelled.onExecuted(seen)
      if (batch === null || batch.sequence <= seenUpTo) return null
      seenUpTo = batch.sequence
      return batch.fault === null ? null : `executed ${batch.sequence}: ${batch.fault}`
    },
  }
}
