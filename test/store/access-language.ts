/** A store with an administrator and others, in the words of the tests of access. */
import { fromHex, utf8 } from '../../src/base/bytes.ts'
import type { ClientId } from '../../src/base/ids.ts'
import { PERMISSIONS } from '../../src/store/key-intervals.ts'
import { type KeyRange, keysWithPrefix } from '../../src/store/key-range.ts'
import { encodeOperations, type Operation } from '../../src/store/operations-writer.ts'
import type { Result } from '../../src/store/results.ts'
import { alice, bob, Driver, read, request, stranger } from './harness.ts'

export const admin = 'ad'.repeat(32) as ClientId
export const keyOf = (id: ClientId): Uint8Array => fromHex(id) as Uint8Array
export const founders = [{ id: admin, name: utf8('admin') }]
export { alice, bob, stranger }

export const prefix = (text: string): KeyRange => keysWithPrefix(utf8(text))

export const principal = (id: ClientId, name: string, administrator = false): Operation => ({
  kind: 'access-principal',
  principal: keyOf(id),
  name: utf8(name),
  administrator,
})

export const access = {
  on: { kind: 'access-switch', on: true },
  off: { kind: 'access-switch', on: false },
  list: { kind: 'access-list' },
} satisfies Record<string, Operation>

const change =
  (kind: 'access-grant' | 'access-revoke') =>
  (id: ClientId, what: 'read' | 'write', range: KeyRange): Operation => ({
    kind,
    principal: keyOf(id),
    granted: { permissions: PERMISSIONS[what], range },
  })
export const grant = change('access-grant')
export const revoke = change('access-revoke')

export const letActFor = (id: ClientId, other: ClientId): Operation => ({
  kind: 'access-grant',
  principal: keyOf(id),
  granted: { permissions: 0, actFor: keyOf(other) },
})

/** A store with an administrator, in which alice and bob are clients. */
export class Guarded {
  readonly driver = new Driver({ clients: [admin, alice, bob], administrators: founders })
  readonly #timestamps = new Map<ClientId, number>()

  /** Executes operations as a client's next request. */
  as(client: ClientId, ...operations: readonly Operation[]): readonly Result[] {
    const timestamp = (this.#timestamps.get(client) ?? 0) + 1
    this.#timestamps.set(client, timestamp)
    const [outcome] = this.driver.batch([request(client, timestamp, encodeOperations(operations))])
    if (!outcome?.results) throw new Error('a fresh request was not executed')
    return read(operations, outcome.results)
  }

  /** The statuses of operations of a client. */
  statuses(client: ClientId, ...operations: readonly Operation[]): readonly string[] {
    return this.as(client, ...operations).map(({ status }) => status)
  }

  /** Executes operations of the administrator, which must succeed. */
  administer(...operations: readonly Operation[]): void {
    const refused = this.statuses(admin, ...operations).filter((status) => status !== 'ok')
    if (refused.length > 0) throw new Error(`the administrator was answered ${refused.join()}`)
  }
}
