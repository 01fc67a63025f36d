/**
 * The principals and rights of the model. A right is looked up by replaying all grants and revocations in their order,
 * once for each place at which the answer may change. It is slow, and obviously correct.
 */
import { compareBytes, concatBytes, fromHex, toHex } from '../../base/bytes.ts'
import type { ClientId } from '../../base/ids.ts'
import {
  readAccessGrant,
  readAccessList,
  readPrincipal,
  readRemoval,
  readSwitch,
} from '../../store/access-operations.ts'
import type { Founder } from '../../store/access-records.ts'
import type { AccessChangeResult, ListedPrincipal } from '../../store/access-results.ts'
import type { Right } from '../../store/key-intervals.ts'
import { includes, isOneKey, isOpenEnded, type KeyRange } from '../../store/key-range.ts'
import { OPERATION_CODES } from '../../store/operations.ts'
import type { Result } from '../../store/results.ts'
import type { KeysAtRevisions } from './keys-at-revisions.ts'

interface Event {
  readonly range: KeyRange
  readonly permissions: number
  readonly isGrant: boolean
}

interface ModelPrincipal {
  readonly isFounder: boolean
  isAdministrator: boolean
  name: Uint8Array
  readonly events: Event[]
  readonly actsFor: Set<ClientId>
}

export class AccessModel {
  readonly #keys: KeysAtRevisions
  readonly #principals = new Map<ClientId, ModelPrincipal>()
  /** True in a store with administrators. */
  readonly isThere: boolean
  isOn = false

  constructor(keys: KeysAtRevisions, founders: readonly Founder[]) {
    this.#keys = keys
    this.isThere = founders.length > 0
    const rights = () => ({ events: [], actsFor: new Set<ClientId>() })
    for (const { id, name } of founders)
      this.#principals.set(id, { isFounder: true, isAdministrator: true, name, ...rights() })
  }

  /** Returns the principal for whom a client acts; null if it may not. */
  principalOf(client: ClientId, actAs: ClientId | null): ClientId | null {
    const sender = this.#principals.get(client)
    if (sender === undefined) return null
    if (actAs === null || actAs === client) return client
    const may = sender.isAdministrator || sender.actsFor.has(actAs)
    return may && this.#principals.has(actAs) ? actAs : null
  }

  isAdministrator(id: ClientId): boolean {
    return this.#principals.get(id)?.isAdministrator === true
  }

  /** True if a principal has this permission for every key of a range. */
  covers(id: ClientId, range: KeyRange, permission: number): boolean {
    const events = this.#principals.get(id)?.events ?? []
    const places = [range.key, ...events.flatMap(bordersOf)].filter((place) => includes(range, place))
    return places.every((place) => (permissionsAt(events, place) & permission) !== 0)
  }

  /** Executes an operation on access that is permitted; null for any other. */
  execute(code: number, fields: Uint8Array): Result | null {
    const done = (kind: AccessChangeResult['kind']): Result => ({
      status: 'ok',
      kind,
      revision: ++this.#keys.revision,
    })
    switch (code) {
      case OPERATION_CODES['access-switch']: {
        const isOn = readSwitch(fields)
        if (typeof isOn === 'string') return { status: isOn }
        this.isOn = isOn
        return done('access-switch')
      }
      case OPERATION_CODES['access-principal']:
        return this.#set(fields) ?? done('access-principal')
      case OPERATION_CODES['access-remove']:
        return this.#remove(fields) ?? done('access-remove')
      case OPERATION_CODES['access-grant']:
        return this.#change(fields, true) ?? done('access-grant')
      case OPERATION_CODES['access-revoke']:
        return this.#change(fields, false) ?? done('access-revoke')
      case OPERATION_CODES['access-list']:
        return this.#list(fields)
      default:
        return null
    }
  }

  #set(fields: Uint8Array): Result | null {
    const asked = readPrincipal(fields)
    if (typeof asked === 'string') return { status: asked }
    const id = idOf(asked.principal)
    const name = asked.name.slice()
    for (const [other, principal] of this.#principals)
      if (other !== id && compareBytes(principal.name, name) === 0) return { status: 'name-taken' }
    const { isAdministrator } = asked
    const before = this.#principals.get(id)
    if (before?.isFounder && !isAdministrator) return { status: 'denied' }
    if (before === undefined) {
      this.#principals.set(id, { isFounder: false, isAdministrator, name, events: [], actsFor: new Set() })
    } else Object.assign(before, { isAdministrator, name })
    return null
  }

  #remove(fields: Uint8Array): Result | null {
    const key = readRemoval(fields)
    if (typeof key === 'string') return { status: key }
    const id = idOf(key)
    const principal = this.#principals.get(id)
    if (principal === undefined) return { status: 'no-principal' }
    if (principal.isFounder) return { status: 'denied' }
    this.#principals.delete(id)
    for (const { actsFor } of this.#principals.values()) actsFor.delete(id)
    return null
  }

  #change(fields: Uint8Array, isGrant: boolean): Result | null {
    const asked = readAccessGrant(fields)
    if (typeof asked === 'string') return { status: asked }
    const principal = this.#principals.get(idOf(asked.principal))
    if (principal === undefined) return { status: 'no-principal' }
    const { granted } = asked
    if (!('actFor' in granted)) {
      const { permissions, range } = granted
      const copy = { key: range.key.slice(), end: range.end.slice() }
      principal.events.push({ range: copy, permissions, isGrant })
      return null
    }
    const other = idOf(granted.actFor)
    if (!this.#principals.has(other)) return { status: 'no-principal' }
    if (isGrant) principal.actsFor.add(other)
    else principal.actsFor.delete(other)
    return null
  }

  #list(fields: Uint8Array): Result {
    const asked = readAccessList(fields)
    if (typeof asked === 'string') return { status: asked }
    const id = idOf(asked.principal)
    if (asked.isOne && !this.#principals.has(id)) return { status: 'no-principal' }
    const ids = [...this.#principals.keys()].sort()
    const shown = ids.filter((each) => (asked.isOne ? each === id : each > id))
    const { revision } = this.#keys
    const principals = shown.map((each) => this.#listed(each))
    return { status: 'ok', kind: 'access-list', revision, on: this.isOn, more: false, principals }
  }

  #listed(id: ClientId): ListedPrincipal {
    const { name, isAdministrator, isFounder, events, actsFor } = this.#principals.get(id) as ModelPrincipal
    return {
      principal: fromHex(id) as Uint8Array,
      name,
      isAdministrator,
      isFounder,
      rights: rightsOf(events),
      actsFor: [...actsFor].sort().map((other) => fromHex(other) as Uint8Array),
    }
  }
}

/** Returns the keys at which a right may begin or end. */
function bordersOf({ range }: Event): readonly Uint8Array[] {
  if (isOneKey(range)) return [range.key, concatBytes(range.key, new Uint8Array(1))]
  return isOpenEnded(range) ? [range.key] : [range.key, range.end]
}

function permissionsAt(events: readonly Event[], key: Uint8Array): number {
  let at = 0
  for (const { range, permissions, isGrant } of events) {
    if (includes(range, key)) at = isGrant ? at | permissions : at & ~permissions
  }
  return at
}

function rightsOf(events: readonly Event[]): readonly Right[] {
  const borders = events.flatMap(bordersOf).sort(compareBytes)
  const rights: Right[] = []
  for (const border of borders) {
    const permissions = permissionsAt(events, border)
    const last = rights.at(-1)
    if (last?.to === null && last.permissions === permissions) continue
    if (last?.to === null) rights[rights.length - 1] = { ...last, to: border }
    if (permissions !== 0) rights.push({ from: border, to: null, permissions })
  }
  return rights
}

const idOf = (key: Uint8Array): ClientId => toHex(key) as ClientId
