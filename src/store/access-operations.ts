/**
 * The fields of the operations on access: principals and their rights. Big-endian. A principal is named by its public
 * key.
 *
 *   access-switch     on u8
 *   access-principal  principal 32 | options u8 (1 administrator) | name (the rest, 1 to 64 bytes)
 *   access-remove     principal 32
 *   access-grant, access-revoke
 *                     principal 32 | permissions u8 (1 read, 2 write, 3 both) | range
 *                     | or 0 u8 | the principal that it may act for 32
 *   access-list       options u8 (0: all after that principal, 1: that one) | principal 32, or nothing: from the first
 *   range             key length u16 | key | end (the rest)                                see `key-range.ts`
 */
import { concatBytes } from '../base/bytes.ts'
import { intervalOf, PERMISSIONS_ALL } from './key-intervals.ts'
import type { KeyRange } from './key-range.ts'
import { ACT_AS_BYTES } from './operations.ts'
import { type FieldsFault, readRange, writeRange } from './range-operations.ts'

/** Bytes of a principal's name. */
export const PRINCIPAL_NAME_BYTES_MAX = 64

/** The right that is granted or revoked: permissions for a range of keys, or to act for another principal. */
export type Granted =
  | { readonly permissions: number; readonly range: KeyRange }
  | { readonly permissions: 0; readonly actFor: Uint8Array }

/** An operation on access. */
export type AccessOperation =
  | {
      readonly kind: 'access-switch'
      /** True to have every operation judged. */
      readonly on: boolean
    }
  | {
      readonly kind: 'access-principal'
      readonly principal: Uint8Array
      readonly name: Uint8Array
      readonly administrator: boolean
    }
  | { readonly kind: 'access-remove'; readonly principal: Uint8Array }
  | {
      readonly kind: 'access-grant' | 'access-revoke'
      readonly principal: Uint8Array
      readonly granted: Granted
    }
  | {
      readonly kind: 'access-list'
      /** The principal after which the list begins; with `only`, the one that it contains. */
      readonly principal?: Uint8Array
      readonly only?: boolean
    }

/** Returns the fields of an operation. */
export function encodeAccessFields(operation: AccessOperation): Uint8Array {
  switch (operation.kind) {
    case 'access-switch':
      return Uint8Array.of(operation.on ? 1 : 0)
    case 'access-principal':
      return concatBytes(operation.principal, Uint8Array.of(operation.administrator ? 1 : 0), operation.name)
    case 'access-remove':
      return operation.principal
    case 'access-list':
      return concatBytes(
        Uint8Array.of(operation.only === true ? 1 : 0),
        operation.principal ?? new Uint8Array(0),
      )
    default:
      return concatBytes(operation.principal, encodeGranted(operation.granted))
  }
}

function encodeGranted(granted: Granted): Uint8Array {
  if ('actFor' in granted) return concatBytes(Uint8Array.of(0), granted.actFor)
  const { permissions, range } = granted
  const bytes = new Uint8Array(3 + range.key.length + range.end.length)
  bytes[0] = permissions
  writeRange(bytes, 1, range)
  return bytes
}

// The readers return the fault of fields that cannot be executed in any state. What they return are views.

export function readSwitch(fields: Uint8Array): boolean | FieldsFault {
  const [on] = fields
  return fields.length === 1 && (on === 0 || on === 1) ? on === 1 : 'bad-operation'
}

export interface PrincipalFields {
  readonly principal: Uint8Array
  readonly isAdministrator: boolean
  readonly name: Uint8Array
}

export function readPrincipal(fields: Uint8Array): PrincipalFields | FieldsFault {
  const options = fields[ACT_AS_BYTES] ?? 2
  const name = fields.subarray(ACT_AS_BYTES + 1)
  if (options > 1 || name.length === 0 || name.length > PRINCIPAL_NAME_BYTES_MAX) return 'bad-operation'
  return { principal: fields.subarray(0, ACT_AS_BYTES), isAdministrator: options === 1, name }
}

export const readRemoval = (fields: Uint8Array): Uint8Array | FieldsFault =>
  fields.length === ACT_AS_BYTES ? fields : 'bad-operation'

export interface AccessGrantFields {
  readonly principal: Uint8Array
  readonly granted: Granted
}

export function readAccessGrant(fields: Uint8Array): AccessGrantFields | FieldsFault {
  const permissions = fields[ACT_AS_BYTES] ?? PERMISSIONS_ALL + 1
  const principal = fields.subarray(0, ACT_AS_BYTES)
  const rest = fields.subarray(ACT_AS_BYTES + 1)
  if (permissions > PERMISSIONS_ALL) return 'bad-operation'
  if (permissions === 0) {
    return rest.length === ACT_AS_BYTES
      ? { principal, granted: { permissions, actFor: rest } }
      : 'bad-operation'
  }
  const range = readRange(rest)
  if (typeof range === 'string') return range
  // A right to no key is a mistake.
  return intervalOf(range) === null ? 'bad-key' : { principal, granted: { permissions, range } }
}

export interface ListFields {
  readonly isOne: boolean
  /** The principal; empty for none. */
  readonly principal: Uint8Array
}

export function readAccessList(fields: Uint8Array): ListFields | FieldsFault {
  const [option = 2] = fields
  const principal = fields.subarray(1)
  const isNamed = principal.length === ACT_AS_BYTES
  if (option > 1 || (!isNamed && (option === 1 || principal.length > 0))) return 'bad-operation'
  return { isOne: option === 1, principal }
}
