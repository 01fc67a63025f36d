/**
 * PAGE-FETCH asks for pages of the state after batch s (rule 2.6), payload `[sender, s, paths[[]]]`. PAGE answers for
 * one path, payload `[sender, s, path[]]`, body: the page, for which the hash in its parent vouches. Both are valid on
 * their sender's link only.
 */
import type { ReplicaId, Sequence } from '../base/ids.ts'
import { type Codec, type ContentDescriber, NO_BODY } from './codec.ts'
import { PAGE_DEPTH_MAX, PAGES_PER_FETCH_MAX } from './limits.ts'
import { type ContentOf, type Received, receivedOf, withFields, withoutBody } from './received.ts'

export interface PageFetch extends Received {
  readonly kind: 'page-fetch'
  readonly sender: ReplicaId
  readonly sequence: Sequence
  readonly paths: readonly (readonly number[])[]
}

export interface PageDelivery extends Received {
  readonly kind: 'page'
  readonly sender: ReplicaId
  readonly sequence: Sequence
  readonly path: readonly number[]
  /** The page; empty if the sender has no such page. */
  readonly page: Uint8Array
}

export type PageFetchContent = ContentOf<PageFetch>
export type PageContent = ContentOf<PageDelivery>

const PATHS = { lists: PAGES_PER_FETCH_MAX, each: PAGE_DEPTH_MAX }

export const pageFetchCodec: Codec<PageFetch> & ContentDescriber<PageFetchContent> = {
  encode: ({ sequence, paths }, sender) => ({ payload: [sender, sequence, paths], body: NO_BODY }),
  decode: (frame) =>
    withoutBody(frame, (fields, received) => ({
      kind: 'page-fetch',
      sender: fields.integer<ReplicaId>(),
      sequence: fields.integer<Sequence>(),
      paths: fields.integerLists(PATHS),
      ...received,
    })),
  describe: (sink, { sequence }) => sink.number('s', sequence),
}

export const pageCodec: Codec<PageDelivery> & ContentDescriber<PageContent> = {
  encode: ({ sequence, path, page }, sender) => ({ payload: [sender, sequence, path], body: page }),
  decode: (frame) =>
    withFields(frame, (fields) => ({
      kind: 'page',
      sender: fields.integer<ReplicaId>(),
      sequence: fields.integer<Sequence>(),
      path: fields.integers(PAGE_DEPTH_MAX),
      page: frame.body,
      ...receivedOf(frame),
    })),
  describe: (sink, { sequence }) => sink.number('s', sequence),
}
