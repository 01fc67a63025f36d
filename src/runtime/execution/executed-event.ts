import type { Milliseconds, Sequence } from '../../base/ids.ts'
import type { RequestOutcome } from '../../base/request-outcome.ts'
import type { Batch } from '../../messages/message.ts'
import type { Event } from '../../pbft/effects.ts'

/**
 * Returns the protocol's event for an executed batch: one outcome for each request, in their order, and the next expiry
 * of a lease afterwards.
 */
export function executedEvent(
  sequence: Sequence,
  { requests }: Pick<Batch, 'requests'>,
  outcomes: readonly RequestOutcome[],
  nextExpiry: Milliseconds | null,
): Event & { readonly kind: 'executed' } {
  let newBytes = 0
  for (const [index, { standing }] of outcomes.entries()) {
    if (standing === 'new') newBytes += requests[index]?.operations.length ?? 0
  }
  const recoveries = outcomes.flatMap(({ recovery, standing, requestDigest }) =>
    recovery === null || standing !== 'new' ? [] : [{ ...recovery, requestDigest }],
  )
  return { kind: 'executed', sequence, recoveries, newBytes, nextExpiry }
}
