/**
 * The judgement of an operation by the rights of its principal, before it is executed. Every replica judges on the same
 * state, so no gateway and no single replica decides what a client may do.
 *
 * - A principal is the client that signed the request, or the one that it acts for, if it may. An administrator may do
 *   everything, and act for every principal.
 * - A read takes the right to read every key of its whole range, whichever keys exist, and also of older revisions. So
 *   an answer never depends on keys that its reader may not read, and a watch is judged whenever it reads on.
 * - A write takes the right to write, and also to read if it returns what was there before. A deletion of a range takes
 *   it for the whole range.
 * - A transaction takes the rights for all of its comparisons, which read, and for all operations in every branch, also
 *   those that would not be executed.
 * - A lease belongs to the principal it was granted to: only this one attaches keys to it, keeps it alive and revokes it.
 *   One that was granted while nothing was judged belongs to all who may write each of its keys. To revoke a lease is to
 *   delete its keys, and to list its keys is to read them.
 * - Compaction and operations on access are an administrator's. A principal may list its own rights.
 *
 * An operation whose fields are malformed is permitted: it changes nothing and shows nothing.
 */
import type { Allowance } from '../base/allowance.ts'
import type { ClientId } from '../base/ids.ts'
import { readAccessList } from './access-operations.ts'
import type { AccessRecords } from './access-records.ts'
import { readChangesQuery } from './changes-operation.ts'
import { covers, intervalOf, PERMISSIONS } from './key-intervals.ts'
import { type KeyRange, keysWithPrefix, oneKey } from './key-range.ts'
import type { KeyValueStore } from './key-value-store.ts'
import { readLease, readTimeToLive } from './lease-operations.ts'
import { leaseOf, nextOperation, OPERATION_CODES, type OperationCursor, PUT_OPTIONS } from './operations.ts'
import { readDeletion, readQuery } from './range-operations.ts'
import { clientOf } from './state-keys.ts'
import { type Member, type ReadTransaction, readTransaction } from './transaction.ts'

/** The cost of judging one need, in units of the allowance. */
const NEED_WORK = 1

export interface JudgementTarget {
  readonly access: AccessRecords
  readonly store: KeyValueStore
  readonly allowance: Allowance
}

/** A need of an operation: a permission for a range, for each key of a lease, for a lease itself, or to administer. */
type Need =
  | { readonly kind: 'range'; readonly range: KeyRange; readonly permission: number }
  | { readonly kind: 'lease-keys'; readonly lease: Uint8Array; readonly permission: number }
  | { readonly kind: 'lease'; readonly lease: Uint8Array }
  | { readonly kind: 'administrator' }

type Work = Generator<undefined, boolean, undefined>

/** Returns the principal whose rights count for an operation of a client; null if it may not act for the one it names. */
export function principalFor(
  access: AccessRecords,
  client: ClientId,
  actAs: Uint8Array | null,
): ClientId | null {
  const sender = access.find(client)
  if (sender === null) return null
  if (actAs === null) return client
  const id = clientOf(actAs)
  if (id === client) return client
  if (access.find(id) === null) return null
  return sender.isAdministrator || access.mayActFor(client, actAs) ? id : null
}

/** True if the principal may execute the operation at the cursor. */
export function* isPermitted(target: JudgementTarget, principal: ClientId, cursor: OperationCursor): Work {
  const { access, allowance } = target
  if (access.find(principal)?.isAdministrator) return true
  for (const need of needsOf(cursor, principal)) {
    if (allowance.left <= 0) yield
    allowance.left -= NEED_WORK
    if (!(yield* isMet(target, principal, need))) return false
  }
  return true
}

/** True if a client may read every key, now and in the past, and so the state itself, while operations are judged. */
export function mayReadAll(access: AccessRecords, client: ClientId): boolean {
  if (access.find(client)?.isAdministrator) return true
  return access.find(client) !== null && covers(access.rights(client), WHOLE, PERMISSIONS.read)
}

const WHOLE = { from: new Uint8Array(1), to: null }

function* isMet(target: JudgementTarget, principal: ClientId, need: Need): Work {
  const { access } = target
  switch (need.kind) {
    case 'administrator':
      return false
    case 'range':
      return hasRight(access, principal, need.range, need.permission)
    case 'lease-keys':
      return yield* mayAllKeysOf(target, principal, need)
    case 'lease': {
      const holder = access.holderOf(need.lease)
      if (holder !== null) return holder === principal
      return yield* mayAllKeysOf(target, principal, { ...need, permission: PERMISSIONS.write })
    }
  }
}

function hasRight(access: AccessRecords, principal: ClientId, range: KeyRange, permission: number): boolean {
  const interval = intervalOf(range)
  return interval === null || covers(access.rights(principal), interval, permission)
}

function* mayAllKeysOf(
  { access, store, allowance }: JudgementTarget,
  principal: ClientId,
  { lease, permission }: { readonly lease: Uint8Array; readonly permission: number },
): Work {
  for (const key of store.leaseKeys.after(lease, NO_KEY)) {
    if (allowance.left <= 0) yield
    allowance.left -= NEED_WORK
    if (!hasRight(access, principal, oneKey(key), permission)) return false
  }
  return true
}

const NO_KEY = new Uint8Array(0)

const reading = (range: KeyRange | string): Need[] =>
  typeof range === 'string' ? [] : [{ kind: 'range', range, permission: PERMISSIONS.read }]
const writing = (range: KeyRange | string): Need[] =>
  typeof range === 'string' ? [] : [{ kind: 'range', range, permission: PERMISSIONS.write }]

/** Yields the needs of an operation that has no fault. */
function* needsOf(cursor: OperationCursor, principal: ClientId): Generator<Need> {
  const key = cursor.bytes.subarray(cursor.keyStart, cursor.keyEnd)
  switch (cursor.code) {
    case OPERATION_CODES.put:
    case OPERATION_CODES['put-with-options']:
      return yield* needsOfPut(cursor, key)
    case OPERATION_CODES.get:
      return yield* reading(oneKey(key))
    case OPERATION_CODES.list:
      return yield* reading(keysWithPrefix(key))
    case OPERATION_CODES.range:
      return yield* reading(readQuery(key))
    case OPERATION_CODES.changes:
      return yield* reading(readChangesQuery(key))
    case OPERATION_CODES.delete:
      return yield* writing(oneKey(key))
    case OPERATION_CODES['delete-range']: {
      const deletion = readDeletion(key)
      yield* writing(deletion)
      if (typeof deletion !== 'string' && deletion.previous) yield* reading(deletion)
      return
    }
    case OPERATION_CODES.transaction: {
      const transaction = readTransaction(cursor, cursor.keyStart, cursor.keyEnd)
      if (typeof transaction !== 'string') yield* needsOfTransaction(cursor, transaction, principal)
      return
    }
    case OPERATION_CODES['access-list']:
      return yield* needsOfList(key, principal)
    default:
      return yield* needsOfOther(cursor.code, key)
  }
}

function* needsOfPut(cursor: OperationCursor, key: Uint8Array): Generator<Need> {
  yield* writing(oneKey(key))
  const isWithOptions = cursor.code === OPERATION_CODES['put-with-options']
  if (isWithOptions && (cursor.options & PUT_OPTIONS.previous) !== 0) yield* reading(oneKey(key))
  const lease = leaseOf(cursor)
  if (lease !== null) yield { kind: 'lease', lease }
}

function* needsOfTransaction(
  cursor: OperationCursor,
  { compares, success, failure }: ReadTransaction,
  principal: ClientId,
): Generator<Need> {
  for (const compare of compares) yield* reading(compare)
  for (const members of [success, failure]) {
    for (const member of members) yield* needsOfMember(cursor, member, principal)
  }
}

function* needsOfMember(cursor: OperationCursor, member: Member, principal: ClientId): Generator<Need> {
  if (member.kind === 'transaction') return yield* needsOfTransaction(cursor, member.transaction, principal)
  const its = { ...cursor, next: member.at }
  nextOperation(its)
  yield* needsOf(its, principal)
}

/** A principal may list its own rights. */
function* needsOfList(fields: Uint8Array, principal: ClientId): Generator<Need> {
  const asked = readAccessList(fields)
  if (typeof asked === 'string' || (asked.isOne && clientOf(asked.principal) === principal)) return
  yield { kind: 'administrator' }
}

function* needsOfOther(code: number, fields: Uint8Array): Generator<Need> {
  switch (code) {
    case OPERATION_CODES['lease-grant']:
    case OPERATION_CODES.leases:
      return
    case OPERATION_CODES['lease-keep-alive']: {
      const lease = readLease(fields)
      if (lease !== null) yield { kind: 'lease', lease }
      return
    }
    case OPERATION_CODES['lease-revoke']: {
      const lease = readLease(fields)
      if (lease === null) return
      yield { kind: 'lease', lease }
      yield { kind: 'lease-keys', lease, permission: PERMISSIONS.write }
      return
    }
    case OPERATION_CODES['lease-time-to-live']: {
      const asked = readTimeToLive(fields)
      if (asked?.keys) yield { kind: 'lease-keys', lease: asked.id, permission: PERMISSIONS.read }
      return
    }
    default:
      yield { kind: 'administrator' }
  }
}
