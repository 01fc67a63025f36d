/**
 * A client's requests: a few keys that all clients share, and values that are each written once, so that a read value
 * identifies its write. A client remembers the revisions in its answers and builds on them, as a user of the store
 * would: if two clients build on one revision, one of them loses.
 */
import { utf8 } from '../../base/bytes.ts'
import type { Random } from '../../base/random.ts'
import { type KeyRange, keysFrom, oneKey } from '../../store/key-range.ts'
import { OPERATION_CODES } from '../../store/operations.ts'
import type { Operation } from '../../store/operations-writer.ts'
import { interpretResult, readResults } from '../../store/results.ts'
import type { WorkloadPlan } from '../plan/plan.ts'
import { Administration, drawOwnAccess, type KnownPrincipals } from './administration.ts'
import { WholeOperations } from './whole-operations.ts'

/** The shares of puts and deletes with the last revision that the client saw, and with any revision. */
const CONDITION_SHARE = 0.3
const BLIND_CONDITION_SHARE = 0.03
/** The share of requests that only read, if reads are not ordered. */
const READS_SHARE = 0.5
/** The share of operations on single keys, where others are drawn too. */
const SIMPLE_SHARE = 0.4
/** The shares of operations on access where operations are judged: an administrator's, and another client's. */
const ADMINISTRATION_SHARE = 0.25
const OWN_ACCESS_SHARE = 0.03
/** The share of operations that act for another principal. */
const ACTING_SHARE = 0.12

export class Workload {
  readonly #client: number
  readonly #random: Random
  readonly #plan: WorkloadPlan
  /** By key, the last modification revision in an answer to the client; 0 for no such key. */
  readonly #seen = new Map<string, number>()
  /** Set where operations of every kind are drawn. */
  readonly #whole: WholeOperations | null
  readonly #principals: KnownPrincipals | null
  readonly #administration: Administration | null
  /** The name of the request that is being drawn, and the number of values in it. */
  #request = ''
  #values = 0

  /** `principals` is null where no operation is judged. */
  constructor(client: number, random: Random, plan: WorkloadPlan, principals: KnownPrincipals | null = null) {
    this.#client = client
    this.#random = random
    this.#plan = plan
    const keys = {
      key: () => this.#key(),
      value: () => utf8(`${this.#request}v${++this.#values} `),
      condition: (key: Uint8Array) => this.#condition(key),
    }
    this.#whole = plan.isWhole === true ? new WholeOperations(random, keys) : null
    this.#principals = principals
    this.#administration = principals?.isAdministrator
      ? new Administration(random, principals, () => this.#keyRange())
      : null
  }

  /** The operations of the client's next request, which has this number. */
  draw(request: number): readonly Operation[] {
    const count = this.#random.between(1, this.#plan.operationsMax)
    this.#request = `${this.#client}.${request}.`
    return Array.from({ length: count }, (_, index) => {
      const access = this.#access()
      if (access.length > 0) return access
      const operation =
        this.#whole === null || this.#random.chance(SIMPLE_SHARE)
          ? this.#operation(`${this.#request}${index} `)
          : this.#whole.draw()
      return [this.#acting(operation)]
    }).flat()
  }

  /** The operations of a request that only reads, or of any other one, so that unordered reads are frequent enough. */
  drawBesideReads(request: number): readonly Operation[] {
    if (!this.#random.chance(READS_SHARE)) return this.draw(request)
    const count = this.#random.between(1, this.#plan.operationsMax)
    return Array.from({ length: count }, () => this.#acting(this.#read()))
  }

  /** Notes the results of the operations. */
  learn(operations: readonly Operation[], results: Uint8Array): void {
    for (const [index, framed] of (readResults(results) ?? []).entries()) {
      const operation = operations[index]
      if (operation === undefined) continue
      const result = interpretResult(OPERATION_CODES[operation.kind], framed)
      if (result !== null) this.#whole?.learn(result)
      if (result !== null) this.#administration?.learn(result)
      if (!('key' in operation) || 'end' in operation) continue
      const key = nameOf(operation.key)
      if (result?.status === 'not-found') this.#seen.set(key, 0)
      else if (result?.status === 'revision-moved') this.#seen.set(key, result.modRevision)
      else if (result?.status === 'ok' && 'modRevision' in result) this.#seen.set(key, result.modRevision)
      else if (result?.status === 'ok') this.#seen.set(key, 0) // It was deleted.
    }
  }

  /** Operations on access, or mostly none. */
  #access(): readonly Operation[] {
    if (this.#principals === null) return []
    if (this.#administration !== null)
      return this.#random.chance(ADMINISTRATION_SHARE) ? this.#administration.draw() : []
    return this.#random.chance(OWN_ACCESS_SHARE) ? [drawOwnAccess(this.#random, this.#principals)] : []
  }

  #acting(operation: Operation): Operation {
    if (this.#principals === null || !this.#random.chance(ACTING_SHARE)) return operation
    return { ...operation, actAs: this.#random.pick(this.#principals.clients) }
  }

  /** The keys of a right: one key, or all from one on. */
  #keyRange(): KeyRange {
    const key = this.#key()
    return this.#random.chance(0.7) ? oneKey(key) : keysFrom(key)
  }

  #operation(label: string): Operation {
    const random = this.#random
    const key = this.#key()
    const condition = this.#condition(key)
    const kind = random.below(10)
    if (kind < 5) return { kind: 'put', key, value: drawValue(random, label), ...condition }
    if (kind < 8) return { kind: 'get', key }
    if (kind < 9) return { kind: 'delete', key, ...condition }
    return this.#list()
  }

  #key(): Uint8Array {
    return utf8(`key/${this.#random.below(this.#plan.keys)}`)
  }

  #read(): Operation {
    if (this.#whole !== null && !this.#random.chance(SIMPLE_SHARE)) return this.#whole.read()
    if (this.#random.below(4) === 0) return this.#list()
    return { kind: 'get', key: this.#key() }
  }

  #list(): Operation {
    return {
      kind: 'list',
      prefix: utf8('key/'),
      limit: this.#random.below(8),
      cursor: new Uint8Array(0),
    }
  }

  #condition(key: Uint8Array): { readonly ifRevision?: number } {
    if (this.#random.chance(BLIND_CONDITION_SHARE)) return { ifRevision: this.#random.below(50) }
    if (!this.#random.chance(CONDITION_SHARE)) return {}
    const seen = this.#seen.get(nameOf(key))
    return seen === undefined ? {} : { ifRevision: seen }
  }
}

const nameOf = (key: Uint8Array): string => String.fromCharCode(...key)

/** A value, mostly short, sometimes so long that frames differ in size by orders of magnitude. */
function drawValue(random: Random, label: string): Uint8Array {
  const name = utf8(label)
  const length = random.chance(0.01) ? random.below(10_000) : random.below(40)
  const value = new Uint8Array(Math.max(length, name.length)).fill(random.between(0x21, 0x7e))
  value.set(name)
  return value
}
