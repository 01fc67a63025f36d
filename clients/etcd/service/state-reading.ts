/**
 * The whole state at one revision, read page by page; each page is an answer that f + 1 replicas gave alike. Two outputs
 * are made of it: a hash, and a file.
 *
 *   file     magic | entry … | zeros up to a multiple of 512 bytes | SHA-256 of all that, 32 bytes
 *   magic    "strategos keys 1\n"
 *   entry    length, varint | mvccpb.KeyValue                        in the order of keys
 *
 * The hash is over the same bytes as those of the entries. etcd's own tools cannot read the file: theirs is the database
 * of one member.
 */
import { createHash } from 'node:crypto'
import { EVERY_KEY } from '../../../src/store/key-range.ts'
import type { RangeItem } from '../../../src/store/range-results.ts'
import { encodeMessage } from '../schema/message-codec.ts'
import { loadType } from '../schema/schema.ts'
import { executeOk, keyValueOf, type ServiceStore } from './answers.ts'

const MAGIC = Buffer.from('strategos keys 1\n')
const BLOCK_BYTES = 512
const KEY_VALUE = loadType('mvccpb.KeyValue')
/** The keys of a page; one ends before if its bytes are too many. */
const PAGE_KEYS = 1_000

/** Returns the present revision. */
export async function presentRevision(store: ServiceStore): Promise<number> {
  return (await executeOk(store, { kind: 'range', ...EVERY_KEY, countOnly: true })).revision
}

/** Returns the first four bytes of the SHA-256 of all entries at a revision. */
export async function hashState(store: ServiceStore, revision: number): Promise<number> {
  const hash = createHash('sha256')
  for await (const entries of pagesOf(store, revision)) hash.update(entries)
  return hash.digest().readUInt32BE(0)
}

/** Yields the file of a revision in pieces. */
export async function* stateFile(store: ServiceStore, revision: number): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let length = 0
  const take = (piece: Uint8Array): Uint8Array => {
    hash.update(piece)
    length += piece.length
    return piece
  }
  yield take(MAGIC)
  for await (const entries of pagesOf(store, revision)) yield take(entries)
  const padding = take(new Uint8Array((BLOCK_BYTES - (length % BLOCK_BYTES)) % BLOCK_BYTES))
  if (padding.length > 0) yield padding
  yield hash.digest()
}

/** Yields the entries of a revision as bytes, in the order of keys. */
async function* pagesOf(store: ServiceStore, revision: number): AsyncGenerator<Uint8Array> {
  let { key } = EVERY_KEY
  for (;;) {
    const page = { kind: 'range', key, end: EVERY_KEY.end, revision, limit: PAGE_KEYS } as const
    const { items, more } = await executeOk(store, page)
    if (items.length > 0) yield Buffer.concat(items.flatMap(entryOf))
    const last = items.at(-1)
    if (more === null || last === undefined) return
    key = Uint8Array.of(...last.key, 0)
  }
}

function entryOf(item: RangeItem): readonly Uint8Array[] {
  const bytes = encodeMessage(KEY_VALUE, keyValueOf(item))
  return [varint(bytes.length), bytes]
}

function varint(integer: number): Uint8Array {
  const bytes: number[] = []
  let left = integer
  for (; left > 0x7f; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80)
  return Uint8Array.of(...bytes, left)
}
