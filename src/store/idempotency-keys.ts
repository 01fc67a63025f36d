/**
 * The idempotency keys: for each client, the writes that it marked with a key, and their results. A write that comes again
 * with its key is not executed again; it has the result of the first time. All of this is replicated state, kept in the
 * tree.
 *
 * Only a write that succeeded is kept: one that was refused changed nothing, and may be tried again under its key. The
 * number of keys and the bytes of results are limited per client. Beyond a limit the oldest keys are forgotten, which
 * depends on the order of execution only, so it is the same on every replica.
 *
 *   record of a client  next order u64 | keys u64 | bytes of results u64
 *   record of an order  the key
 *   record of a key     order u64 | digest of the operation 32 | kept u8 | fields of the result, if kept
 */
import { assert } from '../base/assert.ts'
import { concatBytes, equalBytes, readU64, writeU64 } from '../base/bytes.ts'
import type { Hash } from '../base/hash.ts'
import type { ClientId } from '../base/ids.ts'
import type { Tree } from '../tree/tree.ts'
import { IDEMPOTENCY_KEY_BYTES_MAX } from './operations.ts'
import { clientStateKey, SECTIONS } from './state-keys.ts'

/** The limits of one client. They are equal on all replicas, or their states diverge. */
export interface IdempotencyLimits {
  /** The number of keys, at least 1. */
  readonly keysMax: number
  /** The bytes of all results, and of a single one: the results of a larger one are not kept. */
  readonly bytesMax: number
  readonly resultBytesMax: number
}

export const IDEMPOTENCY: IdempotencyLimits = {
  keysMax: 4_096,
  bytesMax: 4 * 1024 * 1024,
  resultBytesMax: 64 * 1024,
}

const DIGEST_BYTES = 32
/** The bytes of a key's record before the fields of the result. */
const RECORD_BYTES = 8 + DIGEST_BYTES + 1

/**
 * Returns the key under which a write is kept that acts for a principal: longer than any other key, so that what one
 * principal does through a gateway has nothing to do with what another does.
 */
export function idempotencyKeyFor(key: Uint8Array, principal: Uint8Array | null): Uint8Array {
  if (principal === null) return key
  const padding = new Uint8Array(IDEMPOTENCY_KEY_BYTES_MAX - key.length)
  return concatBytes(key, padding, Uint8Array.of(key.length), principal)
}

/** The parts of the section, behind the client's key. */
const PARTS = { client: 0, order: 1, key: 2 } as const

/** An executed write. */
export interface KeptWrite {
  /** True if it is the operation that is executed now. */
  readonly isSame: boolean
  /** The fields of its result; null if they were too large to be kept. */
  readonly fields: Uint8Array | null
}

interface ClientRecord {
  next: number
  keys: number
  bytes: number
}

export class IdempotencyKeys {
  readonly #tree: Tree
  readonly #hash: Hash
  readonly #limits: IdempotencyLimits

  constructor(tree: Tree, hash: Hash, limits: IdempotencyLimits) {
    this.#tree = tree
    this.#hash = hash
    this.#limits = limits
  }

  /** Returns the keys of one client. */
  of(client: ClientId): ClientIdempotencyKeys {
    return new ClientIdempotencyKeys(this.#tree, client, { hash: this.#hash, limits: this.#limits })
  }
}

export class ClientIdempotencyKeys {
  readonly #tree: Tree
  readonly #client: ClientId
  readonly #hash: Hash
  readonly #limits: IdempotencyLimits

  constructor(
    tree: Tree,
    client: ClientId,
    { hash, limits }: { readonly hash: Hash; readonly limits: IdempotencyLimits },
  ) {
    this.#tree = tree
    this.#client = client
    this.#hash = hash
    this.#limits = limits
  }

  /** Returns the write that was executed under a key; null if there is none, or if it is forgotten. */
  find(key: Uint8Array, operation: Uint8Array): KeptWrite | null {
    const record = this.#tree.get(this.#place(PARTS.key, key))
    if (record === null) return null
    const isSame = equalBytes(this.#hash(operation), record.subarray(8, 8 + DIGEST_BYTES))
    return { isSame, fields: record[RECORD_BYTES - 1] === 0 ? null : record.slice(RECORD_BYTES) }
  }

  /** Keeps the result of a write that was executed under a key which is not known. Copies its arguments. */
  keep(key: Uint8Array, operation: Uint8Array, fields: Uint8Array): void {
    const { keysMax, bytesMax, resultBytesMax } = this.#limits
    const isKept = fields.length <= Math.min(resultBytesMax, bytesMax)
    const kept = isKept ? fields : NO_FIELDS
    const record = this.#readClient()
    const order = new Uint8Array(8)
    writeU64(order, 0, record.next)
    this.#tree.set(
      this.#place(PARTS.key, key),
      concatBytes(order, this.#hash(operation), Uint8Array.of(isKept ? 1 : 0), kept),
    )
    this.#tree.set(this.#place(PARTS.order, order), Uint8Array.from(key))
    record.next++
    record.keys++
    record.bytes += kept.length
    while (record.keys > keysMax || record.bytes > bytesMax) this.#forgetOldest(record)
    this.#writeClient(record)
  }

  #forgetOldest(record: ClientRecord): void {
    const cursor = this.#tree.cursor(this.#place(PARTS.order, NO_FIELDS))
    const orderPlace = cursor.key.slice()
    const keyPlace = this.#place(PARTS.key, cursor.value)
    const kept = this.#tree.get(keyPlace)
    assert(orderPlace[0] === SECTIONS.idempotency && kept !== null, 'an idempotency key without a record')
    this.#tree.remove(keyPlace)
    this.#tree.remove(orderPlace)
    record.keys--
    record.bytes -= kept.length - RECORD_BYTES
  }

  #readClient(): ClientRecord {
    const record = this.#tree.get(this.#place(PARTS.client, NO_FIELDS))
    if (record === null) return { next: 0, keys: 0, bytes: 0 }
    return { next: readU64(record, 0), keys: readU64(record, 8), bytes: readU64(record, 16) }
  }

  #writeClient({ next, keys, bytes }: ClientRecord): void {
    const record = new Uint8Array(24)
    for (const [index, number] of [next, keys, bytes].entries()) writeU64(record, 8 * index, number)
    this.#tree.set(this.#place(PARTS.client, NO_FIELDS), record)
  }

  #place(part: number, rest: Uint8Array): Uint8Array {
    return clientStateKey(SECTIONS.idempotency, this.#client, part, ...rest)
  }
}

const NO_FIELDS = new Uint8Array(0)
