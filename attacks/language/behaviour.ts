/**
 * A behaviour: the changes that an adversary makes to the traffic of an honest replica. `onSend`, `onReceive`,
 * `deafTo` and `onTick` make small ones, and `together` combines them.
 */

import type { AdversaryContext, Delivery } from './adversary-context.ts'
import type { InterceptedFrame } from './intercepted-frame.ts'
import type { Action } from './mutations.ts'
import type { When } from './predicates.ts'

export interface Behaviour {
  /** Returns the frames to send instead of a frame; null lets it pass. */
  send?(intercepted: InterceptedFrame, place: AdversaryContext): readonly Delivery[] | null
  /** Called with an incoming frame, before its honest half receives it. */
  receive?(intercepted: InterceptedFrame, place: AdversaryContext): void
  /** True if an incoming frame is dropped. */
  isDeafTo?(intercepted: InterceptedFrame, place: AdversaryContext): boolean
  /** Every 10 ms. */
  tick?(place: AdversaryContext): void
}

/** Changes frames that its honest half sends. */
export const onSend = (when: When, action: Action): Behaviour => ({
  send: (intercepted, place) => (when(intercepted, place) ? action(intercepted, place) : null),
})

/** Acts on an incoming frame that matches; its honest half receives the frame too. */
export const onReceive = (
  when: When,
  act: (intercepted: InterceptedFrame, place: AdversaryContext) => void,
): Behaviour => ({
  receive: (intercepted, place) => {
    if (when(intercepted, place)) act(intercepted, place)
  },
})

/** Drops incoming frames that match. */
export const deafTo = (when: When): Behaviour => ({ isDeafTo: when })

/** Acts every `interval` ticks of 10 ms. */
export const onTick = (every: number, act: (place: AdversaryContext) => void): Behaviour => ({
  tick: (place) => {
    if (place.ticks % every === 0) act(place)
  },
})

/** Combines several behaviours; the first one that acts on a frame decides. */
export const together = (...behaviours: readonly Behaviour[]): Behaviour => ({
  send: (intercepted, place) => {
    for (const behaviour of behaviours) {
      const deliveries = behaviour.send?.(intercepted, place) ?? null
      if (deliveries !== null) return deliveries
    }
    return null
  },
  receive: (intercepted, place) => {
    for (const each of behaviours) each.receive?.(intercepted, place)
  },
  isDeafTo: (intercepted, place) => behaviours.some((each) => each.isDeafTo?.(intercepted, place) ?? false),
  tick: (place) => {
    for (const each of behaviours) each.tick?.(place)
  },
})
