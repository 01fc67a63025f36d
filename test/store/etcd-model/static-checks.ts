/**
 * The refusals of etcd that need no more than the request, before it is ordered: missing keys, options that exclude each other, and
 * of a transaction its size and duplicate keys. Numbers are those of README.md.
 */
import { compareBytes, toHex } from '../../../src/base/bytes.ts'
import { Refused } from './refused.ts'
import type { DeleteRange, Operation, Put, Request, Txn } from './requests.ts'

export const TXN_OPERATIONS_MAX = 128

export function checkRequest(request: Request): void {
  if (['put', 'range', 'deleteRange', 'txn'].includes(request.kind)) {
    checkOperation(request as Operation, TXN_OPERATIONS_MAX)
  }
  if (request.kind === 'txn') {
    keysWritten(request.success ?? [])
    keysWritten(request.failure ?? [])
  }
}

function checkOperation(operation: Operation, operationsLeft: number): void {
  if (operation.kind === 'txn') return checkTxn(operation, operationsLeft)
  // (15) An operation with nothing set.
  if (operation.kind === 'nothing') throw new Refused('keyNotFound')
  // (6)
  if (operation.key.length === 0) throw new Refused('emptyKey')
  if (operation.kind === 'put') checkPut(operation)
}

/** (13) */
function checkPut({ value, lease, ignoreValue, ignoreLease }: Put): void {
  if (ignoreValue === true && (value?.length ?? 0) > 0) throw new Refused('valueProvided')
  if (ignoreLease === true && (lease ?? 0n) !== 0n) throw new Refused('leaseProvided')
}

/** (15) A nested transaction gets what the one around it leaves. */
function checkTxn({ compare = [], success = [], failure = [] }: Txn, operationsLeft: number): void {
  const operations = Math.max(compare.length, success.length, failure.length)
  if (operations > operationsLeft) throw new Refused('tooManyOperations')
  if (compare.some(({ key }) => key.length === 0)) throw new Refused('emptyKey')
  for (const operation of [...success, ...failure]) checkOperation(operation, operationsLeft - operations)
}

interface Written {
  readonly puts: Set<string>
  readonly deletes: readonly DeleteRange[]
}

/**
 * (16) What a branch writes, its nested transactions included. Refused where a key is put twice, or put and deleted. etcd goes
 * through it in this order, so that (16b) a key put in one nested transaction may be deleted in a later one beside it, but not
 * in an earlier one.
 */
function keysWritten(operations: readonly Operation[]): Written {
  const deletes = operations.filter((operation) => operation.kind === 'deleteRange')
  const puts = new Set<string>()
  const addPut = (key: string, mayRepeat = false): void => {
    if ((puts.has(key) && !mayRepeat) || deletes.some((range) => covers(range, key))) {
      throw new Refused('duplicateKey')
    }
    puts.add(key)
  }
  for (const operation of operations) {
    if (operation.kind !== 'txn') continue
    const success = keysWritten(operation.success ?? [])
    const failure = keysWritten(operation.failure ?? [])
    for (const key of success.puts) addPut(key)
    // Only one of the two branches is taken.
    for (const key of failure.puts) addPut(key, success.puts.has(key))
    deletes.push(...success.deletes, ...failure.deletes)
  }
  for (const operation of operations) if (operation.kind === 'put') addPut(toHex(operation.key))
  return { puts, deletes }
}

/** (16a) By this check, and here alone, a range end of one zero byte is an end like any other: the range covers nothing. */
function covers({ key, rangeEnd }: DeleteRange, put: string): boolean {
  const bytes = Buffer.from(put, 'hex')
  if (rangeEnd === undefined || rangeEnd.length === 0) return compareBytes(key, bytes) === 0
  return compareBytes(key, bytes) <= 0 && compareBytes(bytes, rangeEnd) < 0
}
