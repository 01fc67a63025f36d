/** Transactions as a caller writes them: comparisons, and steps whose results have their types. */
import type { Operation } from '../../src/store/operations-writer.ts'
import type { Result } from '../../src/store/results.ts'
import type { Compare, TransactionOperation } from '../../src/store/transaction-writer.ts'
import { RELATION_OF, type ShownRelation } from '../api/compare-relations.ts'
import { type Bytes, Entry } from './entry.ts'
import { keyOf, keysOf, leaseOf, type Range, rangeOf, valueBytes } from './key-selection.ts'
import { errorOfResult } from './result-errors.ts'

/** A comparison of a fact of a key with an operand. Over a range it holds if every key of it is so. */
export interface Comparison {
  readonly compare: Compare
}

/** A step of a transaction, with the type of its result. */
export interface Step<R> {
  readonly operation: Operation
  readonly read: (result: Result) => R
}

/** The revisions of a key after a put. */
export interface Written {
  /** The store's revision. */
  readonly revision: number
  readonly createRevision: number
  readonly modRevision: number
  readonly version: number
}

export interface Deleted {
  readonly revision: number
  /** The number of keys that were deleted. */
  readonly deleted: number
  /** The deleted entries, if they were asked for. */
  readonly previous: readonly Entry[]
}

export interface Listed {
  readonly revision: number
  readonly entries: readonly Entry[]
  /** The number of all keys in the range. */
  readonly count: number
  /** True if the limit or the size of the answer cut it. */
  readonly more: boolean
}

type AnyStep = Step<unknown>
type ResultsOf<Steps extends readonly AnyStep[]> = {
  readonly [Index in keyof Steps]: Steps[Index] extends Step<infer R> ? R : never
}

/** A transaction: all of `success` is done if every comparison holds, otherwise all of `failure`. */
export interface Transaction<Success extends readonly AnyStep[], Failure extends readonly AnyStep[]> {
  readonly compare?: readonly Comparison[]
  readonly success?: readonly [...Success]
  readonly failure?: readonly [...Failure]
}

/** The end of a transaction: which part was done, and the results of its steps. */
export type TransactionDone<Success extends readonly AnyStep[], Failure extends readonly AnyStep[]> =
  | { readonly succeeded: true; readonly revision: number; readonly results: ResultsOf<Success> }
  | { readonly succeeded: false; readonly revision: number; readonly results: ResultsOf<Failure> }

/** Comparisons of the facts of a key. A key that does not exist has no value, and 0 for the other facts. */
export const compare = {
  value: (keys: Bytes | Range, relation: ShownRelation, value: Bytes): Comparison => ({
    compare: { ...base(keys, relation), target: 'value', value: valueBytes(value) },
  }),
  version: (keys: Bytes | Range, relation: ShownRelation, number: number): Comparison => ({
    compare: { ...base(keys, relation), target: 'version', number },
  }),
  createRevision: (keys: Bytes | Range, relation: ShownRelation, number: number): Comparison => ({
    compare: { ...base(keys, relation), target: 'create', number },
  }),
  modRevision: (keys: Bytes | Range, relation: ShownRelation, number: number): Comparison => ({
    compare: { ...base(keys, relation), target: 'mod', number },
  }),
  lease: (
    keys: Bytes | Range,
    relation: ShownRelation,
    lease: string | { readonly id: string },
  ): Comparison => ({
    compare: { ...base(keys, relation), target: 'lease', lease: leaseOf(lease) },
  }),
  /** Holds if the key exists. */
  exists: (key: Bytes): Comparison => compare.version(key, '>', 0),
  /** Holds if the key does not exist. */
  missing: (key: Bytes): Comparison => compare.version(key, '=', 0),
}

const base = (keys: Bytes | Range, relation: ShownRelation) => ({
  ...keysOf(keys),
  relation: RELATION_OF[relation],
})

/** The options of a list in a transaction. */
export interface ListStepOptions {
  readonly limit?: number
  readonly revision?: number
  readonly keysOnly?: boolean
}

/** Steps of a transaction. */
export const step = {
  put: (
    key: Bytes,
    value: Bytes,
    { lease }: { readonly lease?: string | { readonly id: string } | undefined } = {},
  ): Step<Written> => ({
    operation: {
      kind: 'put',
      key: keyOf(key),
      value: valueBytes(value),
      ...(lease === undefined ? {} : { lease: leaseOf(lease) }),
    },
    read: writtenOf,
  }),
  get: (key: Bytes): Step<Entry | null> => ({
    operation: { kind: 'range', ...keysOf(keyOf(key)) },
    read: (result) => listedOf(result).entries[0] ?? null,
  }),
  list: (range: Range, options: ListStepOptions = {}): Step<Listed> => ({
    operation: { kind: 'range', ...rangeOf(range), ...options },
    read: listedOf,
  }),
  delete: (
    keys: Bytes | Range,
    { previous = false }: { readonly previous?: boolean } = {},
  ): Step<Deleted> => ({
    operation: { kind: 'delete-range', ...keysOf(keys), previous },
    read: deletedOf,
  }),
  transaction: <Success extends readonly AnyStep[] = [], Failure extends readonly AnyStep[] = []>(
    transaction: Transaction<Success, Failure>,
  ): Step<TransactionDone<Success, Failure>> => ({
    operation: operationOf(transaction),
    read: (result) => doneOf(transaction, result),
  }),
}

/** Returns a transaction as the store takes it. */
export const operationOf = (
  transaction: Transaction<readonly AnyStep[], readonly AnyStep[]>,
): TransactionOperation => ({
  kind: 'transaction',
  compares: (transaction.compare ?? []).map((each) => each.compare),
  success: (transaction.success ?? []).map(({ operation }) => operation),
  failure: (transaction.failure ?? []).map(({ operation }) => operation),
})

/** Returns what was done, of a result of the store; throws the error of one that is no success. */
export function doneOf<Success extends readonly AnyStep[], Failure extends readonly AnyStep[]>(
  transaction: Transaction<Success, Failure>,
  result: Result,
): TransactionDone<Success, Failure> {
  if (result.status !== 'ok' || result.kind !== 'transaction') throw errorOfResult(result)
  const { succeeded, revision } = result
  const steps: readonly AnyStep[] = (succeeded ? transaction.success : transaction.failure) ?? []
  const results = result.results.map((each, index) => steps[index]?.read(each))
  return { succeeded, revision, results } as unknown as TransactionDone<Success, Failure>
}

/** Returns the revisions of a put. */
export function writtenOf(result: Result): Written {
  if (result.status !== 'ok' || result.kind !== 'put') throw errorOfResult(result)
  const { revision, createRevision, modRevision, version } = result
  return { revision, createRevision, modRevision, version }
}

/** Returns the entries of a read. */
export function listedOf(result: Result): Listed {
  if (result.status !== 'ok' || result.kind !== 'range') throw errorOfResult(result)
  const { revision, items, count, more } = result
  return { revision, entries: items.map((item) => new Entry(item)), count, more: more !== null }
}

/** Returns what a deletion deleted. */
export function deletedOf(result: Result): Deleted {
  if (result.status !== 'ok' || result.kind !== 'delete-range') throw errorOfResult(result)
  const { revision, deleted, items } = result
  return { revision, deleted, previous: items.map((item) => new Entry(item)) }
}
