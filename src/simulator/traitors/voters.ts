/** Traitors that vote wrongly, whoever is primary. */
import type { ReplicaId } from '../../base/ids.ts'
import type { Effect } from '../../pbft/effects.ts'
import type { StepFunction } from '../../runtime/replica-runtime.ts'
import { silence } from './rewrites.ts'
import {
  type Broadcast,
  eachEffect,
  flipped,
  othersThan,
  sentTo,
  someOthers,
  type Traitor,
} from './traitor.ts'

type VoteBroadcast = Broadcast & { readonly outgoing: { readonly kind: 'prepare' | 'commit' } }

const isVote = (effect: Effect): effect is VoteBroadcast =>
  effect.kind === 'broadcast' && (effect.outgoing.kind === 'prepare' || effect.outgoing.kind === 'commit')

const withOtherDigest = ({ kind, outgoing }: VoteBroadcast): Broadcast => ({
  kind,
  outgoing: { ...outgoing, digest: flipped(outgoing.digest) },
})

export const silent: Traitor = {
  name: 'silent',
  does: 'takes everything in and says nothing to anyone',
  harms: 'anywhere',
  betray: () => (honest) => (state, event) => silence(honest(state, event)),
}

export const garbageVoter: Traitor = {
  name: 'garbage-voter',
  does: 'votes for digests that nobody proposed',
  harms: 'anywhere',
  betray: () => (honest) =>
    eachEffect(honest, (effect) => (isVote(effect) ? withOtherDigest(effect) : effect)),
}

export const twoFacedVoter: Traitor = {
  name: 'two-faced-voter',
  does: 'sends its votes to some and conflicting ones to the others',
  harms: 'anywhere',
  betray(place) {
    const some = someOthers(place)
    const rest = othersThan(place).filter((id) => !some.includes(id))
    return (honest) =>
      eachEffect(honest, (effect) =>
        isVote(effect) ? [...sentTo(some, effect), ...sentTo(rest, withOtherDigest(effect))] : effect,
      )
  },
}

export const commitWithholder: Traitor = {
  name: 'commit-withholder',
  does: 'sends its COMMITs to some only, so that others stay in the dark about decisions',
  harms: 'anywhere',
  betray(place) {
    const some = someOthers(place)
    return (honest) =>
      eachEffect(honest, (effect) => {
        if (isVote(effect) && effect.outgoing.kind === 'commit') return sentTo(some, effect)
        return isHelpTo(effect, some) ? effect : []
      })
  },
}

/** True if an effect keeps nobody but `some` from what this replica knows of decisions. */
function isHelpTo(effect: Effect, some: readonly ReplicaId[]): boolean {
  if (effect.kind === 'serve') return some.includes(effect.to)
  if (effect.kind !== 'send') return true
  const { outgoing } = effect
  const isCommit = outgoing.kind === 'relayed' && outgoing.message.kind === 'commit'
  return some.includes(effect.to) || !(isCommit || outgoing.kind === 'decision')
}

/** The most of its own messages that a repeater keeps, and that it repeats at a tick. */
const KEPT_MAX = 200
const REPEATED_PER_TICK = 3

export const repeater: Traitor = {
  name: 'repeater',
  does: 'sends messages that it sent long ago again and again, view changes among them, to whoever',
  harms: 'anywhere',
  betray(place) {
    const { random } = place
    const others = othersThan(place)
    const kept: Broadcast[] = []
    return (honest: StepFunction): StepFunction =>
      (state, event) => {
        const effects = honest(state, event)
        for (const effect of effects) {
          if (effect.kind !== 'broadcast') continue
          if (kept.length < KEPT_MAX) kept.push(effect)
          else kept[random.below(KEPT_MAX)] = effect
        }
        if (event.kind !== 'ticked' || kept.length === 0) return effects
        const again = Array.from({ length: REPEATED_PER_TICK }, () =>
          sentTo([random.pick(others)], random.pick(kept)),
        )
        return [...effects, ...again.flat()]
      }
  },
}

export const flapper: Traitor = {
  name: 'flapper',
  does: 'is silent and honest by turns',
  harms: 'anywhere',
  betray({ random }) {
    const period = random.between(5, 80)
    return (honest) => (state, event) => {
      const effects = honest(state, event)
      return Math.floor(state.clock.ticks / period) % 2 === 0 ? silence(effects) : effects
    }
  },
}

export const forgetful: Traitor = {
  name: 'forgetful',
  does: 'says in its VIEW-CHANGEs that it prepared nothing',
  harms: 'anywhere',
  betray: () => (honest) => (state, event) => {
    const effects = honest(state, event)
    for (const [index, withheld] of state.durability.withheld.entries()) {
      const { outgoing } = withheld
      if (outgoing.kind === 'view-change' && outgoing.preparedCertificates.length > 0) {
        state.durability.withheld[index] = {
          ...withheld,
          outgoing: { ...outgoing, preparedCertificates: [] },
        }
      } else if (outgoing.kind === 'oral-view-change' && outgoing.preparedClaims.length > 0) {
        state.durability.withheld[index] = { ...withheld, outgoing: { ...outgoing, preparedClaims: [] } }
      }
    }
    return effects
  },
}
