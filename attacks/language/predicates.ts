/** When a behaviour acts. Predicates read a frame and the adversary's place, and combine. */
import type { ClientId, ReplicaId } from '../../src/base/ids.ts'
import { type FrameKindName, kindsWith } from '../../src/messages/kinds.ts'
import type { AdversaryContext } from './adversary-context.ts'
import type { InterceptedFrame } from './intercepted-frame.ts'
import { type Amount, amountOf } from './mutations.ts'

export type When = (intercepted: InterceptedFrame, place: AdversaryContext) => boolean

export const always: When = () => true

export const isKind =
  (...kinds: readonly FrameKindName[]): When =>
  ({ kind }) =>
    kind !== null && kinds.includes(kind)

/** A PREPARE or a COMMIT. */
export const isVote: When = isKind('prepare', 'commit')

/** Messages by which replicas agree, change views and make checkpoints. */
export const isProtocol: When = isKind(
  ...kindsWith({ author: 'replica', taker: 'protocol', vouched: 'author' }),
)

/** Of the view, for messages that have one. */
export const inView =
  (view: number): When =>
  ({ message }) =>
    message !== null && 'view' in message && message.view === view

const isReplica = ({ peer }: InterceptedFrame, among: readonly ReplicaId[]): boolean =>
  peer.kind === 'replica' && among.includes(peer.id)

/** To one of these replicas; of what is received, from one of them. */
export const to =
  (...ids: readonly ReplicaId[]): When =>
  (intercepted) =>
    isReplica(intercepted, ids)

export const toReplicas: When = ({ peer }) => peer.kind === 'replica'
export const toClients: When = ({ peer }) => peer.kind === 'client'
/** Of what is received. */
export const fromReplicas: When = toReplicas

/** To some of the other replicas, at least one and not all: drawn once, and the same ones from then on. */
export function toSome(): When {
  let some: readonly ReplicaId[] | null = null
  return (intercepted, { random, others }) => {
    some ??= random.shuffle(others).slice(0, random.between(1, others.length - 1))
    return isReplica(intercepted, some)
  }
}

/** To the first `count` correct replicas: the same ones for all traitors. A function of the place, for f differs. */
export const toVictims =
  (count: Amount): When =>
  (intercepted, place) =>
    isReplica(intercepted, place.victims.slice(0, amountOf(count, place)))

/** A request of this client, as it comes in or is relayed. */
export const fromClient =
  (client: (place: AdversaryContext) => ClientId | undefined): When =>
  (intercepted, place) =>
    intercepted.kind === 'request' &&
    intercepted.message?.kind === 'request' &&
    intercepted.message.client === client(place)

export const whilePrimary: When = (_, { isPrimary }) => isPrimary
export const whileBackup: When = (_, { isPrimary }) => !isPrimary

/** From so many ticks after the beginning of the attack on. */
export const after =
  (ticks: number): When =>
  (_, place) =>
    place.ticks >= ticks

/** Until so many ticks after the beginning of the attack. */
export const until = (ticks: number): When => not(after(ticks))

/** Since its process was started again. */
export const afterRestart: When = (_, { life }) => life > 1

/** The first so many times that it is asked; each traitor counts for itself. */
export const times = (count: number): When => {
  let left = count
  return () => left-- > 0
}

export const withProbability =
  (probability: number): When =>
  (_, { random }) =>
    random.chance(probability)

/** Always or never: drawn once. */
export function perhaps(probability: number): When {
  let isSo: boolean | null = null
  return (_, { random }) => {
    isSo ??= random.chance(probability)
    return isSo
  }
}

export const and =
  (...all: readonly When[]): When =>
  (intercepted, place) =>
    all.every((when) => when(intercepted, place))

export const or =
  (...any: readonly When[]): When =>
  (intercepted, place) =>
    any.some((when) => when(intercepted, place))

export const not =
  (when: When): When =>
  (intercepted, place) =>
    !when(intercepted, place)
