/** The leases of the model: each with its life and the executed time at which it ends. */
import { compareBytes, toHex } from '../../base/bytes.ts'
import type { ClientId, Milliseconds } from '../../base/ids.ts'
import { leaseIdBytes, readLeaseId } from '../../store/lease-id.ts'
import { readGrant, readLease, readTimeToLive } from '../../store/lease-operations.ts'
import { OPERATION_CODES } from '../../store/operations.ts'
import type { Result } from '../../store/results.ts'
import type { KeysAtRevisions } from './keys-at-revisions.ts'

export const NO_LEASE = new Uint8Array(8)
const EVERY_KEY = { key: Uint8Array.of(0), end: Uint8Array.of(0) }
const TTL_MIN = 2
const TTL_MAX = 9_000_000_000
/** The id before the first that the store chooses. */
const CHOSEN_BASE = 1n << 62n

/** A lease that was granted or kept alive, or that ended with its keys. */
export type LeaseEvent =
  | { readonly kind: 'begun'; readonly id: Uint8Array; readonly ttl: number; readonly endsAt: number }
  | { readonly kind: 'revoked' | 'expired'; readonly id: Uint8Array; readonly keys: readonly Uint8Array[] }

export interface ModelLease {
  readonly id: Uint8Array
  readonly ttl: number
  readonly endsAt: number
}

export class LeaseModel {
  readonly #keys: KeysAtRevisions
  readonly #leases = new Map<string, ModelLease>()
  /** The principals that leases were granted to, where operations were judged. */
  readonly #holders = new Map<string, ClientId>()
  /** The executed time. */
  #time = 0
  #events: LeaseEvent[] = []
  #chosen = 0n

  constructor(keys: KeysAtRevisions) {
    this.#keys = keys
  }

  get nextExpiry(): number | null {
    return this.#leases.size === 0 ? null : Math.min(...this.all.map(({ endsAt }) => endsAt))
  }

  get all(): readonly ModelLease[] {
    return [...this.#leases.values()]
  }

  holderOf(id: Uint8Array): ClientId | null {
    return this.#holders.get(toHex(id)) ?? null
  }

  has(id: Uint8Array): boolean {
    return this.#leases.has(toHex(id))
  }

  get time(): number {
    return this.#time
  }

  /** Returns the events since the last call. */
  takeEvents(): readonly LeaseEvent[] {
    const events = this.#events
    this.#events = []
    return events
  }

  /** Moves the executed time up, and ends leases that are due. */
  advance(time: Milliseconds): void {
    this.#time = Math.max(this.#time, time)
    const due = this.all.filter(({ endsAt }) => endsAt <= this.#time)
    due.sort((a, b) => a.endsAt - b.endsAt || compareBytes(a.id, b.id))
    for (const { id } of due) {
      this.#keys.begin()
      this.#end(id, 'expired')
    }
  }

  /** Executes an operation on leases for a principal, or for nobody if nothing is judged; null for any other. */
  execute(code: number, fields: Uint8Array, principal: ClientId | null): Result | null {
    switch (code) {
      case OPERATION_CODES['lease-grant']:
        return this.#grant(fields, principal)
      case OPERATION_CODES['lease-revoke']:
        return this.#revoke(fields)
      case OPERATION_CODES['lease-keep-alive']:
        return this.#keepAlive(fields)
      case OPERATION_CODES['lease-time-to-live']:
        return this.#timeToLive(fields)
      case OPERATION_CODES.leases:
        return fields.length > 0 ? { status: 'bad-operation' } : this.#list()
      default:
        return null
    }
  }

  #grant(fields: Uint8Array, principal: ClientId | null): Result {
    const asked = readGrant(fields)
    if (asked === null) return { status: 'bad-operation' }
    if (asked.ttl > TTL_MAX) return { status: 'lease-too-long' }
    const isChosen = compareBytes(asked.id, NO_LEASE) === 0
    if (!isChosen && this.has(asked.id)) return { status: 'lease-exists' }
    const id = isChosen ? this.#unusedId() : asked.id.slice()
    const ttl = Math.max(asked.ttl, TTL_MIN)
    this.#begin(id, ttl)
    if (principal !== null) this.#holders.set(toHex(id), principal)
    return { status: 'ok', kind: 'lease-grant', revision: this.#keys.revision, id: readLeaseId(id, 0), ttl }
  }

  #unusedId(): Uint8Array {
    let id: Uint8Array
    do id = leaseIdBytes(CHOSEN_BASE + ++this.#chosen)
    while (this.has(id))
    return id
  }

  #begin(id: Uint8Array, ttl: number): void {
    const endsAt = this.#time + 1_000 * ttl
    this.#leases.set(toHex(id), { id, ttl, endsAt })
    this.#events.push({ kind: 'begun', id, ttl, endsAt })
  }

  #revoke(fields: Uint8Array): Result {
    const id = readLease(fields)
    if (id === null) return { status: 'bad-operation' }
    if (!this.has(id)) return this.#missing()
    const deleted = this.#end(id, 'revoked')
    return { status: 'ok', kind: 'lease-revoke', revision: this.#keys.revision, deleted }
  }

  #keepAlive(fields: Uint8Array): Result {
    const id = readLease(fields)
    if (id === null) return { status: 'bad-operation' }
    const lease = this.#leases.get(toHex(id))
    if (lease === undefined) return this.#missing()
    this.#begin(lease.id, lease.ttl)
    return { status: 'ok', kind: 'lease-keep-alive', revision: this.#keys.revision, ttl: lease.ttl }
  }

  #timeToLive(fields: Uint8Array): Result {
    const asked = readTimeToLive(fields)
    if (asked === null) return { status: 'bad-operation' }
    const lease = this.#leases.get(toHex(asked.id))
    if (lease === undefined) return this.#missing()
    const { ttl, endsAt } = lease
    const keys = asked.keys ? this.keysOf(asked.id).filter((key) => compareBytes(key, asked.after) > 0) : []
    const head = { status: 'ok', kind: 'lease-time-to-live', revision: this.#keys.revision } as const
    return { ...head, leftMs: endsAt - this.#time, ttl, more: false, keys }
  }

  #list(): Result {
    const ids = this.all.map(({ id }) => id).sort(compareBytes)
    const leases = ids.map((id) => readLeaseId(id, 0))
    return { status: 'ok', kind: 'leases', revision: this.#keys.revision, leases }
  }

  /** The keys that are attached to a lease: those whose newest put named it. */
  keysOf(id: Uint8Array): readonly Uint8Array[] {
    const items = this.#keys.within(EVERY_KEY).filter(({ lease }) => compareBytes(lease, id) === 0)
    return items.map(({ key }) => key)
  }

  #end(id: Uint8Array, kind: 'revoked' | 'expired'): number {
    const keys = this.keysOf(id)
    for (const key of keys) this.#keys.delete(key)
    this.#leases.delete(toHex(id))
    this.#holders.delete(toHex(id))
    this.#events.push({ kind, id, keys })
    return keys.length
  }

  #missing(): Result {
    return { status: 'lease-not-found', revision: this.#keys.revision }
  }
}
