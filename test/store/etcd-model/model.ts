/**
 * etcd's data model, as simply as it can be said: the revisions in a list, each with its changes; the pairs of a revision are
 * found by going through the list. Slow, and meant to be right at a glance. Numbers in comments are those of README.md.
 */
import { compareBytes, toHex } from '../../../src/base/bytes.ts'
import { Refused } from './refused.ts'
import type {
  Answer,
  Compare,
  DataModel,
  DeleteRange,
  DeleteRangeAnswer,
  KeyRange,
  Operation,
  OperationAnswer,
  Pair,
  Put,
  PutAnswer,
  Range,
  RangeAnswer,
  Request,
  SortTarget,
  Txn,
  TxnAnswer,
} from './requests.ts'
import { checkRequest } from './static-checks.ts'

/** A put, or with `pair` null a deletion. */
interface Change {
  readonly key: Uint8Array
  readonly pair: Pair | null
}

interface Lease {
  readonly id: bigint
  readonly ttl: number
  endsAt: number
}

/** A transaction with the outcomes of all compares in it: they are evaluated before anything is written. */
interface Decided {
  readonly succeeded: boolean
  readonly operations: readonly (Exclude<Operation, Txn> | Decided)[]
}

/** (21) With etcd's default election timeout of 1 s. */
const LEASE_TTL_MIN = 2
const LEASE_TTL_MAX = 9_000_000_000
const NO_BYTES = new Uint8Array(0)

export class EtcdModel implements DataModel {
  /** (1) That of an empty store. */
  #revision = 1
  /** (10) Reads below it are refused. Nothing is compacted at first, so that (10a) compacting at 0 is possible once. */
  #compacted = -1
  /** The pairs at the compacted revision; the list begins behind it. */
  #base = new Map<string, Pair>()
  #revisions: { readonly revision: number; readonly changes: readonly Change[] }[] = []
  /** The changes of the request that is being applied: one revision, if there are any. */
  #pending: Change[] = []
  #leases = new Map<bigint, Lease>()
  /** The last id that the model has chosen for a lease. */
  #chosen = 7_000_000_000n
  /** Seconds. */
  #now = 0

  apply(request: Request): Answer {
    try {
      checkRequest(request)
      const answer = this.#apply(request)
      this.#commit()
      return answer
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      this.#pending = []
      return error.refusal
    }
  }

  #apply(request: Request): Answer {
    switch (request.kind) {
      case 'put':
        // (13a) A lone put looks for its lease first, a put in a transaction for its key.
        this.#checkLease(request)
        return this.#put(request)
      case 'range':
        return this.#range(request)
      case 'deleteRange':
        return this.#deleteRange(request)
      case 'txn':
        return this.#txn(request)
      case 'compact':
        return this.#compact(request.revision)
      case 'leaseGrant':
        return this.#leaseGrant(request.id, request.ttl)
      case 'leaseRevoke':
        return this.#leaseRevoke(request.id)
      case 'leaseKeepAlive':
        return this.#leaseKeepAlive(request.id)
      case 'leaseTimeToLive':
        return this.#leaseTimeToLive(request.id, request.keys === true)
      case 'leaseLeases': {
        const leases = [...this.#leases.keys()].sort((a, b) => (a < b ? -1 : 1))
        return { kind: 'leaseLeases', revision: this.#revision, leases }
      }
      case 'tick':
        return this.#tick(request.seconds)
    }
  }

  /** (2) What changes something takes one revision, however much it changes; what changes nothing takes none. */
  #commit(): void {
    if (this.#pending.length === 0) return
    this.#revisions.push({ revision: ++this.#revision, changes: this.#pending })
    this.#pending = []
  }

  /** The revision of a header: with the changes of this request. */
  #headerRevision(): number {
    return this.#revision + (this.#pending.length > 0 ? 1 : 0)
  }

  // Pairs.

  /** The pairs of the range as they were at a revision, or are now with the changes of this request; in the order of keys. */
  #pairs(range: KeyRange, revision = this.#revision + 1): readonly Pair[] {
    const pairs = new Map(this.#base)
    const newest = { revision: this.#revision + 1, changes: this.#pending }
    for (const { revision: at, changes } of [...this.#revisions, newest]) {
      if (at > revision) break
      for (const { key, pair } of changes) {
        if (pair === null) pairs.delete(toHex(key))
        else pairs.set(toHex(key), pair)
      }
    }
    return [...pairs.values()]
      .filter(({ key }) => isWithin(key, range))
      .sort((a, b) => compareBytes(a.key, b.key))
  }

  #checkLease({ lease = 0n }: Put): void {
    // (13)
    if (lease !== 0n && !this.#leases.has(lease)) throw new Refused('leaseNotFound')
  }

  #put({ key, value = NO_BYTES, lease = 0n, prevKv, ignoreValue, ignoreLease }: Put): PutAnswer {
    const [before] = this.#pairs({ key })
    // (13)
    if ((ignoreValue === true || ignoreLease === true) && before === undefined) {
      throw new Refused('keyNotFound')
    }
    const modRevision = this.#revision + 1
    const pair: Pair = {
      key,
      // (4) A deletion begins anew.
      createRevision: before?.createRevision ?? modRevision,
      modRevision,
      version: (before?.version ?? 0) + 1,
      value: ignoreValue === true && before !== undefined ? before.value : value,
      // (14) Without a lease it is detached.
      lease: ignoreLease === true && before !== undefined ? before.lease : lease,
    }
    this.#pending.push({ key, pair })
    // (20)
    return { kind: 'put', revision: modRevision, prevKv: prevKv === true ? (before ?? null) : null }
  }

  #deleteRange(request: DeleteRange): DeleteRangeAnswer {
    const pairs = this.#pairs(request)
    for (const { key } of pairs) this.#pending.push({ key, pair: null })
    const prevKvs = request.prevKv === true ? pairs : []
    return { kind: 'deleteRange', revision: this.#headerRevision(), deleted: pairs.length, prevKvs }
  }

  #range(range: Range): RangeAnswer {
    const { revision = 0, limit = 0, sortOrder = 'none', sortTarget = 'key' } = range
    // (10) A negative revision is the newest.
    if (revision > this.#headerRevision()) throw new Refused('futureRevision')
    if (revision > 0 && revision < this.#compacted) throw new Refused('compacted')
    const all = this.#pairs(range, revision > 0 ? revision : undefined)
    // (2) The present revision, also where an older one is read.
    const header = { kind: 'range', revision: this.#headerRevision(), count: all.length } as const
    // (9)
    if (range.countOnly === true) return { ...header, kvs: [], more: false }

    const hasFilter = FILTERS.some((name) => (range[name] ?? 0) !== 0)
    let kvs = [...all]
    // (7a) Without an order and a filter the limit comes first, also where a sort target is given: then this part is sorted.
    if (limit > 0 && sortOrder === 'none' && !hasFilter) kvs = kvs.slice(0, limit + 1)
    kvs = kvs.filter((pair) => isUnfiltered(pair, range))
    // (8)
    if (sortOrder !== 'none' || sortTarget !== 'key') {
      const sign = sortOrder === 'descend' ? -1 : 1
      kvs.sort((a, b) => sign * compareBy(sortTarget, a, b))
    }
    // (7)
    const more = limit > 0 && kvs.length > limit
    if (more) kvs = kvs.slice(0, limit)
    if (range.keysOnly === true) kvs = kvs.map((pair) => ({ ...pair, value: NO_BYTES }))
    return { ...header, kvs, more }
  }

  // Transactions.

  #txn(txn: Txn): TxnAnswer {
    const decided = this.#decide(txn)
    // (19) All puts of what is taken are checked, then all ranges, then it begins.
    const taken = operationsOf(decided)
    for (const operation of taken) if (operation.kind === 'put') this.#checkPutInTxn(operation)
    for (const operation of taken) if (operation.kind === 'range') this.#checkRangeInTxn(operation)
    return { ...this.#run(decided), revision: this.#headerRevision() }
  }

  /** (17) */
  #decide({ compare = [], success = [], failure = [] }: Txn): Decided {
    const succeeded = compare.every((each) => this.#holds(each))
    const operations = (succeeded ? success : failure).map((each) =>
      each.kind === 'txn' ? this.#decide(each) : each,
    )
    return { succeeded, operations }
  }

  /** (18) */
  #holds(compare: Compare): boolean {
    const pairs = this.#pairs(compare)
    if (pairs.length > 0) return pairs.every((pair) => isAsCompared(pair, compare))
    return compare.target !== 'value' && isAsCompared(MISSING, compare)
  }

  #checkPutInTxn(put: Put): void {
    const isMissing = this.#pairs({ key: put.key }).length === 0
    if ((put.ignoreValue === true || put.ignoreLease === true) && isMissing) throw new Refused('keyNotFound')
    this.#checkLease(put)
  }

  #checkRangeInTxn({ revision = 0 }: Range): void {
    if (revision > this.#revision) throw new Refused('futureRevision')
    // (10b) In a transaction a negative revision is below whatever has been compacted.
    if (revision !== 0 && revision < this.#compacted) throw new Refused('compacted')
  }

  /** (3) A header within a transaction has the revision alone, that of a nested transaction not even it. */
  #run({ succeeded, operations }: Decided): TxnAnswer {
    const responses = operations.map((operation) => this.#operate(operation))
    return { kind: 'txn', revision: 0, succeeded, responses }
  }

  #operate(operation: Decided['operations'][number]): OperationAnswer {
    if (!('kind' in operation)) return this.#run(operation)
    if (operation.kind === 'put') return this.#put(operation)
    if (operation.kind === 'range') return this.#range(operation)
    if (operation.kind === 'deleteRange') return this.#deleteRange(operation)
    throw new Refused('keyNotFound')
  }

  // (10)
  #compact(revision: number): Answer {
    if (revision <= this.#compacted) throw new Refused('compacted')
    if (revision > this.#revision) throw new Refused('futureRevision')
    this.#base = new Map(this.#pairs(EVERYTHING, revision).map((pair) => [toHex(pair.key), pair]))
    this.#revisions = this.#revisions.filter((each) => each.revision > revision)
    this.#compacted = revision
    return { kind: 'compact', revision: this.#revision }
  }

  // Leases.

  /** (21) */
  #leaseGrant(asked: bigint, ttl: number): Answer {
    if (ttl > LEASE_TTL_MAX) throw new Refused('leaseTooLong')
    if (this.#leases.has(asked)) throw new Refused('leaseExists')
    const id = asked === 0n ? this.#unusedId() : asked
    const granted = Math.max(ttl, LEASE_TTL_MIN)
    this.#leases.set(id, { id, ttl: granted, endsAt: this.#now + granted })
    return { kind: 'leaseGrant', revision: this.#revision, id, ttl: granted }
  }

  /** One that was never chosen before. */
  #unusedId(): bigint {
    do this.#chosen++
    while (this.#leases.has(this.#chosen))
    return this.#chosen
  }

  #keysOf(id: bigint): readonly Uint8Array[] {
    const pairs = this.#pairs(EVERYTHING)
    return pairs.filter(({ lease }) => lease === id).map(({ key }) => key)
  }

  /** (23) All its keys at one revision, in their order. */
  #end(id: bigint): void {
    for (const key of this.#keysOf(id)) this.#pending.push({ key, pair: null })
    this.#leases.delete(id)
  }

  #leaseRevoke(id: bigint): Answer {
    // (22)
    if (!this.#leases.has(id)) throw new Refused('leaseNotFound')
    this.#end(id)
    return { kind: 'leaseRevoke', revision: this.#headerRevision() }
  }

  /** (22) */
  #leaseKeepAlive(id: bigint): Answer {
    const lease = this.#leases.get(id)
    if (lease !== undefined) lease.endsAt = this.#now + lease.ttl
    return { kind: 'leaseKeepAlive', revision: this.#revision, id, ttl: lease?.ttl ?? 0 }
  }

  #leaseTimeToLive(id: bigint, withKeys: boolean): Answer {
    const header = { kind: 'leaseTimeToLive', revision: this.#revision, id } as const
    const lease = this.#leases.get(id)
    // (22)
    if (lease === undefined) return { ...header, ttl: -1, grantedTtl: 0, keys: [] }
    const ttl = Math.floor(lease.endsAt - this.#now)
    return { ...header, ttl, grantedTtl: lease.ttl, keys: withKeys ? this.#keysOf(id) : [] }
  }

  /** (23) Leases end in the order of their time, each with a revision of its own if it has keys. */
  #tick(seconds: number): Answer {
    this.#now += seconds
    const ended = [...this.#leases.values()].filter(({ endsAt }) => endsAt <= this.#now)
    ended.sort((a, b) => a.endsAt - b.endsAt || (a.id < b.id ? -1 : 1))
    for (const { id } of ended) {
      this.#end(id)
      this.#commit()
    }
    return { kind: 'tick', revision: this.#revision }
  }
}

const FILTERS = ['minModRevision', 'maxModRevision', 'minCreateRevision', 'maxCreateRevision'] as const
const EVERYTHING: KeyRange = { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) }
const MISSING: Pair = {
  key: NO_BYTES,
  createRevision: 0,
  modRevision: 0,
  version: 0,
  value: NO_BYTES,
  lease: 0n,
}

/** (6) */
function isWithin(key: Uint8Array, { key: from, rangeEnd }: KeyRange): boolean {
  if (rangeEnd === undefined || rangeEnd.length === 0) return compareBytes(key, from) === 0
  const isOpen = rangeEnd.length === 1 && rangeEnd[0] === 0
  return compareBytes(from, key) <= 0 && (isOpen || compareBytes(key, rangeEnd) < 0)
}

function isUnfiltered({ modRevision, createRevision }: Pair, range: Range): boolean {
  const { minModRevision = 0, maxModRevision = 0, minCreateRevision = 0, maxCreateRevision = 0 } = range
  return (
    (maxModRevision === 0 || modRevision <= maxModRevision) &&
    (minModRevision === 0 || modRevision >= minModRevision) &&
    (maxCreateRevision === 0 || createRevision <= maxCreateRevision) &&
    (minCreateRevision === 0 || createRevision >= minCreateRevision)
  )
}

function compareBy(target: SortTarget, a: Pair, b: Pair): number {
  if (target === 'key') return compareBytes(a.key, b.key)
  if (target === 'value') return compareBytes(a.value, b.value)
  if (target === 'version') return a.version - b.version
  return target === 'create' ? a.createRevision - b.createRevision : a.modRevision - b.modRevision
}

function isAsCompared(pair: Pair, compare: Compare): boolean {
  const order = orderOf(pair, compare)
  if (compare.result === 'equal') return order === 0
  if (compare.result === 'notEqual') return order !== 0
  return compare.result === 'greater' ? order > 0 : order < 0
}

function orderOf(pair: Pair, compare: Compare): number {
  if (compare.target === 'value') return compareBytes(pair.value, compare.value)
  if (compare.target === 'lease') return Number(pair.lease - compare.lease)
  if (compare.target === 'version') return pair.version - compare.number
  return (compare.target === 'create' ? pair.createRevision : pair.modRevision) - compare.number
}

/** Those of the branches taken, of nested transactions too, in their order. */
function operationsOf({ operations }: Decided): readonly Exclude<Operation, Txn>[] {
  return operations.flatMap((operation) => ('kind' in operation ? [operation] : operationsOf(operation)))
}
