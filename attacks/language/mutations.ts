/**
 * Actions: the frames that a behaviour makes of one. Whatever is changed is signed anew, with the adversary's own
 * key.
 */
import { toHex } from '../../src/base/bytes.ts'
import type { ClientId, Milliseconds } from '../../src/base/ids.ts'
import { createBatch } from '../../src/messages/batch.ts'
import type { Content } from '../../src/messages/content.ts'
import { encodeFrame, KIND_AT, splitFrame } from '../../src/messages/frame.ts'
import { FRAME_KINDS, type FrameKindName } from '../../src/messages/kinds.ts'
import type { Batch, Message } from '../../src/messages/message.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import type { AdversaryContext, Delivery } from './adversary-context.ts'
import type { InterceptedFrame } from './intercepted-frame.ts'

/** Returns what leaves in a frame's place. */
export type Action = (intercepted: InterceptedFrame, place: AdversaryContext) => readonly Delivery[]

/** A changed content; the same one where this adversary wants nothing changed. */
export type Change = (content: Content, place: AdversaryContext) => Content

/** A number that is known, or one that the place decides. */
export type Amount = number | ((place: AdversaryContext) => number)

export const amountOf = (amount: Amount, place: AdversaryContext): number =>
  typeof amount === 'number' ? amount : amount(place)

/** Returns the content of a message, to be changed and sealed anew; null where it is not this replica's to say. */
export function contentOf(message: Message, { id }: AdversaryContext): Content | null {
  if (message.kind === 'reply' || !('sender' in message) || message.sender !== id) return null
  if (message.kind !== 'new-view') return message
  const { kind, view, contents } = message
  if (isRejection(contents)) return null
  return { kind, view, viewChanges: contents.viewChanges, choices: contents.prePrepares }
}

export const pass: Action = ({ peer, frame }) => [{ to: peer, frame }]

export const drop: Action = () => []

export const delay =
  (ticks: Amount): Action =>
  ({ peer, frame }, place) => [{ to: peer, frame, afterTicks: amountOf(ticks, place) }]

export const duplicate =
  (times: number): Action =>
  ({ peer, frame }) =>
    Array.from({ length: times + 1 }, () => ({ to: peer, frame }))

/** The frame itself, and what the actions make of it behind it. */
export const also =
  (...actions: readonly Action[]): Action =>
  (intercepted, place) =>
    [pass, ...actions].flatMap((action) => action(intercepted, place))

/** The frames that the actions make of one, and that one itself behind them: a receiver counts the first. */
export const precededBy =
  (...actions: readonly Action[]): Action =>
  (intercepted, place) =>
    [...actions, pass].flatMap((action) => action(intercepted, place))

/** One of these, drawn for each receiver. */
export const oneOf =
  (...actions: readonly Action[]): Action =>
  (intercepted, place) =>
    place.random.pick(actions)(intercepted, place)

/** Another frame in its place. All receivers of one frame get the same other one; null lets it pass. */
export function replace(
  make: (intercepted: InterceptedFrame, place: AdversaryContext) => Uint8Array | null,
): Action {
  const made = new WeakMap<Uint8Array, Uint8Array>()
  return (intercepted, place) => {
    let frame = made.get(intercepted.frame)
    if (frame === undefined) {
      frame = make(intercepted, place) ?? intercepted.frame
      made.set(intercepted.frame, frame)
    }
    return [{ to: intercepted.peer, frame }]
  }
}

/** Says something else. */
export const set = (change: Change): Action =>
  replace(({ message }, place) => {
    const content = message === null ? null : contentOf(message, place)
    return content === null ? null : place.seal(change(content, place))
  })

/** Moves a number of the message: its `sequence`, its `view`. Never below 0. */
export const shift = (field: 'view' | 'sequence', by: Amount): Action =>
  set((content, place) => {
    const value = (content as unknown as Readonly<Record<string, unknown>>)[field]
    if (typeof value !== 'number') return content
    return { ...content, [field]: Math.max(0, value + amountOf(by, place)) } as Content
  })

/** Two halves, the first no smaller than the second. */
export function halvesOf<T>(all: readonly T[]): readonly [readonly T[], readonly T[]] {
  const middle = Math.ceil(all.length / 2)
  return [all.slice(0, middle), all.slice(middle)]
}

/** The truth for the first half of the correct replicas, something else for the others. */
export const equivocate =
  (lie: Action): Action =>
  (intercepted, place) => {
    const { peer } = intercepted
    const [, lied] = halvesOf(place.victims)
    return peer.kind === 'replica' && lied.includes(peer.id)
      ? lie(intercepted, place)
      : pass(intercepted, place)
  }

/** Something that was said before in its place, one of the last `kept` frames that came this way. */
export function replay(kept = 64): Action {
  const said: Uint8Array[] = []
  return ({ peer, frame }, { random }) => {
    if (!said.includes(frame)) said.push(frame)
    if (said.length > kept) said.shift()
    return [{ to: peer, frame: random.pick(said) }]
  }
}

/** The same bytes and signature under another kind. */
export const shownAs = (kind: FrameKindName): Action =>
  replace(({ frame }) => frame.map((byte, at) => (at === KIND_AT ? FRAME_KINDS[kind] : byte)))

/** The same payload under another signature. */
export const signedWith = (change: (signature: Uint8Array, place: AdversaryContext) => Uint8Array): Action =>
  replace(({ frame }, place) => {
    const parts = splitFrame(frame)
    if (isRejection(parts)) return null
    return encodeFrame({ ...parts, authentication: change(parts.authentication, place) }).bytes
  })

/** In the name of the first correct replica that is not asked to believe it, with the own signature. */
export const impersonate = (): Action => (intercepted, place) => {
  const { message, peer } = intercepted
  const content = message === null ? null : contentOf(message, place)
  const name = place.victims.find((id) => id !== peer.id)
  if (content === null || name === undefined) return pass(intercepted, place)
  return [{ to: peer, frame: place.sealAs(name, content) }]
}

/** Answers a client with other results, under a signature of its own. */
export const lie =
  (results: (honest: Uint8Array) => Uint8Array): Action =>
  (intercepted, place) => {
    const { message, peer } = intercepted
    if (message?.kind !== 'reply') return pass(intercepted, place)
    const { client, session, timestamp, requestDigest } = message
    const told = results(message.results ?? new Uint8Array(0))
    return [
      { to: peer, frame: place.sealReply({ client, session, timestamp, requestDigest, results: told }) },
    ]
  }

/** Proposes another batch: with these requests, at this time. */
export const rebatch =
  (change: (batch: Batch, place: AdversaryContext) => Partial<Pick<Batch, 'time' | 'requests'>>): Change =>
  (content, place) => {
    if (content.kind !== 'pre-prepare') return content
    const { time, requests } = { ...content.batch, ...change(content.batch, place) }
    return { ...content, batch: createBatch(place.hash, time, requests) }
  }

/** The same requests, a millisecond later and the other way round: another batch. */
export const otherBatch: Change = rebatch(({ time, requests }) => ({
  time: (time + 1) as Milliseconds,
  requests: [...requests].reverse(),
}))

/** A vote for a digest, or a checkpoint of a root, that belongs to nothing. */
export const forNothing: Change = (content) => {
  if (content.kind === 'prepare' || content.kind === 'commit') {
    return { ...content, digest: flipped(content.digest) }
  }
  return content.kind === 'checkpoint' ? { ...content, root: flipped(content.root) } : content
}

export const flipped = (bytes: Uint8Array): Uint8Array =>
  bytes.map((byte, index) => (index === 0 ? byte ^ 1 : byte))

/** The client that attacks on one client are aimed at. */
export const victimClient = ({ cluster }: AdversaryContext): ClientId | undefined => {
  const key = cluster.clients[0]?.publicKey
  return key === undefined ? undefined : (toHex(key) as ClientId)
}
