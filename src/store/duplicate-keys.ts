/**
 * The check that no transaction writes a key twice. In `success`, and equally in `failure`, no key may be put twice, nor
 * put and deleted, members of inner transactions included. Deletions may overlap, and so may the two parts of one inner
 * transaction, of which only one is executed. Parts that are not executed are checked too.
 *
 * As in etcd, an inner transaction may delete what an earlier one beside it puts, but not the reverse; and a deletion to
 * the end of all keys counts as covering nothing here.
 */
import type { Allowance } from '../base/allowance.ts'
import { compareBytes, toHex } from '../base/bytes.ts'
import { isOneKey, type KeyRange } from './key-range.ts'
import type { Member, ReadTransaction } from './transaction.ts'

/** The costs in units of the allowance: of a put, and of comparing a put with a deletion. */
const PUT_WORK = 1
const PAIR_WORK = 1 / 16

/** The keys that members put, by their names, and the ranges that they delete. */
interface Written {
  readonly puts: Map<string, Uint8Array>
  readonly deletions: KeyRange[]
}

/** Returns true if the transaction writes a key twice. */
export function* writesTwice(
  { success, failure }: ReadTransaction,
  allowance: Allowance,
): Generator<undefined, boolean, undefined> {
  for (const members of [success, failure]) {
    if ((yield* writtenBy(members, allowance)) === null) return true
  }
  return false
}

/** Returns what members write; null if it is a key twice. */
function* writtenBy(
  members: readonly Member[],
  allowance: Allowance,
): Generator<undefined, Written | null, undefined> {
  const written: Written = { puts: new Map(), deletions: [] }
  for (const member of members) if (member.kind === 'delete') written.deletions.push(member.range)
  for (const member of members) {
    if (member.kind !== 'transaction') continue
    const success = yield* writtenBy(member.transaction.success, allowance)
    const failure = yield* writtenBy(member.transaction.failure, allowance)
    if (success === null || failure === null) return null
    for (const [name, key] of success.puts) {
      if (!(yield* addPut(written, name, key, allowance))) return null
    }
    for (const [name, key] of failure.puts) {
      if (success.puts.has(name)) continue
      if (!(yield* addPut(written, name, key, allowance))) return null
    }
    for (const range of success.deletions) written.deletions.push(range)
    for (const range of failure.deletions) written.deletions.push(range)
  }
  for (const member of members) {
    if (member.kind !== 'put') continue
    if (!(yield* addPut(written, toHex(member.key), member.key, allowance))) return null
  }
  return written
}

/** Adds a put. Returns false if the key is written already. */
function* addPut(
  { puts, deletions }: Written,
  name: string,
  key: Uint8Array,
  allowance: Allowance,
): Generator<undefined, boolean, undefined> {
  if (allowance.left <= 0) yield
  allowance.left -= PUT_WORK
  if (puts.has(name)) return false
  puts.set(name, key)
  for (const range of deletions) {
    if (allowance.left <= 0) yield
    allowance.left -= PAIR_WORK
    if (covers(range, key)) return false
  }
  return true
}

/** True if the range includes the key, where an end of one zero byte is an end like any other. */
function covers(range: KeyRange, key: Uint8Array): boolean {
  const order = compareBytes(range.key, key)
  if (isOneKey(range)) return order === 0
  return order <= 0 && compareBytes(key, range.end) < 0
}
