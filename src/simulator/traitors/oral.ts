/**
 * Traitors that lie where nothing is signed: in what they claim to have prepared, in whom they vouch for, in what they
 * say was decided; and to each receiver something else. Rules 4.1 to 4.8 are what stands against them.
 */
import type { Milliseconds, ReplicaId, Sequence, View } from '../../base/ids.ts'
import { createBatch } from '../../messages/batch.ts'
import type { OralNewViewContent, OralViewChangeContent, OrderClaim } from '../../messages/oral/message.ts'
import type { Effect, Outgoing } from '../../pbft/effects.ts'
import type { ReplicaState } from '../../pbft/state.ts'
import type { StepFunction } from '../../runtime/replica-runtime.ts'
import {
  type Broadcast,
  eachEffect,
  flipped,
  othersThan,
  sentTo,
  someOthers,
  type Traitor,
  type TraitorContext,
} from './traitor.ts'

type Said<K extends Outgoing['kind']> = Broadcast & { readonly outgoing: { readonly kind: K } }

const isSaid =
  <K extends Outgoing['kind']>(kind: K) =>
  (effect: Effect): effect is Said<K> =>
    effect.kind === 'broadcast' && effect.outgoing.kind === kind

const isViewChange = isSaid('oral-view-change')
const isNewView = isSaid('oral-new-view')

/** The most by which it claims something above h. */
const CLAIMED_MAX = 6

/**
 * The lie goes out first to `some`, and the true message to all: it comes back to the traitor itself, which so goes on as
 * an honest one would. Who has both counts the first.
 */
const lieTo = (
  some: readonly ReplicaId[],
  effect: Broadcast,
  lie: Broadcast['outgoing'],
): readonly Effect[] => [...sentTo(some, { kind: 'broadcast', outgoing: lie }), effect]

/** A traitor that says another VIEW-CHANGE to some, or to all others. */
const lyingLeaver = (
  name: string,
  does: string,
  lie: (honest: OralViewChangeContent, place: TraitorContext) => OralViewChangeContent,
): Traitor => ({
  name,
  does,
  harms: 'anywhere',
  only: 'oral',
  betray(place) {
    const isTwoFaced = place.random.chance(0.5)
    return (honest) =>
      eachEffect(honest, (effect) => {
        if (!isViewChange(effect)) return effect
        const some = isTwoFaced ? someOthers(place) : othersThan(place)
        return lieTo(some, effect, lie(effect.outgoing, place))
      })
  },
})

/** Something claimed for each of some sequence numbers above h: a made-up digest, or one that it knows, in a view below. */
function madeUp(
  { view, lowWatermark, prePrepareClaims }: OralViewChangeContent,
  { random, hash }: TraitorContext,
): readonly OrderClaim[] {
  const known = prePrepareClaims.map(({ digest }) => digest)
  const claims: OrderClaim[] = []
  for (let above = 1; above <= CLAIMED_MAX; above++) {
    if (random.chance(0.4)) continue
    const isKnown = known.length > 0 && random.chance(0.5)
    const digest = isKnown ? random.pick(known) : hash(Uint8Array.of(random.below(256)))
    const late = random.chance(0.6) ? view - 1 : random.below(view)
    claims.push({ sequence: (lowWatermark + above) as Sequence, view: late as View, digest })
  }
  return claims
}

export const highClaimer = lyingLeaver(
  'high-claimer',
  'claims to have prepared, in the last view, what nobody proposed or what others did not prepare',
  (honest, place) => {
    const claims = madeUp(honest, place)
    return { ...honest, preparedClaims: claims, prePrepareClaims: claims }
  },
)

export const falseWitness = lyingLeaver(
  'false-witness',
  'says that it pre-prepared what it did not, and nothing of what it did',
  (honest, place) => ({ ...honest, prePrepareClaims: madeUp(honest, place) }),
)

export const concealer = lyingLeaver('concealer', 'conceals what it prepared and pre-prepared', (honest) => ({
  ...honest,
  preparedClaims: [],
  prePrepareClaims: [],
}))

export const rootLiar: Traitor = {
  name: 'root-liar',
  does: 'tells some of other states behind its checkpoints, when it says them and when it leaves a view',
  harms: 'anywhere',
  only: 'oral',
  betray(place) {
    const some = someOthers(place)
    return (honest) =>
      eachEffect(honest, (effect) => {
        if (isViewChange(effect)) {
          const { checkpoints } = effect.outgoing
          const lies = checkpoints.map(({ sequence, root }) => ({ sequence, root: flipped(root) }))
          return lieTo(some, effect, { ...effect.outgoing, checkpoints: lies })
        }
        if (!isSaid('checkpoint')(effect)) return effect
        return lieTo(some, effect, { ...effect.outgoing, root: flipped(effect.outgoing.root) })
      })
  },
}

export const runaheadClaimer: Traitor = {
  name: 'runahead-claimer',
  does: 'claims checkpoints that nobody reached when it leaves a view, at times as stable ones',
  harms: 'anywhere',
  only: 'oral',
  betray(place) {
    const { random, hash } = place
    return (honest) => (state, event) =>
      honest(state, event).flatMap((effect) => {
        if (!isViewChange(effect)) return effect
        const { lowWatermark, checkpoints } = effect.outgoing
        const interval = state.config.checkpointInterval
        const sequence = (lowWatermark + interval * random.between(1, 2)) as Sequence
        const invented = { sequence, root: hash(Uint8Array.of(random.below(256))) }
        const below = checkpoints.filter((one) => one.sequence < sequence)
        const lie = random.chance(0.5)
          ? { ...effect.outgoing, checkpoints: [...below, invented] }
          : { ...nothingAbove(effect.outgoing), lowWatermark: sequence, checkpoints: [invented] }
        return lieTo(othersThan(place), effect, lie)
      })
  },
}

const nothingAbove = (said: OralViewChangeContent): OralViewChangeContent => ({
  ...said,
  preparedClaims: [],
  prePrepareClaims: [],
})

export const falseVoucher: Traitor = {
  name: 'false-voucher',
  does: 'acknowledges VIEW-CHANGEs that nobody sent, to whoever, and seldom those that were',
  harms: 'anywhere',
  only: 'oral',
  betray(place) {
    const { random } = place
    return (honest) =>
      eachEffect(honest, (effect) => {
        if (effect.kind !== 'send' || effect.outgoing.kind !== 'view-change-ack') return effect
        if (random.chance(0.2)) return effect
        const lie = { ...effect.outgoing, digest: flipped(effect.outgoing.digest) }
        return othersThan(place).map((to): Effect => ({ kind: 'send', to, outgoing: lie }))
      })
  },
}

export const falseTeller: Traitor = {
  name: 'false-teller',
  does: 'tells who lags of decisions that there were not, in views that there were not, and who starts of votes too',
  harms: 'anywhere',
  only: 'oral',
  betray(place) {
    const { random, hash } = place
    const decision = (state: ReplicaState): Outgoing => {
      const ahead = random.between(1, 4)
      const sequence = (state.ordering.lastExecuted + ahead) as Sequence
      const batch = random.chance(0.5) ? state.nullBatch : createBatch(hash, 1 as Milliseconds, [])
      const view = random.pick([state.views.view, state.views.view + random.between(1, 9), 2 ** 40]) as View
      return { kind: 'decision', view, sequence, batch, commits: [] }
    }
    return (honest) => (state, event) => {
      const effects = honest(state, event).map((effect): Effect => {
        if (effect.kind !== 'send' || effect.outgoing.kind !== 'oral-recollection') return effect
        const reminders = (['commit', 'prepare', 'view-change'] as const).map((kind) => ({
          kind,
          view: (state.views.view + 1) as View,
          sequence: (state.ordering.lastExecuted + 9) as Sequence,
        }))
        return { ...effect, outgoing: { ...effect.outgoing, reminders } }
      })
      if (event.kind !== 'ticked' || random.chance(0.7)) return effects
      return [...effects, { kind: 'send', to: random.pick(othersThan(place)), outgoing: decision(state) }]
    }
  },
}

export const batchWithholder: Traitor = {
  name: 'batch-withholder',
  does: 'shows its batches to W replicas, and gives nobody a batch who asks for one',
  harms: 'as primary',
  only: 'oral',
  betray(place) {
    const some = place.random.shuffle(othersThan(place)).slice(0, Math.ceil(place.n / 3))
    return (honest: StepFunction): StepFunction =>
      eachEffect(honest, (effect) => {
        if (effect.kind === 'serve' || effect.kind === 'serve-batch') return []
        if (effect.kind === 'send' && effect.outgoing.kind === 'batch') return []
        const isProposal = effect.kind === 'broadcast' && effect.outgoing.kind === 'pre-prepare'
        return isProposal ? [...sentTo(some, effect as Broadcast)] : effect
      })
  },
}

export const doubleDealer: Traitor = {
  name: 'double-dealer',
  does: 'proposes a second batch to one replica, and when it leaves claims that this is what prepared',
  harms: 'as primary',
  only: 'oral',
  betray(place) {
    const { random, hash } = place
    const dealt = new Map<Sequence, OrderClaim>()
    return (honest) =>
      eachEffect(honest, (effect) => {
        if (effect.kind === 'broadcast' && effect.outgoing.kind === 'pre-prepare') {
          const { view, sequence, batch } = effect.outgoing
          const other = createBatch(hash, (batch.time + 1) as Milliseconds, batch.requests)
          dealt.set(sequence, { sequence, view, digest: other.digest })
          return lieTo([random.pick(othersThan(place))], effect, { ...effect.outgoing, batch: other })
        }
        if (!isViewChange(effect)) return effect
        const { lowWatermark, view } = effect.outgoing
        const isLate = random.chance(0.5)
        const claims = [...dealt.values()]
          .filter(({ sequence }) => sequence > lowWatermark)
          .map((claim) => (isLate ? { ...claim, view: (view - 1) as View } : claim))
          .sort((a, b) => a.sequence - b.sequence)
        const lie = { ...effect.outgoing, preparedClaims: claims, prePrepareClaims: claims }
        return lieTo(othersThan(place), effect, lie)
      })
  },
}

/** A traitor that lies in its NEW-VIEW, to some or to all. */
const lyingPrimary = (
  name: string,
  does: string,
  lie: (honest: OralNewViewContent, place: TraitorContext) => OralNewViewContent,
): Traitor => ({
  name,
  does,
  harms: 'as primary',
  only: 'oral',
  betray(place) {
    const isTwoFaced = place.random.chance(0.5)
    return (honest) => {
      // It leaves the first view too, or would hardly be primary of one that needs a NEW-VIEW.
      const stalls = place.random.chance(0.5)
      return eachEffect(honest, (effect) => {
        const isFirst = effect.kind === 'broadcast' && effect.outgoing.kind === 'pre-prepare'
        if (isFirst && effect.outgoing.kind === 'pre-prepare' && stalls && effect.outgoing.view === 0)
          return []
        if (!isNewView(effect)) return effect
        const some = isTwoFaced ? someOthers(place) : othersThan(place)
        return lieTo(some, effect, lie(effect.outgoing, place))
      })
    }
  },
})

export const unfetchableCiter = lyingPrimary(
  'unfetchable-citer',
  'begins its view with VIEW-CHANGEs that nobody can give',
  (honest, { random, hash }) => ({
    ...honest,
    cited: honest.cited.map((one) => (random.chance(0.5) ? one : { ...one, digest: hash(one.digest) })),
  }),
)

export const falseChooser = lyingPrimary(
  'false-chooser',
  'chooses null batches, too few, or what nobody proposed',
  (honest, { random, hash }) => {
    const { choices } = honest
    if (choices.length > 0 && random.chance(0.4)) return { ...honest, choices: choices.slice(0, -1) }
    const invented = choices.map((choice) =>
      random.chance(0.6) ? choice : { ...choice, digest: hash(Uint8Array.of(random.below(256))) },
    )
    const next = { sequence: (honest.checkpoint.sequence + choices.length + 1) as Sequence, digest: hash() }
    return { ...honest, choices: random.chance(0.3) ? [...invented, next] : invented }
  },
)
