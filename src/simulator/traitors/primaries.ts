/** Traitors that do their harm as primaries. As backups they do as they should. */
import { equalBytes } from '../../base/bytes.ts'
import type { ClientId, Milliseconds } from '../../base/ids.ts'
import { createBatch } from '../../messages/batch.ts'
import type { Effect } from '../../pbft/effects.ts'
import type { ReplicaState } from '../../pbft/state.ts'
import { type Broadcast, eachEffect, othersThan, sentTo, someOthers, type Traitor } from './traitor.ts'

type Proposal = Broadcast & { readonly outgoing: { readonly kind: 'pre-prepare' } }

const isProposal = (effect: Effect): effect is Proposal =>
  effect.kind === 'broadcast' && effect.outgoing.kind === 'pre-prepare'

export const equivocator: Traitor = {
  name: 'equivocator',
  does: 'proposes one batch to some and another one to the others',
  harms: 'as primary',
  betray(place) {
    const { random, hash } = place
    return (honest) =>
      eachEffect(honest, (effect) => {
        if (!isProposal(effect) || random.chance(0.3)) return effect
        const some = someOthers(place)
        const rest = othersThan(place).filter((id) => !some.includes(id))
        const { batch } = effect.outgoing
        const other = createBatch(hash, (batch.time + 1) as Milliseconds, [...batch.requests].reverse())
        const conflicting: Broadcast = { ...effect, outgoing: { ...effect.outgoing, batch: other } }
        // Its own vote for what it logged comes with the broadcast only; two-faced, it has none.
        const first = [...sentTo(some, effect), ...sentTo(rest, conflicting)]
        // Everybody gets both of them at times, in one order or the other.
        return random.chance(0.5) ? first : [...first, ...sentTo(some, conflicting), ...sentTo(rest, effect)]
      })
  },
}

export const omitter: Traitor = {
  name: 'omitter',
  does: 'does not take the requests of one client',
  harms: 'as primary',
  betray({ random }) {
    let victim: ClientId | null = null
    return (honest) => (state, event) => {
      if (event.kind !== 'received' || event.message.kind !== 'request') return honest(state, event)
      const { client } = event.message
      if (victim === null && random.chance(0.3)) victim = client
      return client === victim ? [] : honest(state, event)
    }
  },
}

const PROPOSALS_BEFORE_STALL_MAX = 12

export const staller: Traitor = {
  name: 'staller',
  does: 'proposes some batches and then no more',
  harms: 'as primary',
  betray({ random }) {
    let left = random.between(0, PROPOSALS_BEFORE_STALL_MAX)
    return (honest) => eachEffect(honest, (effect) => (isProposal(effect) && left-- <= 0 ? [] : effect))
  },
}

export const partialPrimary: Traitor = {
  name: 'partial-primary',
  does: 'sends its proposals to some replicas only',
  harms: 'as primary',
  betray(place) {
    const some = someOthers(place)
    return (honest) => eachEffect(honest, (effect) => (isProposal(effect) ? sentTo(some, effect) : effect))
  },
}

/** The time ahead of its clock at which a time traveller proposes: below and above what a backup takes at once. */
const AHEAD_MS: readonly number[] = [500, 990, 1_500, 5_000]

export const timeTraveller: Traitor = {
  name: 'time-traveller',
  does: 'proposes batches with times from the past and the future',
  harms: 'as primary',
  betray({ random, hash }) {
    return (honest) => (state, event) => honest(state, event).map((effect) => retimed(effect, state))

    function retimed(effect: Effect, state: ReplicaState): Effect {
      if (effect.kind !== 'persist' || effect.record.kind !== 'proposed') return effect
      const { content } = effect.record
      const time = random.chance(0.5) ? 1 : content.batch.time + random.pick(AHEAD_MS)
      const batch = createBatch(hash, time as Milliseconds, content.batch.requests)
      const changed = { ...content, batch }
      for (const [index, withheld] of state.durability.withheld.entries()) {
        const { outgoing } = withheld
        const isMeant =
          outgoing.kind === 'pre-prepare' && equalBytes(outgoing.batch.digest, content.batch.digest)
        if (isMeant) state.durability.withheld[index] = { ...withheld, outgoing: changed }
      }
      return { ...effect, record: { ...effect.record, content: changed } }
    }
  },
}
