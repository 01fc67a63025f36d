/**
 * The behaviour of a hostile client, the counterpart of a traitor's behaviour, in a simulation and against processes
 * alike. It follows no session: it sends any message to any replica, periodically or when it is answered.
 */
import type { ReplicaId } from '../../src/base/ids.ts'
import type { Message, RefusalReason } from '../../src/messages/message.ts'
import type { ClientContext, ClientLink } from './client-context.ts'

/** A message that came back over one of its links. */
export interface Answer {
  readonly from: ReplicaId
  readonly message: Message
  readonly link: ClientLink
}

/** The answer of a correct replica to a request: by a reply, or by a refusal for this reason. */
export type AnswerKind = 'reply' | RefusalReason

export interface ClientBehaviour {
  /** Every 10 ms. */
  tick?(place: ClientContext): void
  /** Called with a message of a replica. */
  receive?(answer: Answer, place: ClientContext): void
  /** Called at the end; returns the violations that it saw, as sentences. */
  end?(place: ClientContext): readonly string[]
}

/** The keys and the behaviour of a hostile client. */
export interface ClientRole {
  /** The number of clients of the cluster whose keys it has; one by default. */
  readonly identities?: number
  /** Makes a new behaviour for each run. */
  readonly behaviour: () => ClientBehaviour
  /**
   * The answers that correct replicas must eventually give; on a slow machine the attack on processes continues until
   * then.
   */
  readonly awaits?: readonly AnswerKind[]
  /** A key of the store that only its requests change, each once; no timestamp may change it twice. */
  readonly writes?: string
}

/** Acts every `interval` ticks of 10 ms. */
export const everyTicks = (every: number, act: (place: ClientContext) => void): ClientBehaviour => ({
  tick: (place) => {
    if (place.ticks % every === 0) act(place)
  },
})

/** Acts once, this many ticks after the beginning. */
export const atTick = (tick: number, act: (place: ClientContext) => void): ClientBehaviour => ({
  tick: (place) => {
    if (place.ticks === tick) act(place)
  },
})

export const onAnswer = (act: (answer: Answer, place: ClientContext) => void): ClientBehaviour => ({
  receive: act,
})

/** Checks the outcome at the end. */
export const inTheEnd = (look: (place: ClientContext) => readonly string[]): ClientBehaviour => ({
  end: look,
})

export const jointly = (...behaviours: readonly ClientBehaviour[]): ClientBehaviour => ({
  tick: (place) => {
    for (const each of behaviours) each.tick?.(place)
  },
  receive: (answer, place) => {
    for (const each of behaviours) each.receive?.(answer, place)
  },
  end: (place) => behaviours.flatMap((each) => each.end?.(place) ?? []),
})
