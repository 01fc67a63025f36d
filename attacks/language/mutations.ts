/** Actions: the frames that replace a frame. A changed message is signed again with the adversary's own key. */
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

/** Returns the frames to send instead of a frame. */
export type Action = (intercepted: InterceptedFrame, place: AdversaryContext) => readonly Delivery[]

/** Returns a changed content, or the same one to leave it unchanged. */
export type Change = (content: Content, place: AdversaryContext) => Content

/** A fixed number, or a function of the context. */
export type Amount = number | ((place: AdversaryContext) => number)

export const amountOf = (amount: Amount, place: AdversaryContext): number =>
  typeof amount === 'number' ? amount : amount(place)

/** Returns the content of a message, to be changed and signed again; null if this replica may not send it. */
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

/** Sends the frame itself, and then the results of the actions. */
export const also =
  (...actions: readonly Action[]): Action =>
  (intercepted, place) =>
    [pass, ...actions].flatMap((action) => action(intercepted, place))

/** Sends the results of the actions, and then the frame itself: a receiver counts the first. */
export const precededBy =
  (...actions: readonly Action[]): Action =>
  (intercepted, place) =>
    [...actions, pass].flatMap((action) => action(intercepted, place))

/** Applies one of these actions, drawn for each receiver. */
export const oneOf =
  (...actions: readonly Action[]): Action =>
  (intercepted, place) =>
    place.random.pick(actions)(intercepted, place)

/** Replaces a frame. All receivers of the frame get the same replacement; null lets it pass. */
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

/** Changes the content. */
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

/** Splits a list into two halves, the first no smaller than the second. */
export function halvesOf<T>(all: readonly T[]): readonly [readonly T[], readonly T[]] {
  const middle = Math.ceil(all.length / 2)
  return [all.slice(0, middle), all.slice(middle)]
}

/** Sends the truth to the first half of the correct replicas, and a changed message to the others. */
export const equivocate =
  (lie: Action): Action =>
  (intercepted, place) => {
    const { peer } = intercepted
    const [, lied] = halvesOf(place.victims)
    return peer.kind === 'replica' && lied.includes(peer.id)
      ? lie(intercepted, place)
      : pass(intercepted, place)
  }

/** Replaces a frame by one of the last `kept` frames that matched. */
export function replay(kept = 64): Action {
  const said: Uint8Array[] = []
  return ({ peer, frame }, { random }) => {
    if (!said.includes(frame)) said.push(frame)
    if (said.length > kept) said.shift()
    return [{ to: peer, frame: random.pick(said) }]
  }
}

/** Sends the same bytes and signature under another kind. */
export const shownAs = (kind: FrameKindName): Action =>
  replace(({ frame }) => frame.map((byte, at) => (at === KIND_AT ? FRAME_KINDS[kind] : byte)))

/** Sends the same payload under another signature. */
export const signedWith = (change: (signature: Uint8Array, place: AdversaryContext) => Uint8Array): Action =>
  replace(({ frame }, place) => {
    const parts = splitFrame(frame)
    if (isRejection(parts)) return null
    return encodeFrame({ ...parts, authentication: change(parts.authentication, place) }).bytes
  })

/** Sends it in the name of the first correct replica that is not the receiver, with its own signature. */
export const impersonate = (): Action => (intercepted, place) => {
  const { message, peer } = intercepted
  const content = message === null ? null : contentOf(message, place)
  const name = place.victims.find((id) => id !== peer.id)
  if (content === null || name === undefined) return pass(intercepted, place)
  return [{ to: peer, frame: place.sealAs(name, content) }]
}

/** Answers a client with false results, under its own signature. */
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

/** Proposes another batch, with these requests and this time. */
export const rebatch =
  (change: (batch: Batch, place: AdversaryContext) => Partial<Pick<Batch, 'time' | 'requests'>>): Change =>
  (content, place) => {
    if (content.kind !== 'pre-prepare') return content
    const { time, requests } = { ...content.batch, ...change(content.batch, place) }
    return { ...content, batch: createBatch(place.hash, time, requests) }
  }

/** Proposes the same requests in reverse order, a millisecond later, which is another batch. */
export const otherBatch: Change = rebatch(({ time, requests }) => ({
  time: (time + 1) as Milliseconds,
  requests: [...requests].reverse(),
}))

/** Votes for a digest, or announces the root of a checkpoint, that does not exist. */
export const forNothing: Change = (content) => {
  if (content.kind === 'prepare' || content.kind === 'commit') {
    return { ...content, digest: flipped(content.digest) }
  }
  return content.kind === 'checkpoint' ? { ...content, root: flipped(content.root) } : content
}

export const flipped = (bytes: Uint8Array): Uint8Array =>
  bytes.map((byte, index) => (index === 0 ? byte ^ 1 : byte))

/** The victim of attacks on a single client. */
export const victimClient = ({ cluster }: AdversaryContext): ClientId | undefined => {
  const key = cluster.clients[0]?.publicKey
  return key === undefined ? undefined : (toHex(key) as ClientId)
}
