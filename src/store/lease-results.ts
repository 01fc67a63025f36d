/**
 * The results of operations on leases. Big-endian.
 *
 *   lease-grant         revision u64 | lease 8 | life in seconds u64
 *   lease-revoke        revision u64 | deleted keys u64
 *   lease-keep-alive    revision u64 | life in seconds u64
 *   lease-time-to-live  revision u64 | milliseconds left u64 | life in seconds u64 | more u8 | key count u32
 *                       | (key length u16 | key) *
 *   leases              revision u64 | lease count u32 | lease 8 *
 *
 * `more` is 1 if the size of the answer cut the keys: the rest follows the last key.
 */
import { readU16, readU32 } from '../base/bytes.ts'
import { LEASE_BYTES } from './key-entry.ts'
import { readLeaseId } from './lease-id.ts'
import { OPERATION_CODES } from './operations.ts'
import { safeU64 } from './result-fields.ts'

/** The bytes of the fields of each result; those before the keys and before the leases. */
export const LEASE_FIELD_BYTES = {
  grant: 16 + LEASE_BYTES,
  revoke: 16,
  keepAlive: 16,
  timeToLive: 29,
  leases: 12,
} as const

/** Results of operations on leases. Keys are views of the bytes read. */
export type LeaseResult =
  | {
      readonly status: 'ok'
      readonly kind: 'lease-grant'
      readonly revision: number
      readonly id: bigint
      readonly ttl: number
    }
  | {
      readonly status: 'ok'
      readonly kind: 'lease-revoke'
      readonly revision: number
      readonly deleted: number
    }
  | {
      readonly status: 'ok'
      readonly kind: 'lease-keep-alive'
      readonly revision: number
      readonly ttl: number
    }
  | {
      readonly status: 'ok'
      readonly kind: 'lease-time-to-live'
      readonly revision: number
      readonly leftMs: number
      readonly ttl: number
      /** True if the size of the answer cut the keys. */
      readonly more: boolean
      readonly keys: readonly Uint8Array[]
    }
  | {
      readonly status: 'ok'
      readonly kind: 'leases'
      readonly revision: number
      readonly leases: readonly bigint[]
    }

/** Reads the fields of a lease operation's result; null if they are malformed. */
export function interpretLeaseResult(code: number, fields: Uint8Array): LeaseResult | null {
  const revision = safeU64(fields, 0)
  if (revision === null) return null
  switch (code) {
    case OPERATION_CODES['lease-grant']: {
      const ttl = safeU64(fields, 8 + LEASE_BYTES)
      if (ttl === null || fields.length !== LEASE_FIELD_BYTES.grant) return null
      return { status: 'ok', kind: 'lease-grant', revision, id: readLeaseId(fields, 8), ttl }
    }
    case OPERATION_CODES['lease-revoke']: {
      const deleted = safeU64(fields, 8)
      if (deleted === null || fields.length !== LEASE_FIELD_BYTES.revoke) return null
      return { status: 'ok', kind: 'lease-revoke', revision, deleted }
    }
    case OPERATION_CODES['lease-keep-alive']: {
      const ttl = safeU64(fields, 8)
      if (ttl === null || fields.length !== LEASE_FIELD_BYTES.keepAlive) return null
      return { status: 'ok', kind: 'lease-keep-alive', revision, ttl }
    }
    case OPERATION_CODES['lease-time-to-live']:
      return interpretTimeToLive(revision, fields)
    default:
      return interpretLeases(revision, fields)
  }
}

function interpretTimeToLive(revision: number, fields: Uint8Array): LeaseResult | null {
  const leftMs = safeU64(fields, 8)
  const ttl = safeU64(fields, 16)
  const more = fields[24]
  if (leftMs === null || ttl === null || more === undefined || more > 1) return null
  if (fields.length < LEASE_FIELD_BYTES.timeToLive) return null
  const keys: Uint8Array[] = []
  let at: number = LEASE_FIELD_BYTES.timeToLive
  for (let left = readU32(fields, 25); left > 0; left--) {
    const start = at + 2
    if (start > fields.length) return null
    at = start + readU16(fields, at)
    if (at > fields.length) return null
    keys.push(fields.subarray(start, at))
  }
  if (at !== fields.length) return null
  return { status: 'ok', kind: 'lease-time-to-live', revision, leftMs, ttl, more: more === 1, keys }
}

function interpretLeases(revision: number, fields: Uint8Array): LeaseResult | null {
  if (fields.length < LEASE_FIELD_BYTES.leases) return null
  const count = readU32(fields, 8)
  if (fields.length !== LEASE_FIELD_BYTES.leases + LEASE_BYTES * count) return null
  const leases = Array.from({ length: count }, (_, index) =>
    readLeaseId(fields, LEASE_FIELD_BYTES.leases + LEASE_BYTES * index),
  )
  return { status: 'ok', kind: 'leases', revision, leases }
}
