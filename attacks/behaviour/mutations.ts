/** What a behaviour makes of a frame. Whatever is changed is signed anew, with the adversary's own key. */
import type { Content } from '../../src/messages/content.ts'
import type { Message } from '../../src/messages/message.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import type { Carried } from './carried.ts'
import type { Delivery, Place } from './place.ts'

/** What leaves in a frame's place. */
export type Action = (carried: Carried, place: Place) => readonly Delivery[]

/** A changed content; the same one where this adversary wants nothing changed. */
export type Change = (content: Content, place: Place) => Content

/** What a message says, to be said otherwise; null where it is not this replica's to say. */
export function contentOf(message: Message, { id }: Place): Content | null {
  switch (message.kind) {
    case 'request':
    case 'inquiry':
    case 'evidence-inquiry':
    case 'reply':
      return null
    case 'new-view': {
      const { kind, view, contents } = message
      if (message.sender !== id || isRejection(contents)) return null
      return { kind, view, viewChanges: contents.viewChanges, choices: contents.prePrepares }
    }
    default:
      return message.sender === id ? message : null
  }
}

const passed = ({ peer, frame }: Carried): Delivery => ({ to: peer, frame })

export const drop: Action = () => []

export const delay =
  (ticks: number | ((place: Place) => number)): Action =>
  (carried, place) => [{ ...passed(carried), afterTicks: typeof ticks === 'number' ? ticks : ticks(place) }]

export const duplicate =
  (times: number): Action =>
  (carried) =>
    Array.from({ length: times + 1 }, () => passed(carried))

/** Says something else. All receivers of one frame get the same changed one. */
export function set(change: Change): Action {
  const changed = new WeakMap<Uint8Array, Uint8Array>()
  return (carried, place) => {
    let frame = changed.get(carried.frame)
    if (frame === undefined) {
      const content = carried.message === null ? null : contentOf(carried.message, place)
      frame = content === null ? carried.frame : place.seal(change(content, place))
      changed.set(carried.frame, frame)
    }
    return [{ to: carried.peer, frame }]
  }
}

/** Moves a number of the message: its `sequence`, its `view`. Never below 0. */
export const shift = (field: 'view' | 'sequence', by: number): Action =>
  set((content) => {
    const value = (content as unknown as Readonly<Record<string, unknown>>)[field]
    if (typeof value !== 'number') return content
    return { ...content, [field]: Math.max(0, value + by) } as Content
  })

/** The truth for the first half of the correct replicas, a changed message for the others. */
export function equivocate(change: Change): Action {
  const lie = set(change)
  return (carried, place) => {
    const { peer } = carried
    const half = place.victims.slice(Math.ceil(place.victims.length / 2))
    return peer.kind === 'replica' && half.includes(peer.id) ? lie(carried, place) : [passed(carried)]
  }
}

/** Answers a client with other results, under a signature of its own. */
export const lie =
  (results: (honest: Uint8Array) => Uint8Array): Action =>
  (carried, place) => {
    const { message, peer } = carried
    if (message?.kind !== 'reply') return [passed(carried)]
    const { client, timestamp, requestDigest } = message
    const told = results(message.results ?? new Uint8Array(0))
    return [{ to: peer, frame: place.sealReply({ client, timestamp, requestDigest, results: told }) }]
  }

/** A digest that belongs to nothing. */
export const flipped = (digest: Uint8Array): Uint8Array =>
  digest.map((byte, index) => (index === 0 ? byte ^ 1 : byte))
