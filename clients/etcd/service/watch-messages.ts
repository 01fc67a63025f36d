/** The messages of etcd's Watch service, and the conversion of a watch's steps into events. */

import { compareBytes } from '../../../src/base/bytes.ts'
import { given } from '../../../src/base/given.ts'
import type { Change, ChangedEntry } from '../../../src/store/changes-result.ts'
import type { KeyRange } from '../../../src/store/key-range.ts'
import { keyValueOf } from './answers.ts'

export interface WatchCreateRequest {
  readonly key: Uint8Array
  readonly rangeEnd: Uint8Array
  readonly startRevision: bigint
  readonly progressNotify: boolean
  readonly filters: readonly number[]
  readonly prevKv: boolean
  readonly watchId: bigint
  readonly fragment: boolean
}

/** A request: one of its fields is set. */
export interface WatchRequest {
  readonly createRequest?: WatchCreateRequest | null
  readonly cancelRequest?: { readonly watchId: bigint } | null
  readonly progressRequest?: object | null
}

const FIRST_KEY = new Uint8Array(1)
const FILTERS = { noPut: 0, noDelete: 1 } as const
const EVENT_TYPES = { put: 0, delete: 1 } as const

/** Returns the range of a request; null if it is empty. An absent key means the first possible one. */
export function watchedRange({ key, rangeEnd }: WatchCreateRequest): KeyRange | null {
  const range = { key: key.length === 0 ? FIRST_KEY : key, end: rangeEnd }
  const isWithEnd = rangeEnd.length > 0 && !(rangeEnd.length === 1 && rangeEnd[0] === 0)
  return isWithEnd && compareBytes(range.key, rangeEnd) >= 0 ? null : range
}

/** Returns the type of changes that pass the filters of a request; `none` if none passes. */
export function passing({ filters }: WatchCreateRequest): 'put' | 'delete' | 'all' | 'none' {
  const noPut = filters.includes(FILTERS.noPut)
  const noDelete = filters.includes(FILTERS.noDelete)
  if (noPut) return noDelete ? 'none' : 'delete'
  return noDelete ? 'put' : 'all'
}

/** A change as an event. The event of a deletion has only its key and its revision. */
export function eventOf({ key, main, put, previous }: Change): object {
  const before = previous === null || previous === 'omitted' ? null : pairOf(key, previous)
  return {
    type: put === null ? EVENT_TYPES.delete : EVENT_TYPES.put,
    kv: put === null ? { key, modRevision: BigInt(main) } : pairOf(key, put),
    ...given({ prevKv: before }),
  }
}

const pairOf = (key: Uint8Array, entry: ChangedEntry) => keyValueOf({ key, ...entry })
