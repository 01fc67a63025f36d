/**
 * The results of operations on access. Big-endian.
 *
 *   access-switch, access-principal, access-remove, access-grant, access-revoke
 *                 revision u64
 *   access-list   revision u64 | on u8 | more u8 | count u32 | principal *
 *   principal     key 32 | options u8 (1 administrator, 2 named in the cluster file) | name length u8 | name
 *                 | rights u16 | right * | principals that it may act for u16 | key 32 *
 *   right         permissions u8 | key length u16 | key | end length u16 | end        end: empty for all keys after it
 *
 * `more` is 1 if the size of the answer cut the list: the rest follows the last principal.
 */
import { readU16, readU32 } from '../base/bytes.ts'
import type { Right } from './key-intervals.ts'
import { ACT_AS_BYTES, OPERATION_CODES } from './operations.ts'
import { safeU64 } from './result-fields.ts'

export const ACCESS_FIELD_BYTES = { change: 8, list: 14 } as const

const CHANGE_KINDS = [
  'access-switch',
  'access-principal',
  'access-remove',
  'access-grant',
  'access-revoke',
] as const

/** A principal as a list shows it. */
export interface ListedPrincipal {
  readonly principal: Uint8Array
  readonly name: Uint8Array
  readonly isAdministrator: boolean
  /** True if the cluster file names it as an administrator, which nothing changes. */
  readonly isFounder: boolean
  readonly rights: readonly Right[]
  /** The principals that it may act for. */
  readonly actsFor: readonly Uint8Array[]
}

export interface AccessChangeResult {
  readonly status: 'ok'
  readonly kind: (typeof CHANGE_KINDS)[number]
  readonly revision: number
}

export interface AccessListResult {
  readonly status: 'ok'
  readonly kind: 'access-list'
  readonly revision: number
  readonly on: boolean
  readonly more: boolean
  readonly principals: readonly ListedPrincipal[]
}

/** Results of operations on access. Keys and names are views of the bytes read. */
export type AccessResult = AccessChangeResult | AccessListResult

export const PRINCIPAL_OPTIONS = { administrator: 1, founder: 2 } as const

/** Returns the bytes of a principal in a list. */
export function principalBytes({ name, rights, actsFor }: ListedPrincipal): number {
  const rightsBytes = rights.reduce((sum, { from, to }) => sum + 5 + from.length + (to?.length ?? 0), 0)
  return ACT_AS_BYTES + 2 + name.length + 2 + rightsBytes + 2 + ACT_AS_BYTES * actsFor.length
}

/** Reads the fields of a result; null if they are malformed. */
export function interpretAccessResult(code: number, fields: Uint8Array): AccessResult | null {
  const revision = safeU64(fields, 0)
  if (revision === null) return null
  if (code === OPERATION_CODES['access-list']) return interpretList(revision, fields)
  const kind = CHANGE_KINDS.find((each) => OPERATION_CODES[each] === code)
  if (kind === undefined || fields.length !== ACCESS_FIELD_BYTES.change) return null
  return { status: 'ok', kind, revision }
}

function interpretList(revision: number, fields: Uint8Array): AccessListResult | null {
  if (fields.length < ACCESS_FIELD_BYTES.list) return null
  const [on = 2, more = 2] = fields.subarray(8)
  if (on > 1 || more > 1) return null
  const reader = new FieldsReader(fields, ACCESS_FIELD_BYTES.list)
  const principals: ListedPrincipal[] = []
  for (let left = readU32(fields, 10); left > 0; left--) {
    const principal = readListed(reader)
    if (principal === null) return null
    principals.push(principal)
  }
  if (!reader.isAtEnd) return null
  return { status: 'ok', kind: 'access-list', revision, on: on === 1, more: more === 1, principals }
}

function readListed(reader: FieldsReader): ListedPrincipal | null {
  const principal = reader.bytes(ACT_AS_BYTES)
  const options = reader.u8()
  const name = reader.bytes(reader.u8())
  const rights: Right[] = []
  for (let left = reader.u16(); left > 0 && !reader.isBroken; left--) {
    const permissions = reader.u8()
    const from = reader.bytes(reader.u16())
    const end = reader.bytes(reader.u16())
    rights.push({ permissions, from, to: end.length === 0 ? null : end })
  }
  const actsFor: Uint8Array[] = []
  for (let left = reader.u16(); left > 0 && !reader.isBroken; left--) actsFor.push(reader.bytes(ACT_AS_BYTES))
  if (reader.isBroken || options > 3) return null
  const isAdministrator = (options & PRINCIPAL_OPTIONS.administrator) !== 0
  const isFounder = (options & PRINCIPAL_OPTIONS.founder) !== 0
  return { principal, name, isAdministrator, isFounder, rights, actsFor }
}

/** Reads fields one after another. Beyond the end it reads zeros and says that it is broken. */
class FieldsReader {
  readonly #fields: Uint8Array
  #at: number
  isBroken = false

  constructor(fields: Uint8Array, at: number) {
    this.#fields = fields
    this.#at = at
  }

  get isAtEnd(): boolean {
    return !this.isBroken && this.#at === this.#fields.length
  }

  bytes(length: number): Uint8Array {
    const end = this.#at + length
    if (end > this.#fields.length) this.isBroken = true
    if (this.isBroken) return new Uint8Array(0)
    const bytes = this.#fields.subarray(this.#at, end)
    this.#at = end
    return bytes
  }

  u8(): number {
    return this.bytes(1)[0] ?? 0
  }

  u16(): number {
    const bytes = this.bytes(2)
    return bytes.length === 2 ? readU16(bytes, 0) : 0
  }
}
