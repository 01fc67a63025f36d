/**
 * The fields of the operations on leases. Big-endian; a lease's id has 8 bytes, see `lease-id.ts`.
 *
 *   lease-grant         lease 8 (0: the store chooses) | life in seconds u64
 *   lease-revoke        lease 8
 *   lease-keep-alive    lease 8
 *   lease-time-to-live  lease 8 | options u8 (1 keys) | key after which the keys begin (the rest)
 *   leases              none
 */
import { readU64, writeU64 } from '../base/bytes.ts'
import { LEASE_BYTES } from './key-entry.ts'
import { writeLeaseId } from './lease-id.ts'
import { KEY_BYTES_MAX } from './operations.ts'

/** An operation on leases. */
export type LeaseOperation =
  | {
      readonly kind: 'lease-grant'
      /** The id; 0 to have the store choose one. */
      readonly id: bigint
      /** The life in seconds. One below the least is raised to it. */
      readonly ttl: number
    }
  | { readonly kind: 'lease-revoke' | 'lease-keep-alive'; readonly id: bigint }
  | {
      readonly kind: 'lease-time-to-live'
      readonly id: bigint
      /** True to return the keys that are attached to the lease. */
      readonly keys?: boolean
      /** The key after which the keys begin; empty for the first. */
      readonly after?: Uint8Array
    }
  | { readonly kind: 'leases' }

const GRANT_BYTES = LEASE_BYTES + 8
const TIME_TO_LIVE_BYTES = LEASE_BYTES + 1

/** Returns the bytes of the fields of an operation. */
export function leaseFieldsBytes(operation: LeaseOperation): number {
  switch (operation.kind) {
    case 'lease-grant':
      return GRANT_BYTES
    case 'lease-time-to-live':
      return TIME_TO_LIVE_BYTES + (operation.after?.length ?? 0)
    case 'leases':
      return 0
    default:
      return LEASE_BYTES
  }
}

export function writeLeaseFields(bytes: Uint8Array, at: number, operation: LeaseOperation): void {
  if (operation.kind === 'leases') return
  writeLeaseId(bytes, at, operation.id)
  if (operation.kind === 'lease-grant') writeU64(bytes, at + LEASE_BYTES, Math.max(0, operation.ttl))
  if (operation.kind !== 'lease-time-to-live') return
  bytes[at + LEASE_BYTES] = operation.keys === true ? 1 : 0
  if (operation.after !== undefined) bytes.set(operation.after, at + TIME_TO_LIVE_BYTES)
}

/** A request for a lease: its id, or zeros, and its life in seconds. */
export interface GrantFields {
  readonly id: Uint8Array
  readonly ttl: number
}

export interface TimeToLiveFields {
  readonly id: Uint8Array
  readonly keys: boolean
  readonly after: Uint8Array
}

// The readers return null for malformed fields. Ids and keys are views of the fields.

export function readGrant(fields: Uint8Array): GrantFields | null {
  if (fields.length !== GRANT_BYTES) return null
  return { id: fields.subarray(0, LEASE_BYTES), ttl: readU64(fields, LEASE_BYTES) }
}

export const readLease = (fields: Uint8Array): Uint8Array | null =>
  fields.length === LEASE_BYTES ? fields : null

export function readTimeToLive(fields: Uint8Array): TimeToLiveFields | null {
  const options = fields[LEASE_BYTES] ?? Number.POSITIVE_INFINITY
  const after = fields.subarray(TIME_TO_LIVE_BYTES)
  if (options > 1 || after.length > KEY_BYTES_MAX) return null
  return { id: fields.subarray(0, LEASE_BYTES), keys: options === 1, after }
}
