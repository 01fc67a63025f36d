/** Principals and their rights, for an administrator: the operations go straight to the replicas, signed with its key. */
import { utf8 } from '../../src/base/bytes.ts'
import type { ListedPrincipal } from '../../src/store/access-results.ts'
import { PERMISSIONS } from '../../src/store/key-intervals.ts'
import { ACT_AS_BYTES } from '../../src/store/operations.ts'
import type { Operation } from '../../src/store/operations-writer.ts'
import type { Result } from '../../src/store/results.ts'
import type { Bytes } from './entry.ts'
import { keysOf, type Range } from './key-selection.ts'
import { errorOfResult } from './result-errors.ts'
import { BadRequestError } from './store-errors.ts'

export type Permission = keyof typeof PERMISSIONS

/** An interval of keys with what a principal may do there. */
export interface AccessRight {
  readonly permissions: readonly Permission[]
  readonly from: Uint8Array
  /** The first key behind it; null if it goes to the end of all keys. */
  readonly to: Uint8Array | null
}

export interface AccessPrincipal {
  readonly key: Uint8Array
  readonly name: string
  readonly administrator: boolean
  /** True if the cluster file names it as an administrator, which nothing changes. */
  readonly founder: boolean
  readonly rights: readonly AccessRight[]
  /** The keys of the principals that it may act for. */
  readonly actsFor: readonly Uint8Array[]
}

export interface AccessState {
  /** True if every operation is judged. */
  readonly on: boolean
  readonly principals: readonly AccessPrincipal[]
}

type Execute = (operation: Operation, signal: AbortSignal | null) => Promise<Result>

export class Access {
  readonly #execute: Execute

  constructor(execute: Execute) {
    this.#execute = execute
  }

  /** Has every operation judged from now on, or none. */
  async switch(on: boolean): Promise<void> {
    await this.#change({ kind: 'access-switch', on })
  }

  /** Creates a principal, or gives one another name. */
  async set(
    key: Uint8Array,
    name: string,
    options: { readonly administrator?: boolean } = {},
  ): Promise<void> {
    const { administrator = false } = options
    await this.#change({ kind: 'access-principal', principal: whole(key), name: utf8(name), administrator })
  }

  /** Removes a principal with all its rights. */
  async remove(key: Uint8Array): Promise<void> {
    await this.#change({ kind: 'access-remove', principal: whole(key) })
  }

  /** Lets a principal read or write one key, or a range of keys. */
  async grant(key: Uint8Array, permissions: readonly Permission[], keys: Bytes | Range): Promise<void> {
    await this.#changeRight('access-grant', key, permissions, keys)
  }

  async revoke(key: Uint8Array, permissions: readonly Permission[], keys: Bytes | Range): Promise<void> {
    await this.#changeRight('access-revoke', key, permissions, keys)
  }

  /** Lets a principal, such as a gateway, act for another one; or not any more. */
  async letActFor(key: Uint8Array, other: Uint8Array, may = true): Promise<void> {
    const granted = { permissions: 0, actFor: whole(other) } as const
    await this.#change({ kind: may ? 'access-grant' : 'access-revoke', principal: whole(key), granted })
  }

  /** Returns all principals with their rights. */
  async state(): Promise<AccessState> {
    const principals: AccessPrincipal[] = []
    for (;;) {
      const last = principals.at(-1)
      const after = last === undefined ? {} : { principal: last.key }
      const result = await this.#execute({ kind: 'access-list', ...after }, null)
      if (result.status !== 'ok' || result.kind !== 'access-list') throw errorOfResult(result)
      principals.push(...result.principals.map(shown))
      if (!result.more) return { on: result.on, principals }
    }
  }

  async #changeRight(
    kind: 'access-grant' | 'access-revoke',
    key: Uint8Array,
    names: readonly Permission[],
    keys: Bytes | Range,
  ): Promise<void> {
    const permissions = names.reduce((sum, name) => sum | (PERMISSIONS[name] ?? 0), 0)
    if (permissions === 0) throw new BadRequestError('a right is to read, to write, or both')
    await this.#change({ kind, principal: whole(key), granted: { permissions, range: keysOf(keys) } })
  }

  async #change(operation: Operation): Promise<void> {
    const result = await this.#execute(operation, null)
    if (result.status !== 'ok') throw errorOfResult(result)
  }
}

function whole(key: Uint8Array): Uint8Array {
  if (key.length === ACT_AS_BYTES) return key
  throw new BadRequestError(`the key of a principal is a public key of 32 bytes, and not ${key.length}`)
}

function shown({
  principal,
  name,
  isAdministrator,
  isFounder,
  rights,
  actsFor,
}: ListedPrincipal): AccessPrincipal {
  return {
    key: principal.slice(),
    name: Buffer.from(name).toString(),
    administrator: isAdministrator,
    founder: isFounder,
    rights: rights.map(({ permissions, from, to }) => ({
      permissions: (['read', 'write'] as const).filter((each) => (permissions & PERMISSIONS[each]) !== 0),
      from: from.slice(),
      to: to?.slice() ?? null,
    })),
    actsFor: actsFor.map((each) => each.slice()),
  }
}
