/** The execution of the operations on access, which an administrator was allowed to ask for. */
import type { Allowance } from '../base/allowance.ts'
import {
  readAccessGrant,
  readAccessList,
  readPrincipal,
  readRemoval,
  readSwitch,
} from './access-operations.ts'
import type { AccessRecords, Principal } from './access-records.ts'
import {
  ACCESS_FIELD_BYTES,
  type ListedPrincipal,
  PRINCIPAL_OPTIONS,
  principalBytes,
} from './access-results.ts'
import { changeRights, intervalOf } from './key-intervals.ts'
import type { KeyRange } from './key-range.ts'
import type { KeyValueStore } from './key-value-store.ts'
import { OPERATION_CODES } from './operations.ts'
import { FIELDS_BYTES_MAX } from './range-execution.ts'
import type { Status } from './results.ts'
import type { ResultsWriter } from './results-writer.ts'
import { clientOf } from './state-keys.ts'

export const PRINCIPALS_MAX = 4_096
/** The numbers of intervals of keys of one principal and of all, and of principals that one may act for. */
export const RIGHTS_MAX = 128
export const ALL_RIGHTS_MAX = 65_536
export const ACTING_MAX = 4_096

/** The costs of an operation and of each record that it reads or writes, in units of the allowance. */
const CHANGE_WORK = 32
const RECORD_WORK = 2

export interface AccessTarget {
  readonly store: KeyValueStore
  readonly access: AccessRecords
  readonly results: ResultsWriter
  readonly allowance: Allowance
}

type Work = Generator<undefined, void, undefined>

/** Executes an operation on access. */
export function* executeOnAccess(target: AccessTarget, code: number, fields: Uint8Array): Work {
  if (code === OPERATION_CODES['access-list']) return yield* executeList(target, fields)
  const { results, store, allowance } = target
  if (!results.fits(ACCESS_FIELD_BYTES.change)) return results.result('result-budget', 0)
  allowance.left -= CHANGE_WORK
  const refusal = yield* change(target, code, fields)
  if (refusal !== null) return results.result(refusal, 0)
  store.takeRevision()
  results.result('ok', ACCESS_FIELD_BYTES.change)
  results.u64(store.revision)
}

/** Makes a change. Returns null, or the reason why nothing was changed. */
function* change(
  target: AccessTarget,
  code: number,
  fields: Uint8Array,
): Generator<undefined, Status | null, undefined> {
  const { access } = target
  switch (code) {
    case OPERATION_CODES['access-switch']: {
      const isOn = readSwitch(fields)
      if (typeof isOn === 'string') return isOn
      access.switch(isOn)
      return null
    }
    case OPERATION_CODES['access-principal']:
      return setPrincipal(access, fields)
    case OPERATION_CODES['access-remove']:
      return yield* remove(target, fields)
    default:
      return grantOrRevoke(target, fields, code === OPERATION_CODES['access-grant'])
  }
}

function setPrincipal(access: AccessRecords, fields: Uint8Array): Status | null {
  const asked = readPrincipal(fields)
  if (typeof asked === 'string') return asked
  const id = clientOf(asked.principal)
  const before = access.find(id)
  const holder = access.named(asked.name)
  if (holder !== null && holder !== id) return 'name-taken'
  if (before === null && access.principalCount >= PRINCIPALS_MAX) return 'too-many-principals'
  if (before?.isFounder && !asked.isAdministrator) return 'denied'
  const { principal: key, name, isAdministrator } = asked
  access.set({
    key: key.slice(),
    name: name.slice(),
    isAdministrator,
    isFounder: before?.isFounder ?? false,
  })
  return null
}

/** Removes a principal with its rights, and what others may do for it. */
function* remove(
  { access, allowance }: AccessTarget,
  fields: Uint8Array,
): Generator<undefined, Status | null, undefined> {
  const key = readRemoval(fields)
  if (typeof key === 'string') return key
  const principal = access.find(clientOf(key))
  if (principal === null) return 'no-principal'
  if (principal.isFounder) return 'denied'
  for (const other of [...access.after(NO_KEY)].map((each) => clientOf(each.key))) {
    if (allowance.left <= 0) yield
    allowance.left -= RECORD_WORK
    if (access.mayActFor(other, key)) access.setActing(other, key, false)
  }
  allowance.left -= RECORD_WORK * (access.rights(clientOf(key)).length + access.actsFor(clientOf(key)).length)
  access.remove(principal)
  return null
}

function grantOrRevoke(target: AccessTarget, fields: Uint8Array, isGrant: boolean): Status | null {
  const { access } = target
  const asked = readAccessGrant(fields)
  if (typeof asked === 'string') return asked
  const principal = access.find(clientOf(asked.principal))
  if (principal === null) return 'no-principal'
  const { granted } = asked
  return 'actFor' in granted
    ? changeActing(target, principal, granted.actFor, isGrant)
    : changeRange(target, principal, { ...granted, isGrant })
}

function changeActing(
  { access, allowance }: AccessTarget,
  { key }: Principal,
  other: Uint8Array,
  isGrant: boolean,
): Status | null {
  const id = clientOf(key)
  if (access.find(clientOf(other)) === null) return 'no-principal'
  const acting = access.actsFor(id).length
  allowance.left -= acting / 8
  if (isGrant && acting >= ACTING_MAX && !access.mayActFor(id, other)) return 'too-many-rights'
  access.setActing(id, other, isGrant)
  return null
}

function changeRange(
  { access, allowance }: AccessTarget,
  { key }: Principal,
  asked: { readonly permissions: number; readonly range: KeyRange; readonly isGrant: boolean },
): Status | null {
  const id = clientOf(key)
  const before = access.rights(id)
  const interval = intervalOf(asked.range)
  if (interval === null) return 'bad-key'
  const { permissions: named, isGrant } = asked
  const rights = changeRights(before, interval, (permissions) =>
    isGrant ? permissions | named : permissions & ~named,
  )
  allowance.left -= RECORD_WORK * (before.length + rights.length)
  const all = access.rightCount - before.length + rights.length
  if (rights.length > before.length && (rights.length > RIGHTS_MAX || all > ALL_RIGHTS_MAX))
    return 'too-many-rights'
  access.setRights(id, rights)
  return null
}

const NO_KEY = new Uint8Array(0)

function* executeList({ store, access, results, allowance }: AccessTarget, fields: Uint8Array): Work {
  const asked = readAccessList(fields)
  if (typeof asked === 'string') return results.result(asked, 0)
  const one = asked.isOne ? access.find(clientOf(asked.principal)) : null
  if (asked.isOne && one === null) return results.result('no-principal', 0)
  const shown: ListedPrincipal[] = []
  let fieldBytes: number = ACCESS_FIELD_BYTES.list
  let more = false
  for (const principal of one === null ? access.after(asked.principal) : [one]) {
    if (allowance.left <= 0) yield
    const listed = access.listed(principal)
    allowance.left -= RECORD_WORK * (1 + listed.rights.length + listed.actsFor.length)
    more = fieldBytes + principalBytes(listed) > FIELDS_BYTES_MAX
    if (more) break
    fieldBytes += principalBytes(listed)
    shown.push(listed)
  }
  if (!results.fits(fieldBytes)) return results.result('result-budget', 0)
  results.result('ok', fieldBytes)
  results.u64(store.revision)
  results.u8(access.isOn ? 1 : 0)
  results.u8(more ? 1 : 0)
  results.u32(shown.length)
  for (const principal of shown) writeListed(results, principal)
}

function writeListed(results: ResultsWriter, listed: ListedPrincipal): void {
  const { principal, name, isAdministrator, isFounder, rights, actsFor } = listed
  const bytes = (source: Uint8Array): void =>
    results.bytes(source.length, (target, at) => target.set(source, at))
  bytes(principal)
  results.u8(
    (isAdministrator ? PRINCIPAL_OPTIONS.administrator : 0) | (isFounder ? PRINCIPAL_OPTIONS.founder : 0),
  )
  results.u8(name.length)
  bytes(name)
  results.u16(rights.length)
  for (const { permissions, from, to } of rights) {
    results.u8(permissions)
    results.u16(from.length)
    bytes(from)
    results.u16(to?.length ?? 0)
    if (to !== null) bytes(to)
  }
  results.u16(actsFor.length)
  for (const other of actsFor) bytes(other)
}
