/**
 * Draws requests that meet each other: few keys and leases, revisions around those that exist, transactions in each other.
 * Many are refused. It hears the answers, so as to know what exists; equal seeds and answers give equal requests.
 */

import { utf8 } from '../../../src/base/bytes.ts'
import type { Random } from '../../../src/base/random.ts'
import type {
  Answer,
  Compare,
  DeleteRange,
  KeyRange,
  Operation,
  Put,
  Range,
  Request,
  Txn,
} from './requests.ts'
import { TXN_OPERATIONS_MAX } from './static-checks.ts'

const ZERO = Uint8Array.of(0)
/** At most 12: etcd's sort keeps the order of equals up to there, and no promise of it. */
const KEYS: readonly Uint8Array[] = [
  ZERO,
  utf8('a'),
  utf8('a\0'),
  utf8('aa'),
  utf8('ab'),
  utf8('b'),
  Uint8Array.of(98, 255),
  Uint8Array.of(255),
  Uint8Array.of(255, 255),
]
/** Ends that are no keys, among them those of prefixes. */
const ENDS: readonly Uint8Array[] = [...KEYS, ZERO, ZERO, utf8('a\0\0'), utf8('c'), utf8('zz')]
const VALUES: readonly Uint8Array[] = [new Uint8Array(0), utf8('1'), utf8('2'), utf8('10'), ZERO]
const OWN_LEASES: readonly bigint[] = [1n, 2n, 3n, -7n, 9_223_372_036_854_775_807n]
/** Hours: none ends while an etcd is compared with the model. */
const TTLS: readonly number[] = [10_000, 86_400, 9_000_000_000, 9_000_000_001]
const LEASES_MAX = 12
const DEPTH_MAX = 3
const SORT_TARGETS = ['key', 'version', 'create', 'mod', 'value'] as const
const COMPARE_RESULTS = ['equal', 'notEqual', 'greater', 'less'] as const
const COMPARE_TARGETS = ['value', 'version', 'create', 'mod', 'lease'] as const

export class Generator {
  readonly #random: Random
  #revision = 1
  #compacted = 0
  readonly #leases = new Set<bigint>()
  /** Keys that the transaction being drawn does not put yet: most put one of these, or nearly all would be refused. */
  #unused: Uint8Array[] = []

  constructor(random: Random) {
    this.#random = random
  }

  next(): Request {
    const random = this.#random
    const drawn = random.below(100)
    if (drawn < 25) return this.#put()
    if (drawn < 45) return this.#range()
    if (drawn < 53) return this.#deleteRange()
    if (drawn < 54) return this.#largeTxn()
    if (drawn < 80) {
      this.#unused = random.shuffle(KEYS)
      return withoutHalt(this.#txn(1))
    }
    if (drawn < 84) return { kind: 'compact', revision: this.#compactRevision() }
    return this.#leaseRequest()
  }

  /** Takes note of what a request has changed. */
  hear(request: Request, answer: Answer): void {
    if (answer.kind === 'refusal') return
    this.#revision = Math.max(this.#revision, answer.revision)
    if (request.kind === 'compact') this.#compacted = request.revision
    if (request.kind === 'leaseRevoke') this.#leases.delete(request.id)
    if (answer.kind === 'leaseGrant') this.#leases.add(answer.id)
  }

  #leaseRequest(): Request {
    const random = this.#random
    const drawn = random.below(10)
    if (drawn < 4 && this.#leases.size < LEASES_MAX) {
      const id = random.chance(0.4) ? 0n : random.pick(OWN_LEASES)
      return { kind: 'leaseGrant', id, ttl: random.pick(TTLS) }
    }
    if (drawn < 6) return { kind: 'leaseRevoke', id: this.#lease() }
    if (drawn < 7) return { kind: 'leaseKeepAlive', id: this.#lease() }
    if (drawn < 8) return { kind: 'leaseLeases' }
    return { kind: 'leaseTimeToLive', id: this.#lease(), keys: random.chance(0.8) }
  }

  #lease(): bigint {
    const random = this.#random
    return this.#leases.size > 0 && random.chance(0.8)
      ? random.pick([...this.#leases])
      : random.pick(OWN_LEASES)
  }

  #key(): Uint8Array {
    return this.#random.chance(0.003) ? new Uint8Array(0) : this.#random.pick(KEYS)
  }

  #keyRange(chanceOfOne = 0.5): KeyRange {
    const key = this.#key()
    return this.#random.chance(chanceOfOne) ? { key } : { key, rangeEnd: this.#random.pick(ENDS) }
  }

  #put(key = this.#key(), chanceOfIgnoring = 0.1): Put {
    const random = this.#random
    const ignoreValue = random.chance(chanceOfIgnoring)
    const ignoreLease = random.chance(chanceOfIgnoring)
    // Mostly without what may not stand beside them.
    const hasValue = !ignoreValue || random.chance(0.1)
    const hasLease = random.chance(ignoreLease ? 0.1 : 0.3)
    return {
      kind: 'put',
      key,
      value: hasValue ? random.pick(VALUES) : new Uint8Array(0),
      lease: hasLease ? this.#lease() : 0n,
      prevKv: random.chance(0.3),
      ignoreValue,
      ignoreLease,
    }
  }

  #deleteRange(chanceOfOne = 0.5): DeleteRange {
    return { kind: 'deleteRange', ...this.#keyRange(chanceOfOne), prevKv: this.#random.chance(0.5) }
  }

  #range(): Range {
    const random = this.#random
    const rare = (): number => (random.chance(0.1) ? this.#anyRevision() : 0)
    return {
      kind: 'range',
      ...this.#keyRange(),
      revision: random.chance(0.4) ? this.#anyRevision() : 0,
      limit: random.chance(0.4) ? random.between(-1, 5) : 0,
      sortOrder: random.pick(['none', 'none', 'ascend', 'descend'] as const),
      sortTarget: random.pick(SORT_TARGETS),
      keysOnly: random.chance(0.1),
      countOnly: random.chance(0.1),
      minModRevision: rare(),
      maxModRevision: rare(),
      minCreateRevision: rare(),
      maxCreateRevision: rare(),
    }
  }

  /** From somewhat below what is compacted to somewhat above the present. */
  #anyRevision(): number {
    const random = this.#random
    if (random.chance(0.12)) return random.between(-2, 1)
    if (random.chance(0.2)) return this.#revision + random.between(-2, 2)
    return random.between(Math.max(0, this.#compacted - 2), this.#revision)
  }

  /** Mostly little above the last, so that there is a past to read. */
  #compactRevision(): number {
    const random = this.#random
    if (random.chance(0.1)) return this.#revision + random.between(-1, 2)
    return this.#compacted + random.between(-1, Math.ceil((this.#revision - this.#compacted) / 3))
  }

  #txn(depth: number): Txn {
    const random = this.#random
    const compare = Array.from({ length: random.pick([0, 1, 1, 2]) }, () => this.#compare())
    const operations = (): Operation[] =>
      Array.from({ length: random.pick([0, 1, 1, 2, 2, 3, 4]) }, () => this.#operation(depth))
    return { kind: 'txn', compare, success: operations(), failure: operations() }
  }

  /** As many operations as there may be at most, or one more; half of them in a transaction inside. */
  #largeTxn(): Txn {
    const random = this.#random
    const inside = random.below(TXN_OPERATIONS_MAX)
    const outside = TXN_OPERATIONS_MAX - inside - random.below(2)
    const ranges = (count: number): Operation[] => Array.from({ length: count }, () => this.#range())
    const nested: Txn = { kind: 'txn', success: ranges(inside) }
    return { kind: 'txn', success: [...ranges(outside), nested] }
  }

  #operation(depth: number): Operation {
    const random = this.#random
    const drawn = random.below(500)
    if (drawn === 0) return { kind: 'nothing' }
    if (drawn < 200) {
      const unused = random.chance(0.9) ? this.#unused.pop() : undefined
      return this.#put(unused ?? random.pick(KEYS), 0.04)
    }
    if (drawn < 310) return this.#range()
    if (drawn < 400 || depth >= DEPTH_MAX) return this.#deleteRange(0.7)
    return this.#txn(depth + 1)
  }

  #compare(): Compare {
    const random = this.#random
    const common = { ...this.#keyRange(), result: random.pick(COMPARE_RESULTS) }
    const target = random.pick(COMPARE_TARGETS)
    if (target === 'value') return { ...common, target, value: random.pick(VALUES) }
    if (target === 'lease') return { ...common, target, lease: random.chance(0.5) ? 0n : this.#lease() }
    if (target === 'version') return { ...common, target, number: random.between(0, 4) }
    return { ...common, target, number: random.chance(0.5) ? 0 : this.#anyRevision() }
  }
}

/**
 * The transaction without what halts an etcd: a put that keeps its value or lease, of a key that the same transaction has
 * deleted before by a range to the end of all keys.
 */
function withoutHalt(txn: Txn): Txn {
  if (!operationsOf(txn).some((each) => each.kind === 'deleteRange' && each.rangeEnd === ZERO)) return txn
  const strip = (operation: Operation): Operation => {
    if (operation.kind === 'put') return { ...operation, ignoreValue: false, ignoreLease: false }
    return operation.kind === 'txn' ? stripped(operation) : operation
  }
  const stripped = (each: Txn): Txn => ({
    ...each,
    success: (each.success ?? []).map(strip),
    failure: (each.failure ?? []).map(strip),
  })
  return stripped(txn)
}

function operationsOf({ success = [], failure = [] }: Txn): readonly Operation[] {
  return [...success, ...failure].flatMap((each) => (each.kind === 'txn' ? operationsOf(each) : [each]))
}
