/**
 * The store's keys as registers: the effect of a request on each key that it touched, and the value that it found
 * there, according to the answer. The operations of a request happen next to each other, so on one key they come to
 * one operation: a read, a write, or a cas where what was there before is known.
 *
 * A put or delete with `ifRevision` found the value of that revision, and so did one that was told which revision it
 * met instead: a revision belongs to one change of one key. A list found the value of every key that it shows, and
 * nothing at the keys that it passed over.
 */
import { equalBytes, readU64 } from '../../base/bytes.ts'
import { WHOLE_REVISION } from '../../store/changes-operation.ts'
import { includes, isOneKey, type KeyRange } from '../../store/key-range.ts'
import {
  nextOperation,
  OPERATION_CODES,
  type OperationCode,
  type OperationCursor,
  openOperations,
  PUT_OPTIONS,
} from '../../store/operations.ts'
import { readDeletion, readQuery } from '../../store/range-operations.ts'
import { interpretResult, type Result, readResults } from '../../store/results.ts'
import type { ReadCompare } from '../../store/transaction.ts'
import { allMembers, takenOf } from './executed-members.ts'

/** The value of a key; null when there is none. */
export type Value = string | null

export interface RegisterOperation {
  readonly key: string
  /** Absent if the client was not told. */
  readonly found?: Value
  /** Absent if nothing was changed. */
  readonly left?: Value
}

/** The value or revision of a key that an operation found, and the value that it left. */
interface Touch {
  readonly key: string
  readonly found?: { readonly value: Value } | { readonly revision: number }
  readonly left?: Value
}

type ListResult = Extract<Result, { readonly kind: 'list' }>
type RangeResult = Extract<Result, { readonly kind: 'range' }>
type ChangesResult = Extract<Result, { readonly kind: 'changes' }>
type DeletionResult = Extract<Result, { readonly kind: 'delete-range' }>

const decoder = new TextDecoder('latin1')
/** The key with one character for each byte, so that keys sort in byte order. */
const textOf = (bytes: Uint8Array): string => decoder.decode(bytes)
/** The name of a key in registers. */
export const keyText = textOf

/** Interprets answers. It must first see every answer, and can then convert each request. */
export class Registers {
  readonly #keys = new Set<string>()
  /** The value after each change, by key and revision. */
  readonly #values = new Map<string, Uint8Array>()

  /** Notes an answer; returns a sentence if it does not answer these operations, or contradicts another answer. */
  show(operations: Uint8Array, results: Uint8Array): string | null {
    let fault: string | null = null
    const note = (key: string, revision: number, value: Uint8Array): void => {
      this.#keys.add(key)
      const place = `${revision} ${key}`
      const known = this.#values.get(place)
      if (known === undefined) this.#values.set(place, value)
      else if (!equalBytes(known, value))
        fault = `says that ${key} had two values at revision ${revision}: ${textOf(known)} and ${textOf(value)}`
    }
    const isRead = eachResult(operations, results, (cursor, result) => {
      if (cursor.code < OPERATION_CODES.list) this.#keys.add(keyOf(cursor))
      if (result.status !== 'ok') return
      if (result.kind === 'put') note(keyOf(cursor), result.modRevision, writtenBy(cursor))
      if (result.kind === 'put-with-options') {
        this.#keys.add(keyOf(cursor))
        if (!keepsValue(cursor)) note(keyOf(cursor), result.modRevision, writtenBy(cursor))
      }
      if (result.kind === 'get') note(keyOf(cursor), result.modRevision, result.value)
      if (result.kind === 'list')
        for (const { key, modRevision, value } of result.items) note(textOf(key), modRevision, value)
      if (result.kind === 'range' || result.kind === 'delete-range')
        for (const { key, modRevision, value } of result.items)
          if (showsValues(cursor)) note(textOf(key), modRevision, value)
      if (result.kind === 'changes')
        for (const { key, put, previous } of result.changes)
          for (const entry of [put, previous])
            if (entry !== null && entry !== 'omitted') note(textOf(key), entry.modRevision, entry.value)
    })
    return isRead ? fault : 'does not fit its operations'
  }

  /**
   * Returns the operations of an answered request, one for each key, or a sentence if the answer is inconsistent.
   * Every answer must have been noted before.
   */
  answered(operations: Uint8Array, results: Uint8Array): readonly RegisterOperation[] | string {
    const folded = new Map<string, Folded>()
    let fault: string | null = null
    const take = (touch: Touch): void => {
      const one = folded.get(touch.key) ?? {}
      folded.set(touch.key, one)
      fault ??= fold(one, touch, this.#foundBy(touch))
    }
    eachResult(
      operations,
      results,
      (cursor, result) => {
        this.#touches(cursor, result).forEach(take)
        const isRevocation = result.status === 'ok' && result.kind === 'lease-revoke' && result.deleted > 0
        if (isRevocation) for (const one of folded.values()) one.mayHaveEnded = true
      },
      (compare) => foundAsCompared(compare).forEach(take),
    )
    if (fault !== null) return fault
    // A null is a fact: the key has no value. So present members are spread unchanged.
    return [...folded].flatMap(([key, { mayHaveEnded: _, ...each }]) =>
      each.found === undefined && each.left === undefined ? [] : [{ key, ...each }],
    )
  }

  /** Returns the possible operations of a request without an answer, each separately. */
  unanswered(operations: Uint8Array): readonly RegisterOperation[] {
    const writes: RegisterOperation[] = []
    const note = (cursor: OperationCursor): void => {
      if (cursor.code === OPERATION_CODES.put)
        writes.push({ key: keyOf(cursor), left: textOf(writtenBy(cursor)) })
      if (cursor.code === OPERATION_CODES['put-with-options'] && !keepsValue(cursor))
        writes.push({ key: keyOf(cursor), left: textOf(writtenBy(cursor)) })
      if (cursor.code === OPERATION_CODES.delete) writes.push({ key: keyOf(cursor), left: null })
      if (cursor.code === OPERATION_CODES['delete-range'])
        for (const key of this.#within(readDeletion(fieldsOf(cursor)))) writes.push({ key, left: null })
      if (cursor.code === OPERATION_CODES.transaction) allMembers(cursor).forEach(note)
    }
    const cursor = openOperations(operations)
    for (let index = 0; index < (cursor?.count ?? 0); index++) {
      if (cursor !== null && nextOperation(cursor) === null) note(cursor)
    }
    return writes
  }

  /** The value that an operation found; undefined if no answer says. */
  #foundBy({ key, found }: Touch): Value | undefined {
    if (found === undefined) return undefined
    if ('value' in found) return found.value
    if (found.revision === 0) return null
    const value = this.#values.get(`${found.revision} ${key}`)
    return value === undefined ? undefined : textOf(value)
  }

  #touches(cursor: OperationCursor, result: Result): readonly Touch[] {
    const key = keyOf(cursor)
    const condition = cursor.ifRevision < 0 ? {} : { found: { revision: cursor.ifRevision } }
    switch (result.status) {
      case 'not-found':
        return cursor.code === OPERATION_CODES.transaction ? [] : [{ key, found: { value: null } }]
      case 'revision-moved':
        return [{ key, found: { revision: result.modRevision } }]
      case 'ok':
        break
      default:
        return [] // It was not executed.
    }
    switch (result.kind) {
      case 'put':
        return [{ key, ...condition, left: textOf(writtenBy(cursor)) }]
      case 'put-with-options':
        return keepsValue(cursor) ? [] : [{ key, ...condition, left: textOf(writtenBy(cursor)) }]
      case 'delete':
        return [result.deleted ? { key, ...condition, left: null } : { key, found: { value: null } }]
      case 'get':
        return [{ key, found: { value: textOf(result.value) } }]
      case 'list':
        return this.#listed(cursor, result)
      case 'range':
        return this.#ranged(cursor, result)
      case 'delete-range':
        return this.#deletedIn(cursor, result)
      case 'changes':
        return changedLast(result)
      case 'compact':
      case 'transaction': // Its operations are visited one by one.
      case 'lease-grant':
      case 'lease-revoke':
      case 'lease-keep-alive':
      case 'lease-time-to-live':
      case 'leases':
      case 'access-switch':
      case 'access-principal':
      case 'access-remove':
      case 'access-grant':
      case 'access-revoke':
      case 'access-list':
        return []
    }
  }

  /** A read of an older revision says nothing about the current state. */
  #ranged(cursor: OperationCursor, result: RangeResult): readonly Touch[] {
    const query = readQuery(fieldsOf(cursor))
    if (typeof query === 'string' || query.countOnly) return []
    if (query.revision !== 0 && query.revision !== result.revision) return []
    const shown = result.items.map(({ key, value, modRevision }) => ({
      key: textOf(key),
      found: query.keysOnly ? { revision: modRevision } : { value: textOf(value) },
    }))
    const isWhole = result.more === null && result.items.length === result.count
    return isWhole ? [...shown, ...this.#absent(query, shown)] : shown
  }

  #deletedIn(cursor: OperationCursor, result: DeletionResult): readonly Touch[] {
    const deletion = readDeletion(fieldsOf(cursor))
    if (typeof deletion === 'string') return []
    // Without the entries, it is unknown which keys existed.
    if (!deletion.previous) return this.#within(deletion).map((key) => ({ key, left: null }))
    const deleted = result.items.map(({ key, value }) => ({
      key: textOf(key),
      found: { value: textOf(value) },
      left: null,
    }))
    return [...deleted, ...this.#absent(deletion, deleted)]
  }

  /** The keys in a range that the answer does not contain. */
  #absent(range: KeyRange, shown: readonly { readonly key: string }[]): readonly Touch[] {
    const keys = new Set(shown.map(({ key }) => key))
    return this.#within(range)
      .filter((key) => !keys.has(key))
      .map((key) => ({ key, found: { value: null } }))
  }

  /** The known keys in a range. */
  #within(range: KeyRange | string): readonly string[] {
    if (typeof range === 'string') return []
    return [...this.#keys].filter((key) =>
      includes(
        range,
        Uint8Array.from(key, (each) => each.charCodeAt(0)),
      ),
    )
  }

  #listed(cursor: OperationCursor, result: ListResult): readonly Touch[] {
    const prefix = keyOf(cursor)
    const after = textOf(writtenBy(cursor))
    const end = textOf(result.cursor)
    const shown = new Map(result.items.map(({ key, value }) => [textOf(key), textOf(value)]))
    const isPassed = (key: string): boolean => {
      if (!key.startsWith(prefix) || key <= after) return false
      if (cursor.limit === 0) return result.count === 0
      return end === '' || key <= end
    }
    const absent = [...this.#keys].filter((key) => !shown.has(key) && isPassed(key))
    return [
      ...[...shown].map(([key, value]) => ({ key, found: { value } })),
      ...absent.map((key) => ({ key, found: { value: null } })),
    ]
  }
}

/** The operations of a request on one key so far, combined. */
interface Folded {
  found?: Value
  left?: Value
  /** True after a lease was revoked: the key may have ended with it. */
  mayHaveEnded?: boolean
}

function fold(one: Folded, { key, left }: Touch, found: Value | undefined): string | null {
  const held = one.left === undefined ? one.found : one.left
  if (held === undefined) {
    if (found !== undefined) one.found = found
  } else if (found === null && one.mayHaveEnded === true) {
    one.left = null
  } else if (found !== undefined && found !== held) {
    return `found ${String(found)} at ${key}, where the operation before it left ${String(held)}`
  }
  if (left !== undefined) {
    one.left = left
    one.mayHaveEnded = false
  }
  return null
}

/** The value of one key that a comparison found, if it determines the value. */
function foundAsCompared(compare: ReadCompare): readonly Touch[] {
  if (!isOneKey(compare) || compare.relation !== 'equal') return []
  const key = textOf(compare.key)
  if (compare.target === 'value') return [{ key, found: { value: textOf(compare.operand) } }]
  const number = readU64(compare.operand, 0)
  if (compare.target === 'mod') return [{ key, found: { revision: number } }]
  const isAbsent = number === 0 && compare.target !== 'lease'
  return isAbsent ? [{ key, found: { value: null } }] : []
}

/**
 * Visits operations with their results; returns false if they do not match. Of a transaction, it visits the
 * comparisons that held, and then its operations.
 */
function eachResult(
  operations: Uint8Array,
  results: Uint8Array,
  take: (cursor: OperationCursor, result: Result) => void,
  takeHeld: (compare: ReadCompare) => void = () => {},
): boolean {
  const cursor = openOperations(operations)
  const framed = readResults(results)
  if (cursor === null || framed === null || framed.length !== cursor.count) return false
  for (const one of framed) {
    const fault = nextOperation(cursor)
    const result = interpretResult(cursor.code as OperationCode, one)
    if (result === null) return false
    if (fault !== null) {
      if (result.status !== fault) return false
    } else if (result.status === 'ok' && result.kind === 'transaction') {
      const taken = takenOf(cursor, result)
      if (taken === null) return false
      taken.held.forEach(takeHeld)
      for (const member of taken.members) take(member.cursor, member.result)
    } else take(cursor, result)
  }
  return true
}

/** Returns the last change of each key as a read of it, if the answer reaches the current revision. */
function changedLast({ changes, through, revision }: ChangesResult): readonly Touch[] {
  if (through.main < revision || through.sub !== WHOLE_REVISION) return []
  const last = new Map(changes.map(({ key, put }) => [textOf(key), put]))
  return [...last].map(([key, put]) => ({ key, found: { value: put === null ? null : textOf(put.value) } }))
}

const fieldsOf = ({ bytes, keyStart, keyEnd }: OperationCursor): Uint8Array =>
  bytes.subarray(keyStart, keyEnd)

/** True if the items of the operation's result have their values. */
function showsValues(cursor: OperationCursor): boolean {
  if (cursor.code !== OPERATION_CODES.range) return true
  const query = readQuery(fieldsOf(cursor))
  return typeof query !== 'string' && !query.keysOnly
}

const keepsValue = ({ options }: OperationCursor): boolean => (options & PUT_OPTIONS.keepValue) !== 0

const keyOf = ({ bytes, keyStart, keyEnd }: OperationCursor): string =>
  textOf(bytes.subarray(keyStart, keyEnd))

const writtenBy = ({ bytes, valueStart, valueEnd }: OperationCursor): Uint8Array =>
  bytes.subarray(valueStart, valueEnd)
