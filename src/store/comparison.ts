/** The comparisons of a transaction, evaluated on the newest state of the store. */
import { compareBytes } from '../base/bytes.ts'
import { EntryView, LEASE_BYTES } from './key-entry.ts'
import { isOneKey } from './key-range.ts'
import { endOf, type RangeContext } from './range.ts'
import { SECTIONS, sectionKey } from './state-keys.ts'
import type { CompareRelation, ReadCompare } from './transaction.ts'

export type CompareContext = Omit<RangeContext, 'bytesMax'>

const KEY_WORK = 1
const BYTES_PER_WORK = 256

/** Returns true if every key of the range is as compared; null if the budget does not suffice to see that. */
export function* holds(
  context: CompareContext,
  compare: ReadCompare,
): Generator<undefined, boolean | null, undefined> {
  const { store, allowance } = context
  if (allowance.left <= 0) yield
  allowance.left -= KEY_WORK + Math.floor(compare.operand.length / BYTES_PER_WORK)
  if (!isOneKey(compare)) return yield* holdsInRange(context, compare)
  const { key } = compare
  return store.find(key, 0, key.length) ? isAsCompared(store.entry, compare) : holdsForMissing(compare)
}

function* holdsInRange(
  { store, allowance, budget }: CompareContext,
  compare: ReadCompare,
): Generator<undefined, boolean | null, undefined> {
  const end = endOf(SECTIONS.key, compare)
  const cursor = store.tree.cursor(sectionKey(SECTIONS.key, compare.key))
  const entry = new EntryView()
  let isEmpty = true
  for (; !cursor.isAtEnd && compareBytes(cursor.key, end) < 0; cursor.next()) {
    if (allowance.left <= 0) yield
    allowance.left -= KEY_WORK
    if (budget.left-- <= 0) return null
    const { value } = cursor
    if (!isAsCompared(entry.place(value, 0, value.length), compare)) return false
    isEmpty = false
  }
  return isEmpty ? holdsForMissing(compare) : true
}

/** Of a missing key no value is as compared, and each number is 0. */
function holdsForMissing({ target, relation, operand }: ReadCompare): boolean {
  if (target === 'value') return false
  return isRelated(
    target === 'lease' ? compareLeases(NO_LEASE, operand) : compareNumber(0, operand),
    relation,
  )
}

const NO_LEASE = new Uint8Array(LEASE_BYTES)

function isAsCompared(entry: EntryView, { target, relation, operand }: ReadCompare): boolean {
  switch (target) {
    case 'value':
      return isRelated(compareBytes(entry.value, operand), relation)
    case 'lease':
      return isRelated(compareLeases(entry.lease, operand), relation)
    case 'version':
      return isRelated(compareNumber(entry.version, operand), relation)
    case 'create':
      return isRelated(compareNumber(entry.createRevision, operand), relation)
    case 'mod':
      return isRelated(compareNumber(entry.main, operand), relation)
  }
}

function isRelated(order: number, relation: CompareRelation): boolean {
  switch (relation) {
    case 'equal':
      return order === 0
    case 'not-equal':
      return order !== 0
    case 'greater':
      return order > 0
    case 'less':
      return order < 0
  }
}

const integerOf = (bytes: Uint8Array): bigint => new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0)

function compareNumber(number: number, operand: Uint8Array): number {
  const left = BigInt(number)
  const right = integerOf(operand)
  return left < right ? -1 : left > right ? 1 : 0
}

function compareLeases(lease: Uint8Array, operand: Uint8Array): number {
  const left = integerOf(lease)
  const right = integerOf(operand)
  return left < right ? -1 : left > right ? 1 : 0
}
