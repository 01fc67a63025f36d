/**
 * The smallest application that the protocol can use: sessions by rule 1.8, recovery operations by rule 6.4, and a
 * state that is the hash of all executed batches, so that exactly equal histories have equal roots.
 */
import { concatBytes, toHex, writeU64 } from '../../src/base/bytes.ts'
import type { ClientId, Milliseconds, ReplicaId, Sequence } from '../../src/base/ids.ts'
import type { RequestName, RequestStanding } from '../../src/base/request-standing.ts'
import type { Batch } from '../../src/messages/message.ts'
import type { ExecutedRecovery } from '../../src/pbft/effects.ts'
import type { Executed } from '../../src/pbft/ordering/execution.ts'
import { type ClusterKit, hash } from './cluster-kit.ts'

const FLOOR_DISTANCE = 64
const FIRST_ROOT: Uint8Array = new Uint8Array(32)

/** The root after one more batch. */
export function nextRoot(root: Uint8Array, sequence: number, { digest }: Batch): Uint8Array {
  const number = new Uint8Array(8)
  writeU64(number, 0, sequence)
  return hash(concatBytes(root, number, digest))
}

/** The root after batches 1 to `batches.length`. */
export const rootAfter = (batches: readonly Batch[]): Uint8Array =>
  batches.reduce<Uint8Array>((root, batch, index) => nextRoot(root, index + 1, batch), FIRST_ROOT)

export class FakeApplication {
  root: Uint8Array = FIRST_ROOT
  /** Recovery operations that are refused when executed, because they come too soon. */
  refusesRecoveries = false
  /** The time at which the next lease ends. */
  nextExpiry: Milliseconds | null = null
  /** True if more leases are due than a batch can end. */
  hasBacklog = false
  /** The place at which each (client, timestamp) changed the state, in that order. */
  readonly applied: { readonly operation: string; readonly sequence: Sequence }[]
  readonly #kit: ClusterKit
  readonly #known: Map<string, { readonly digest: string; readonly session: string }>
  readonly #highest: Map<ClientId, number>
  readonly #nonces: Set<string>

  constructor(kit: ClusterKit, from?: FakeApplication) {
    this.#kit = kit
    if (from !== undefined) this.root = from.root
    this.nextExpiry = from?.nextExpiry ?? null
    this.applied = from === undefined ? [] : [...from.applied]
    this.#known = new Map(from === undefined ? [] : from.#known)
    this.#highest = new Map(from === undefined ? [] : from.#highest)
    this.#nonces = new Set(from === undefined ? [] : from.#nonces)
  }

  /** Returns an immutable copy of the current state. */
  frozen(): FakeApplication {
    return new FakeApplication(this.#kit, this)
  }

  standing({ client, timestamp, session, digest }: RequestName): RequestStanding {
    if (this.#replicaOf(client) !== null) return this.#nonces.has(toHex(digest)) ? 'executed' : 'new'
    if (!this.#kit.cluster.clients.some(({ id }) => id === client)) return 'unknown-client'
    if (timestamp <= (this.#highest.get(client) ?? 0) - FLOOR_DISTANCE) return 'stale'
    const known = this.#known.get(`${client}:${timestamp}`)
    if (known === undefined) return 'new'
    if (known.session !== toHex(session)) return 'another-session'
    return known.digest === toHex(digest) ? 'executed' : 'timestamp-reused'
  }

  execute(sequence: Sequence, batch: Batch): Pick<Executed, 'recoveries' | 'newBytes' | 'nextExpiry'> {
    this.root = nextRoot(this.root, sequence, batch)
    const recoveries: ExecutedRecovery[] = []
    let newBytes = 0
    for (const request of batch.requests) {
      const { client, session, timestamp, digest, operations } = request
      if (this.standing(request) !== 'new') continue
      newBytes += operations.length
      const replica = this.#replicaOf(client)
      if (replica === null) {
        this.applied.push({ operation: `${client}:${timestamp}`, sequence })
        this.#known.set(`${client}:${timestamp}`, { digest: toHex(digest), session: toHex(session) })
        this.#highest.set(client, Math.max(this.#highest.get(client) ?? 0, timestamp))
      } else {
        this.#nonces.add(toHex(digest))
        recoveries.push({ replica, requestDigest: digest, isAccepted: !this.refusesRecoveries })
      }
    }
    // Leases that expire by the time of a batch are gone after it.
    if (this.nextExpiry !== null && this.nextExpiry <= batch.time) this.nextExpiry = null
    const nextExpiry = this.hasBacklog ? (0 as Milliseconds) : this.nextExpiry
    return { recoveries, newBytes, nextExpiry }
  }

  #replicaOf(client: ClientId): ReplicaId | null {
    const id = this.#kit.replicaClients.indexOf(client)
    return id < 0 ? null : (id as ReplicaId)
  }
}
