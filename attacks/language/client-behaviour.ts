/**
 * The behaviour of a hostile client: the counterpart of a traitor's behaviour, in a simulation and against processes
 * alike. It follows no session: it sends what it likes to whom it likes, now and then or when it is answered.
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
  /** A replica said something. */
  receive?(answer: Answer, place: ClientContext): void
  /** When all is over: what it saw that must not be, as sentences. */
  end?(place: ClientContext): readonly string[]
}

/** The means and the behaviour of a hostile client. */
export interface ClientRole {
  /** Clients of the cluster whose keys it has; one unless it is said. */
  readonly identities?: number
  /** Made anew for each run. */
  readonly behaviour: () => ClientBehaviour
  /**
   * Answers that correct replicas give it sooner or later: against processes, on a slow machine, it goes on until
   * they have.
   */
  readonly awaits?: readonly AnswerKind[]
  /** A key of the store that each of its requests changes once and nobody else does: no timestamp may do so twice. */
  readonly writes?: string
}

/** Does something every so many ticks of 10 ms. */
export const everyTicks = (every: number, act: (place: ClientContext) => void): ClientBehaviour => ({
  tick: (place) => {
    if (place.ticks % every === 0) act(place)
  },
})

/** Does something once, so many ticks after the beginning. */
export const atTick = (tick: number, act: (place: ClientContext) => void): ClientBehaviour => ({
  tick: (place) => {
    if (place.ticks === tick) act(place)
  },
})

export const onAnswer = (act: (answer: Answer, place: ClientContext) => void): ClientBehaviour => ({
  receive: act,
})

/** Looks at what became of it when all is over. */
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
