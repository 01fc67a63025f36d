/**
 * The records of principals and their rights, in the tree. Big-endian.
 *
 *   00 00                              on u8; there in a store with administrators only
 *   00 01 | principal 32               options u8 (1 administrator, 2 named in the cluster file) | name
 *   00 02 | name                       principal 32
 *   00 03 | principal 32 | from        permissions u8 | to (empty: all keys from there on); see `key-intervals.ts`
 *   00 04 | principal 32 | other 32    the principal may act for the other; no value
 *   00 05 | lease 8                    the principal that the lease was granted to
 *
 * What operations are judged by is also kept in memory, as it was read from the tree.
 */
import { compareBytes, concatBytes } from '../base/bytes.ts'
import type { ClientId } from '../base/ids.ts'
import type { Tree } from '../tree/tree.ts'
import { type ListedPrincipal, PRINCIPAL_OPTIONS } from './access-results.ts'
import type { Right } from './key-intervals.ts'
import { CLIENT_KEY_BYTES, clientOf, publicKeyOf, SECTIONS } from './state-keys.ts'

const PARTS = { settings: 0, principal: 1, name: 2, right: 3, acting: 4, lease: 5 } as const

const SETTINGS_KEY = Uint8Array.of(SECTIONS.access, PARTS.settings)
const NO_VALUE = new Uint8Array(0)
/** The number of principals whose records are kept in memory. */
const REMEMBERED_MAX = 1_024
/** The bytes before a principal's key, and before what follows it. */
const PART_BYTES = 2
const PRINCIPAL_KEY_BYTES = PART_BYTES + CLIENT_KEY_BYTES

const place = (part: number, ...rest: readonly Uint8Array[]): Uint8Array =>
  concatBytes(Uint8Array.of(SECTIONS.access, part), ...rest)

/** An administrator that the cluster file names. */
export interface Founder {
  readonly id: ClientId
  readonly name: Uint8Array
}

/** A principal of whom something is remembered. */
export interface Principal {
  readonly key: Uint8Array
  readonly name: Uint8Array
  readonly isAdministrator: boolean
  readonly isFounder: boolean
}

export class AccessRecords {
  readonly #tree: Tree
  readonly #principals = new Map<ClientId, Principal | null>()
  readonly #rights = new Map<ClientId, readonly Right[]>()
  #isThere = false
  #isOn = false

  constructor(tree: Tree) {
    this.#tree = tree
  }

  /** Writes the administrators of the initial state. Without any, there are no principals, and never will be. */
  begin(administrators: readonly Founder[]): void {
    if (administrators.length > 0) this.#tree.set(SETTINGS_KEY, Uint8Array.of(0))
    this.restore()
    for (const { id, name } of administrators) {
      this.set({ key: publicKeyOf(id), name, isAdministrator: true, isFounder: true })
    }
  }

  /** Continues from the current contents of the tree. */
  restore(): void {
    const settings = this.#tree.get(SETTINGS_KEY)
    this.#isThere = settings !== null
    this.#isOn = settings?.[0] === 1
    this.#principals.clear()
    this.#rights.clear()
  }

  /** True in a store that has administrators. */
  get isThere(): boolean {
    return this.#isThere
  }

  /** True if operations are judged. */
  get isOn(): boolean {
    return this.#isOn
  }

  switch(isOn: boolean): void {
    this.#tree.set(SETTINGS_KEY, Uint8Array.of(isOn ? 1 : 0))
    this.#isOn = isOn
  }

  get principalCount(): number {
    return this.#tree.count(Uint8Array.of(SECTIONS.access, PARTS.principal))
  }

  /** The number of all intervals of all principals. */
  get rightCount(): number {
    return this.#tree.count(Uint8Array.of(SECTIONS.access, PARTS.right))
  }

  /** Returns the principal with this key; null if there is none. */
  find(id: ClientId): Principal | null {
    const known = this.#principals.get(id)
    if (known !== undefined) return known
    const key = publicKeyOf(id)
    const record = this.#tree.get(place(PARTS.principal, key))
    const principal = record === null ? null : principalOf(key, record)
    if (this.#principals.size >= REMEMBERED_MAX) this.#principals.clear()
    this.#principals.set(id, principal)
    return principal
  }

  /** Returns the principal that has a name; null if there is none. */
  named(name: Uint8Array): ClientId | null {
    const key = this.#tree.get(place(PARTS.name, name))
    return key === null ? null : clientOf(key)
  }

  /** Creates a principal, or gives one another name and other options. Nobody else has the name. */
  set(principal: Principal): void {
    const id = clientOf(principal.key)
    const before = this.find(id)
    if (before !== null) this.#tree.remove(place(PARTS.name, before.name))
    const { key, name, isAdministrator, isFounder } = principal
    const options =
      (isAdministrator ? PRINCIPAL_OPTIONS.administrator : 0) | (isFounder ? PRINCIPAL_OPTIONS.founder : 0)
    this.#tree.set(place(PARTS.principal, key), concatBytes(Uint8Array.of(options), name))
    this.#tree.set(place(PARTS.name, name), key)
    this.#principals.delete(id)
  }

  /** Removes a principal with all its rights. */
  remove({ key, name }: Principal): void {
    const id = clientOf(key)
    this.setRights(id, [])
    for (const other of this.actsFor(id)) this.#tree.remove(place(PARTS.acting, key, other))
    this.#tree.remove(place(PARTS.name, name))
    this.#tree.remove(place(PARTS.principal, key))
    this.#principals.delete(id)
  }

  /** Returns the rights of a principal. */
  rights(id: ClientId): readonly Right[] {
    const known = this.#rights.get(id)
    if (known !== undefined) return known
    const rights: Right[] = []
    const prefix = place(PARTS.right, publicKeyOf(id))
    const cursor = this.#tree.cursor(prefix)
    for (; !cursor.isAtEnd && cursor.startsWith(prefix); cursor.next()) {
      const { value } = cursor
      rights.push({
        from: cursor.key.slice(PRINCIPAL_KEY_BYTES),
        to: value.length > 1 ? value.slice(1) : null,
        permissions: value[0] as number,
      })
    }
    if (this.#rights.size >= REMEMBERED_MAX) this.#rights.clear()
    this.#rights.set(id, rights)
    return rights
  }

  setRights(id: ClientId, rights: readonly Right[]): void {
    const key = publicKeyOf(id)
    for (const { from } of this.rights(id)) this.#tree.remove(place(PARTS.right, key, from))
    for (const { from, to, permissions } of rights) {
      const value = concatBytes(Uint8Array.of(permissions), to ?? NO_VALUE)
      this.#tree.set(place(PARTS.right, key, from), value)
    }
    this.#rights.delete(id)
  }

  /** Returns the principals that one may act for, in the order of their keys. */
  actsFor(id: ClientId): readonly Uint8Array[] {
    const others: Uint8Array[] = []
    const prefix = place(PARTS.acting, publicKeyOf(id))
    const cursor = this.#tree.cursor(prefix)
    for (; !cursor.isAtEnd && cursor.startsWith(prefix); cursor.next())
      others.push(cursor.key.slice(PRINCIPAL_KEY_BYTES))
    return others
  }

  mayActFor(id: ClientId, other: Uint8Array): boolean {
    return this.#tree.get(place(PARTS.acting, publicKeyOf(id), other)) !== null
  }

  /** Lets a principal act for another one, or not any more. */
  setActing(id: ClientId, other: Uint8Array, may: boolean): void {
    const key = place(PARTS.acting, publicKeyOf(id), other)
    if (may) this.#tree.set(key, NO_VALUE)
    else this.#tree.remove(key)
  }

  /** Yields the principals after a key, in the order of their keys, while the tree does not change. */
  *after(key: Uint8Array): Generator<Principal> {
    const prefix = Uint8Array.of(SECTIONS.access, PARTS.principal)
    const cursor = this.#tree.cursor(place(PARTS.principal, key))
    for (; !cursor.isAtEnd && cursor.startsWith(prefix); cursor.next()) {
      const found = cursor.key.slice(PART_BYTES)
      if (compareBytes(found, key) !== 0) yield principalOf(found, cursor.value)
    }
  }

  /** Returns a principal with all its rights. */
  listed(principal: Principal): ListedPrincipal {
    const { key, ...rest } = principal
    const id = clientOf(key)
    return { ...rest, principal: key, rights: this.rights(id), actsFor: this.actsFor(id) }
  }

  /** Returns the principal that a lease was granted to; null if it was granted while nothing was judged. */
  holderOf(lease: Uint8Array): ClientId | null {
    const key = this.#tree.get(place(PARTS.lease, lease))
    return key === null ? null : clientOf(key)
  }

  setHolder(lease: Uint8Array, id: ClientId): void {
    this.#tree.set(place(PARTS.lease, lease), publicKeyOf(id))
  }

  /** Forgets a lease that ends. */
  forgetLease(lease: Uint8Array): void {
    if (this.#isThere) this.#tree.remove(place(PARTS.lease, lease))
  }
}

function principalOf(key: Uint8Array, record: Uint8Array): Principal {
  const options = record[0] as number
  return {
    key,
    name: record.slice(1),
    isAdministrator: (options & PRINCIPAL_OPTIONS.administrator) !== 0,
    isFounder: (options & PRINCIPAL_OPTIONS.founder) !== 0,
  }
}
