/** The execution of operations on leases, and the check of the lease that a put names. */
import { LEASE_KEYS_MAX } from './lease-keys.ts'
import { readGrant, readLease, readTimeToLive } from './lease-operations.ts'
import { LEASE_FIELD_BYTES } from './lease-results.ts'
import type { OperationCursor } from './operations.ts'
import { FIELDS_BYTES_MAX, type RangeTarget } from './range-execution.ts'
import { FIELD_BYTES } from './results.ts'

/** The cost of each lease and each key that an answer contains, in units of the allowance. */
const ITEM_WORK = 1 / 4

type Work = Generator<undefined, void, undefined>

/** True if the key of a put cannot be attached to this lease. Writes the result in this case. */
export function isLeaseRefused(target: RangeTarget, put: OperationCursor, lease: Uint8Array): boolean {
  const { store, leases, results } = target
  const { bytes, keyStart, keyEnd } = put
  if (leases.find(lease) === null) {
    writeNotFound(target)
    return true
  }
  const { leaseKeys } = store
  if (leaseKeys.count(lease) < LEASE_KEYS_MAX || leaseKeys.has(lease, bytes, keyStart, keyEnd)) return false
  results.result('too-many-lease-keys', 0)
  return true
}

/** Executes a grant. Returns the id of the lease that begins; null if none does. */
export function executeGrant(target: RangeTarget, fields: Uint8Array): Uint8Array | null {
  const { store, leases, results } = target
  const asked = readGrant(fields)
  const hasRoom = results.fits(LEASE_FIELD_BYTES.grant)
  const granted =
    asked === null ? 'bad-operation' : hasRoom ? leases.grant(asked.id, asked.ttl) : 'result-budget'
  if (typeof granted === 'string') {
    results.result(granted, 0)
    return null
  }
  const { id, ttl } = granted
  results.result('ok', LEASE_FIELD_BYTES.grant)
  results.u64(store.revision)
  results.bytes(id.length, (target, at) => target.set(id, at))
  results.u64(ttl)
  return id
}

export function* executeRevoke(target: RangeTarget, fields: Uint8Array): Work {
  const { store, leases, results, allowance } = target
  const id = readLease(fields)
  if (id === null) return results.result('bad-operation', 0)
  if (!results.fits(LEASE_FIELD_BYTES.revoke)) return results.result('result-budget', 0)
  if (leases.find(id) === null) return writeNotFound(target)
  const deleted = yield* leases.end(id, allowance)
  results.result('ok', LEASE_FIELD_BYTES.revoke)
  results.u64(store.revision)
  results.u64(deleted)
}

export function executeKeepAlive(target: RangeTarget, fields: Uint8Array): void {
  const { store, leases, results } = target
  const id = readLease(fields)
  if (id === null) return results.result('bad-operation', 0)
  if (!results.fits(LEASE_FIELD_BYTES.keepAlive)) return results.result('result-budget', 0)
  const ttl = leases.keepAlive(id)
  if (ttl === null) return writeNotFound(target)
  results.result('ok', LEASE_FIELD_BYTES.keepAlive)
  results.u64(store.revision)
  results.u64(ttl)
}

export function* executeTimeToLive(target: RangeTarget, fields: Uint8Array): Work {
  const { store, leases, results, allowance } = target
  const asked = readTimeToLive(fields)
  if (asked === null) return results.result('bad-operation', 0)
  const lease = leases.find(asked.id)
  if (lease === null) return writeNotFound(target)
  const keys: Uint8Array[] = []
  let fieldBytes: number = LEASE_FIELD_BYTES.timeToLive
  let more = false
  for (const key of asked.keys ? store.leaseKeys.after(asked.id, asked.after) : []) {
    if (allowance.left <= 0) yield
    allowance.left -= ITEM_WORK
    more = fieldBytes + 2 + key.length > FIELDS_BYTES_MAX
    if (more) break
    fieldBytes += 2 + key.length
    keys.push(key)
  }
  if (!results.fits(fieldBytes)) return results.result('result-budget', 0)
  results.result('ok', fieldBytes)
  results.u64(store.revision)
  results.u64(lease.endsAt - leases.time)
  results.u64(lease.ttl)
  results.u8(more ? 1 : 0)
  results.u32(keys.length)
  for (const key of keys) {
    results.u16(key.length)
    results.bytes(key.length, (target, at) => target.set(key, at))
  }
}

export function* executeLeases({ store, leases, results, allowance }: RangeTarget): Work {
  const ids: Uint8Array[] = []
  for (const id of leases.running()) {
    if (allowance.left <= 0) yield
    allowance.left -= ITEM_WORK
    ids.push(id)
  }
  const fieldBytes = ids.reduce((sum, id) => sum + id.length, LEASE_FIELD_BYTES.leases as number)
  if (!results.fits(fieldBytes)) return results.result('result-budget', 0)
  results.result('ok', fieldBytes)
  results.u64(store.revision)
  results.u32(ids.length)
  for (const id of ids) results.bytes(id.length, (target, at) => target.set(id, at))
}

function writeNotFound({ store, results }: RangeTarget): void {
  if (!results.fits(FIELD_BYTES.notFound)) return results.result('result-budget', 0)
  results.result('lease-not-found', FIELD_BYTES.notFound)
  results.u64(store.revision)
}
