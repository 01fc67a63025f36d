/**
 * A model of the store: the required result of each operation, in the simplest form. It reads the same bytes as the
 * store and shares nothing else with it. One of these, fed with the batches in the order of execution, judges what all
 * replicas agree on.
 *
 * Where the store refuses an operation for its size or its cost, the model believes it: nothing happened.
 * An operation that it does not know ends its judgement.
 */
import { compareBytes } from '../../base/bytes.ts'
import type { ClientId, Milliseconds } from '../../base/ids.ts'
import type { Founder } from '../../store/access-records.ts'
import { readChangesQuery } from '../../store/changes-operation.ts'
import { leaseOf, OPERATION_CODES, type OperationCursor, PUT_OPTIONS } from '../../store/operations.ts'
import { readCompaction, readDeletion, readQuery } from '../../store/range-operations.ts'
import type { RangeItem } from '../../store/range-results.ts'
import type { Result } from '../../store/results.ts'
import { AccessModel } from './access-model.ts'
import { HistoryAge } from './history-age.ts'
import { changesOf, KeysAtRevisions, rangeOf } from './keys-at-revisions.ts'
import { LeaseModel, NO_LEASE } from './lease-model.ts'
import { transactionOf } from './transaction-model.ts'

export class StoreModel {
  readonly keys = new KeysAtRevisions()
  readonly leases = new LeaseModel(this.keys)
  readonly access: AccessModel
  readonly #age = new HistoryAge(this.keys)

  /** The model of a store with these administrators. */
  constructor(founders: readonly Founder[] = []) {
    this.access = new AccessModel(this.keys, founders)
  }

  get revision(): number {
    return this.keys.revision
  }

  /** The executed time at which the next lease ends; null while no lease runs. */
  get nextExpiry(): number | null {
    return this.leases.nextExpiry
  }

  /** Begins a batch: leases that are due end. */
  advance(time: Milliseconds): void {
    this.leases.advance(time)
  }

  /** Ends a batch: the floor rises above what is too old. */
  end(): void {
    this.#age.advance(this.leases.time)
  }

  /**
   * Executes the operation at the cursor, which is known to be without faults; null for one that is not known. It is
   * permitted by the rights of the principal; null if nothing is judged.
   */
  execute(cursor: OperationCursor, principal: ClientId | null = null): Result | null {
    this.keys.begin()
    return this.executeMember(cursor, principal)
  }

  /** Executes an operation that may be part of a transaction. */
  executeMember(cursor: OperationCursor, principal: ClientId | null = null): Result | null {
    const { bytes, keyStart, keyEnd } = cursor
    const fields = bytes.slice(keyStart, keyEnd)
    switch (cursor.code) {
      case OPERATION_CODES.put:
        return this.#put(cursor)
      case OPERATION_CODES['put-with-options']:
        return this.#putWithOptions(cursor)
      case OPERATION_CODES.get:
        return this.#get(fields)
      case OPERATION_CODES.delete:
        return this.#delete(cursor, fields)
      case OPERATION_CODES.list:
        return this.#list(cursor, fields)
      case OPERATION_CODES.range: {
        const query = readQuery(fields)
        return typeof query === 'string' ? { status: query } : rangeOf(this.keys, query)
      }
      case OPERATION_CODES['delete-range']:
        return this.#deleteRange(fields)
      case OPERATION_CODES.compact:
        return this.#compact(fields)
      case OPERATION_CODES.changes: {
        const query = readChangesQuery(fields)
        return typeof query === 'string' ? { status: query } : changesOf(this.keys, query)
      }
      case OPERATION_CODES.transaction:
        return transactionOf(this, cursor)
      default:
        return this.leases.execute(cursor.code, fields, principal) ?? this.access.execute(cursor.code, fields)
    }
  }

  #put(cursor: OperationCursor): Result {
    const lease = leaseOf(cursor)?.slice() ?? null
    if (lease !== null && !this.leases.has(lease)) return this.#noLease()
    const key = keyOf(cursor)
    const moved = this.#moved(cursor, key)
    if (moved !== null) return moved
    const item = this.keys.put(key, restOf(cursor), lease ?? NO_LEASE)
    return { status: 'ok', kind: 'put', revision: this.revision, ...revisionsOf(item) }
  }

  #putWithOptions(cursor: OperationCursor): Result {
    const key = keyOf(cursor)
    const moved = this.#moved(cursor, key)
    if (moved !== null) return moved
    const has = (option: number): boolean => (cursor.options & option) !== 0
    const lease = leaseOf(cursor)?.slice() ?? null
    if (lease !== null && !this.leases.has(lease)) return this.#noLease()
    const before = this.keys.find(key)
    if (before === null && has(PUT_OPTIONS.keepValue | PUT_OPTIONS.keepLease)) {
      return { status: 'not-found', revision: this.revision }
    }
    const value = before !== null && has(PUT_OPTIONS.keepValue) ? before.value : restOf(cursor)
    const kept = before !== null && has(PUT_OPTIONS.keepLease) ? before.lease : (lease ?? NO_LEASE)
    const item = this.keys.put(key, value, kept)
    const previous = has(PUT_OPTIONS.previous) ? before : null
    return { status: 'ok', kind: 'put-with-options', revision: this.revision, previous, ...revisionsOf(item) }
  }

  #get(key: Uint8Array): Result {
    const item = this.keys.find(key)
    const { revision } = this
    if (item === null) return { status: 'not-found', revision }
    return { status: 'ok', kind: 'get', revision, value: item.value, ...revisionsOf(item) }
  }

  #delete(cursor: OperationCursor, key: Uint8Array): Result {
    const moved = this.#moved(cursor, key)
    if (moved !== null) return moved
    const deleted = this.keys.find(key) !== null
    if (deleted) this.keys.delete(key)
    return { status: 'ok', kind: 'delete', revision: this.revision, deleted }
  }

  #list(cursor: OperationCursor, prefix: Uint8Array): Result {
    const after = restOf(cursor)
    const all = this.keys.within(ALL).filter(({ key }) => startsWith(key, prefix))
    const behind = all.filter(({ key }) => compareBytes(key, after) > 0)
    const shown = behind.slice(0, cursor.limit)
    const items = shown.map((item) => ({ key: item.key, value: item.value, ...revisionsOf(item) }))
    const last = cursor.limit > 0 && behind.length > cursor.limit ? shown.at(-1) : undefined
    const head = { status: 'ok', kind: 'list', revision: this.revision } as const
    return { ...head, count: all.length, items, cursor: last?.key ?? NOTHING }
  }

  #deleteRange(fields: Uint8Array): Result {
    const deletion = readDeletion(fields)
    if (typeof deletion === 'string') return { status: deletion }
    const found = this.keys.within(deletion)
    for (const { key } of found) this.keys.delete(key)
    const items = deletion.previous ? found : []
    return { status: 'ok', kind: 'delete-range', revision: this.revision, deleted: found.length, items }
  }

  #compact(fields: Uint8Array): Result {
    const asked = readCompaction(fields)
    const { revision } = this
    const { floor } = this.keys
    if (asked === null) return { status: 'bad-operation' }
    if (asked > revision) return { status: 'future', revision }
    if (asked <= floor) return { status: 'compacted', revision, floor }
    this.keys.floor = asked
    return { status: 'ok', kind: 'compact', revision }
  }

  #noLease(): Result {
    return { status: 'lease-not-found', revision: this.revision }
  }

  /** The answer where the key has another modification revision than the operation asks for. */
  #moved({ ifRevision }: OperationCursor, key: Uint8Array): Result | null {
    const modRevision = this.keys.find(key)?.modRevision ?? 0
    if (ifRevision < 0 || ifRevision === modRevision) return null
    return { status: 'revision-moved', revision: this.revision, modRevision }
  }
}

const NOTHING = new Uint8Array(0)
const ALL = { key: Uint8Array.of(0), end: Uint8Array.of(0) }

// Copies: a batch's bytes are no longer than the batch.
const keyOf = ({ bytes, keyStart, keyEnd }: OperationCursor): Uint8Array => bytes.slice(keyStart, keyEnd)
const restOf = ({ bytes, valueStart, valueEnd }: OperationCursor): Uint8Array =>
  bytes.slice(valueStart, valueEnd)

const startsWith = (key: Uint8Array, prefix: Uint8Array): boolean =>
  compareBytes(key.subarray(0, prefix.length), prefix) === 0

const revisionsOf = ({ createRevision, modRevision, version }: RangeItem) => ({
  createRevision,
  modRevision,
  version,
})
