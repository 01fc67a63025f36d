/**
 * A behaviour: what an adversary does to the traffic of an honest replica. Small ones are made with `onSend`,
 * `onReceive`, `deafTo` and `onTick`, and put together with `together`.
 */

import type { AdversaryContext, Delivery } from './adversary-context.ts'
import type { InterceptedFrame } from './intercepted-frame.ts'
import type { Action } from './mutations.ts'
import type { When } from './predicates.ts'

export interface Behaviour {
  /** Returns the frames that leave in place of a frame; null lets it pass. */
  send?(intercepted: InterceptedFrame, place: AdversaryContext): readonly Delivery[] | null
  /** A frame came in, before its honest half hears it. */
  receive?(intercepted: InterceptedFrame, place: AdversaryContext): void
  /** True if a frame that came in stays unheard. */
  isDeafTo?(intercepted: InterceptedFrame, place: AdversaryContext): boolean
  /** Every 10 ms. */
  tick?(place: AdversaryContext): void
}

/** Acts on what its honest half sends. */
export const onSend = (when: When, action: Action): Behaviour => ({
  send: (intercepted, place) => (when(intercepted, place) ? action(intercepted, place) : null),
})

/** Does something of its own when it hears what is so; its honest half hears it too. */
export const onReceive = (
  when: When,
  act: (intercepted: InterceptedFrame, place: AdversaryContext) => void,
): Behaviour => ({
  receive: (intercepted, place) => {
    if (when(intercepted, place)) act(intercepted, place)
  },
})

/** Does not hear what is so. */
export const deafTo = (when: When): Behaviour => ({ isDeafTo: when })

/** Does something of its own every so many ticks of 10 ms. */
export const onTick = (every: number, act: (place: AdversaryContext) => void): Behaviour => ({
  tick: (place) => {
    if (place.ticks % every === 0) act(place)
  },
})

/** Several behaviours in one: of those that act on one frame, the first decides. */
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
