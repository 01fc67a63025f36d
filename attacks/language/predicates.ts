/**
 * Predicates: the conditions under which a behaviour acts. They read a frame and the adversary's context, and can be
 * combined.
 */
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

/** Messages of agreement, view changes and checkpoints. */
export const isProtocol: When = isKind(
  ...kindsWith({ author: 'replica', taker: 'protocol', vouched: 'author' }),
)

/** Matches messages of this view. */
export const inView =
  (view: number): When =>
  ({ message }) =>
    message !== null && 'view' in message && message.view === view

const isReplica = ({ peer }: InterceptedFrame, among: readonly ReplicaId[]): boolean =>
  peer.kind === 'replica' && among.includes(peer.id)

/** Matches frames to one of these replicas or, if received, from one of them. */
export const to =
  (...ids: readonly ReplicaId[]): When =>
  (intercepted) =>
    isReplica(intercepted, ids)

export const toReplicas: When = ({ peer }) => peer.kind === 'replica'
export const toClients: When = ({ peer }) => peer.kind === 'client'
/** Matches received frames. */
export const fromReplicas: When = toReplicas

/** Matches frames to a random subset of the other replicas, at least one and not all, which is drawn once. */
export function toSome(): When {
  let some: readonly ReplicaId[] | null = null
  return (intercepted, { random, others }) => {
    some ??= random.shuffle(others).slice(0, random.between(1, others.length - 1))
    return isReplica(intercepted, some)
  }
}

/**
 * Matches frames to the first `count` correct replicas, the same for all traitors. The count is a function of the
 * context, because f differs.
 */
export const toVictims =
  (count: Amount): When =>
  (intercepted, place) =>
    isReplica(intercepted, place.victims.slice(0, amountOf(count, place)))

/** Matches a request of this client, sent by the client or relayed. */
export const fromClient =
  (client: (place: AdversaryContext) => ClientId | undefined): When =>
  (intercepted, place) =>
    intercepted.kind === 'request' &&
    intercepted.message?.kind === 'request' &&
    intercepted.message.client === client(place)

export const whilePrimary: When = (_, { isPrimary }) => isPrimary
export const whileBackup: When = (_, { isPrimary }) => !isPrimary

/** Matches from this many ticks after the beginning of the attack on. */
export const after =
  (ticks: number): When =>
  (_, place) =>
    place.ticks >= ticks

/** Matches until this many ticks after the beginning of the attack. */
export const until = (ticks: number): When => not(after(ticks))

/** Matches after a restart of its process. */
export const afterRestart: When = (_, { life }) => life > 1

/** Matches the first `count` times; each traitor counts separately. */
export const times = (count: number): When => {
  let left = count
  return () => left-- > 0
}

export const withProbability =
  (probability: number): When =>
  (_, { random }) =>
    random.chance(probability)

/** Matches always or never, drawn once. */
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
