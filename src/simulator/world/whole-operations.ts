/**
 * Draws operations of every kind that the store has: leases, transactions within each other, ranges, reads of old
 * revisions, compaction. It remembers what its client was told, and draws around it: revisions that were seen, leases that
 * were granted, and now and then some that never were.
 */
import { utf8 } from '../../base/bytes.ts'
import type { Random } from '../../base/random.ts'
import { WHOLE_REVISION } from '../../store/changes-operation.ts'
import type { KeyRange } from '../../store/key-range.ts'
import type { Operation, OperationOptions } from '../../store/operations-writer.ts'
import { SORT_ORDERS, SORT_TARGETS, type SortOrder, type SortTarget } from '../../store/range.ts'
import type { Result } from '../../store/results.ts'
import { COMPARE_RELATIONS, COMPARE_TARGETS, type CompareRelation } from '../../store/transaction.ts'
import type { Compare, TransactionOperation } from '../../store/transaction-writer.ts'

const ORDERS = Object.keys(SORT_ORDERS) as readonly SortOrder[]
const TARGETS = Object.keys(SORT_TARGETS) as readonly SortTarget[]
const RELATIONS = Object.keys(COMPARE_RELATIONS) as readonly CompareRelation[]
const COMPARED = Object.keys(COMPARE_TARGETS) as readonly Compare['target'][]

/** The leases whose ids clients choose: few, so that clients meet on them. */
const CHOSEN_LEASES = 3
/** Lives in seconds; the shortest is raised to 2. */
const LIVES = [1, 2, 2, 3, 60] as const
/** The revisions by which a read goes back, at most. */
const BACK_MAX = 12
/** The depth of transactions in each other. */
const DEPTH_MAX = 2
const MEMBERS_MAX = 4
const EVERY_KEY = utf8('\0')

export interface DrawnKeys {
  key(): Uint8Array
  /** A value that nobody else writes. */
  value(): Uint8Array
  /** The revision that a put or delete of the key asks for. */
  condition(key: Uint8Array): Pick<OperationOptions, 'ifRevision'>
}

export class WholeOperations {
  readonly #random: Random
  readonly #keys: DrawnKeys
  /** The highest revision that the client was shown. */
  #revision = 1
  readonly #leases: bigint[] = []

  constructor(random: Random, keys: DrawnKeys) {
    this.#random = random
    this.#keys = keys
  }

  /** Takes in what an operation gave. */
  learn(result: Result): void {
    if ('revision' in result) this.#revision = Math.max(this.#revision, result.revision)
    if (result.status !== 'ok' || result.kind !== 'lease-grant') return
    this.#leases.push(result.id)
    if (this.#leases.length > CHOSEN_LEASES) this.#leases.shift()
  }

  draw(): Operation {
    const kind = this.#random.below(24)
    if (kind < 6) return this.#lease()
    if (kind < 10) return this.#transaction(DEPTH_MAX)
    if (kind < 11) return { kind: 'compact', revision: this.#past() }
    if (kind < 15) return this.read()
    return this.#member()
  }

  /** Draws what may be answered without ordering. */
  read(): Operation {
    const kind = this.#random.below(8)
    if (kind < 3) return this.#range()
    if (kind < 5) return this.#changes()
    return { kind: 'get', key: this.#keys.key() }
  }

  /** Draws an operation that may stand in a transaction as well as alone. */
  #member(): Operation {
    const random = this.#random
    const key = this.#keys.key()
    const kind = random.below(10)
    if (kind < 3) return { kind: 'put', key, value: this.#keys.value(), ...this.#attached() }
    if (kind < 6) return this.#putWithOptions(key)
    if (kind < 7) return { kind: 'get', key }
    if (kind < 8) return { kind: 'delete', key }
    if (kind < 9) return this.#range()
    return { kind: 'delete-range', ...this.#keyRange(), previous: random.chance(0.5) }
  }

  #putWithOptions(key: Uint8Array): Operation {
    const random = this.#random
    const keepValue = random.chance(0.4)
    const keepLease = random.chance(0.4)
    const value = keepValue && random.chance(0.95) ? new Uint8Array(0) : this.#keys.value()
    const lease = keepLease && random.chance(0.95) ? {} : this.#attached()
    const options = { keepValue, keepLease, previous: random.chance(0.5) }
    return { kind: 'put-with-options', key, value, ...lease, ...options }
  }

  #attached(): Pick<OperationOptions, 'lease'> {
    return this.#random.chance(0.4) ? { lease: this.#leaseId() } : {}
  }

  /** Mostly one that runs or ran, of this client or of all. */
  #leaseId(): bigint {
    const random = this.#random
    const [first] = this.#leases
    if (first !== undefined && random.chance(0.5)) return random.pick(this.#leases)
    return BigInt(random.between(1, CHOSEN_LEASES))
  }

  #lease(): Operation {
    const random = this.#random
    const kind = random.below(12)
    const id = this.#leaseId()
    if (kind < 5) return { kind: 'lease-grant', id: random.chance(0.4) ? 0n : id, ttl: random.pick(LIVES) }
    if (kind < 8) return { kind: 'lease-keep-alive', id }
    if (kind < 9) return { kind: 'lease-revoke', id }
    if (kind < 11) return { kind: 'lease-time-to-live', id, keys: random.chance(0.7) }
    return { kind: 'leases' }
  }

  #transaction(depth: number): TransactionOperation {
    const random = this.#random
    const compares = Array.from({ length: random.below(3) }, () => this.#compare())
    return { kind: 'transaction', compares, success: this.#members(depth), failure: this.#members(depth) }
  }

  /** A key is rarely written twice: such a transaction is refused whole. */
  #members(depth: number): readonly Operation[] {
    const random = this.#random
    const taken = new Set<string>()
    return Array.from({ length: random.below(MEMBERS_MAX) }, (): Operation => {
      if (depth > 1 && random.chance(0.25)) return this.#transaction(depth - 1)
      const member = this.#member()
      const name = 'key' in member ? String.fromCharCode(...member.key) : ''
      const isWrite = member.kind !== 'range' && member.kind !== 'get'
      // To the end of all keys, a transaction may delete what it has put.
      if (taken.size > 0 && random.chance(0.1))
        return { kind: 'delete-range', key: EVERY_KEY, end: EVERY_KEY }
      if (isWrite && taken.has(name) && random.chance(0.9)) return this.#range()
      if (isWrite) taken.add(name)
      return member
    })
  }

  #compare(): Compare {
    const random = this.#random
    const key = this.#keys.key()
    const range = random.chance(0.2) ? this.#keyRange() : { key, end: new Uint8Array(0) }
    const relation = random.pick(RELATIONS)
    const target = random.pick(COMPARED)
    if (target === 'value') return { ...range, relation, target, value: this.#keys.value() }
    if (target === 'lease')
      return { ...range, relation, target, lease: random.chance(0.5) ? 0n : this.#leaseId() }
    const seen = target === 'mod' ? this.#keys.condition(key).ifRevision : undefined
    const number = target === 'version' || random.chance(0.3) ? random.below(3) : this.#past()
    return { ...range, relation, target, number: seen ?? number }
  }

  #keyRange(): KeyRange {
    const random = this.#random
    const key = this.#keys.key()
    const kind = random.below(8)
    if (kind < 1) return { key: EVERY_KEY, end: EVERY_KEY }
    if (kind < 3) return { key, end: EVERY_KEY }
    if (kind < 6) return { key, end: this.#keys.key() }
    return { key, end: new Uint8Array(0) }
  }

  #range(): Operation {
    const random = this.#random
    const isOrdered = random.chance(0.3)
    const isFiltered = random.chance(0.15)
    return {
      kind: 'range',
      ...this.#keyRange(),
      revision: random.chance(0.5) ? 0 : this.#past(),
      limit: random.chance(0.5) ? 0 : random.below(4),
      order: isOrdered ? random.pick(ORDERS) : 'none',
      target: isOrdered ? random.pick(TARGETS) : 'key',
      keysOnly: random.chance(0.15),
      countOnly: random.chance(0.1),
      minModRevision: isFiltered ? this.#past() : 0,
      maxCreateRevision: isFiltered && random.chance(0.5) ? this.#past() : 0,
    }
  }

  #changes(): Operation {
    const random = this.#random
    return {
      kind: 'changes',
      ...this.#keyRange(),
      after: { main: this.#past(), sub: random.chance(0.8) ? WHOLE_REVISION : random.below(3) },
      limit: random.chance(0.6) ? 0 : random.between(1, 4),
      previous: random.chance(0.5),
    }
  }

  /** Mostly a revision that was there, sometimes one that is not there yet. */
  #past(): number {
    const ahead = this.#random.chance(0.05) ? 3 : 0
    return Math.max(0, this.#revision + ahead - this.#random.below(BACK_MAX))
  }
}
