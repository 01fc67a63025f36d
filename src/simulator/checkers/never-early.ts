import { toHex } from '../../base/bytes.ts'
import { lagMax } from '../../pbft/ordering/proposed-time.ts'
import { CLOCK_SKEW_MS_MAX } from '../../pbft/parameters.ts'
import type { ModelledStore } from '../model/modelled-store.ts'
import { EPOCH_MS } from '../world/virtual-clock.ts'
import { type Checker, requestKey } from './checker.ts'

/**
 * 17. No lease ends by itself before its life is over, less a bound. The life counts from the moment at which a client
 * of the load asked for the lease, or for keeping it alive; the end is its first execution at a correct replica. The
 * bound is what the clocks of correct replicas allow: the lag that those which accepted the granting batch take, and the
 * lead that any of them takes, each with the error of its clock at that moment.
 */
export function neverEarly(modelled: ModelledStore, now: () => number): Checker {
  /** By request, the moment at which it was sent. */
  const sentAt = new Map<string, number>()
  /** By batch, the most by which its time may be behind the true time, for a correct replica that accepted it. */
  const lags = new Map<string, number>()
  /** The most by which a time may be ahead of the true time, for a correct replica. */
  let lead = CLOCK_SKEW_MS_MAX
  /** By lease, the moment before which it must not end. */
  const lives = new Map<string, number>()
  let seenUpTo = 0
  return {
    invariant: 17, // @rule 7.17
    name: 'never early',
    onRequest(request) {
      const key = requestKey(request)
      if (!sentAt.has(key)) sentAt.set(key, now())
      return null
    },
    onStep({ effects, state }) {
      for (const effect of effects) {
        if (effect.kind !== 'persist' || effect.record.kind !== 'accepted') continue
        const key = toHex(effect.record.prePrepare.digest)
        const clockIsAhead = state.clock.now - (EPOCH_MS + now())
        lags.set(key, Math.max(lags.get(key) ?? 0, lagMax(state.patience.timeoutTicks) - clockIsAhead))
        lead = Math.max(lead, CLOCK_SKEW_MS_MAX + clockIsAhead)
      }
      return null
    },
    onExecuted(seen) {
      const batch = modelled.onExecuted(seen)
      if (batch === null || batch.sequence <= seenUpTo) return null
      seenUpTo = batch.sequence
      const lag = lags.get(toHex(seen.batch.digest))
      for (const lease of batch.leases) {
        const id = toHex(lease.id)
        if (lease.kind === 'begun') {
          const sent = lease.cause === null ? undefined : sentAt.get(requestKey(lease.cause))
          if (sent === undefined || lag === undefined) continue
          lives.set(id, Math.max(lives.get(id) ?? 0, sent + 1_000 * lease.ttl - lag))
          continue
        }
        const early = (lives.get(id) ?? 0) - lead - now()
        lives.delete(id)
        if (lease.kind === 'expired' && early > 0)
          return `lease ${id} ended ${Math.ceil(early)} ms earlier than clocks allow`
      }
      return null
    },
  }
}
