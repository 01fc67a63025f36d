/** A traitor: an honest step whose events are left out and whose effects are rewritten. */
import type { Hash } from '../../base/hash.ts'
import { type ReplicaId, replicaIds } from '../../base/ids.ts'
import type { Random } from '../../base/random.ts'
import type { AuthenticationMode } from '../../messages/cluster.ts'
import type { Effect } from '../../pbft/effects.ts'
import type { StepFunction } from '../../runtime/replica-runtime.ts'

export interface TraitorContext {
  readonly id: ReplicaId
  readonly n: number
  readonly hash: Hash
  readonly random: Random
}

export interface Traitor {
  readonly name: string
  /** One sentence for whoever reads a plan. */
  readonly does: string
  /** The role in which it harms: a harmful primary can only be replaced. */
  readonly harms: 'as primary' | 'anywhere'
  /** The mode whose messages it lies in; any where it is left out. */
  readonly only?: AuthenticationMode
  betray(place: TraitorContext): (honest: StepFunction) => StepFunction
}

type EffectOf<K extends Effect['kind']> = Effect & { readonly kind: K }
export type Broadcast = EffectOf<'broadcast'>

/** The honest step with each effect replaced by some effects. */
export function eachEffect(
  honest: StepFunction,
  change: (effect: Effect) => Effect | readonly Effect[],
): StepFunction {
  return (state, event) => honest(state, event).flatMap(change)
}

export const othersThan = ({ id, n }: TraitorContext): readonly ReplicaId[] =>
  replicaIds(n).filter((other) => other !== id)

/** Some of the other replicas: at least one, and not all. */
export function someOthers(place: TraitorContext): readonly ReplicaId[] {
  const others = place.random.shuffle(othersThan(place))
  return others.slice(0, place.random.between(1, others.length - 1))
}

/** Sends to these what a broadcast would send to all. */
export const sentTo = (targets: readonly ReplicaId[], { outgoing }: Broadcast): readonly Effect[] =>
  targets.map((to) => ({ kind: 'send', to, outgoing }))

export const flipped = (digest: Uint8Array): Uint8Array =>
  digest.map((byte, index) => (index === 0 ? byte ^ 1 : byte))
