/** The error for each result that is no success. */
import type { Result } from '../../src/store/results.ts'
import { errorOf, type StoreError } from './store-errors.ts'

/** Returns the error for a result other than ok. */
export function errorOfResult(result: Result): StoreError {
  switch (result.status) {
    case 'revision-moved': {
      const { modRevision } = result
      const where = modRevision === 0 ? 'the key does not exist' : `the key is at revision ${modRevision}`
      return errorOf('revision-moved', where, result)
    }
    case 'compacted':
      return errorOf('compacted', `the oldest revision that can be read is ${result.floor}`, result)
    case 'future':
      return errorOf('future-revision', `the store is at revision ${result.revision}`, result)
    case 'lease-not-found':
      return errorOf('lease-not-found', 'the lease does not exist; it may have ended')
    case 'lease-exists':
      return errorOf('lease-exists', 'a lease has this id already')
    case 'lease-too-long':
      return errorOf('bad-request', 'a lease lives for 9,000,000,000 s at most')
    case 'too-many-leases':
      return errorOf('too-many-leases', 'there are 100,000 leases, and no more may be granted')
    case 'too-many-lease-keys':
      return errorOf('too-many-lease-keys', 'the lease has 100,000 keys, and no more may be attached')
    case 'idempotency-key-reused':
      return errorOf('idempotency-key-reused', 'another write was executed under this idempotency key')
    case 'already-done':
      return errorOf('already-done', 'the write was executed before; its result was too large to be kept')
    case 'no-space':
      return errorOf('no-space', 'the store has reached its size limit; deletes still work')
    case 'bad-key':
      return errorOf('bad-key', 'a key has 1 to 4,096 bytes')
    case 'too-large':
      return errorOf('too-large', 'a value has at most 1 MiB')
    case 'no-principal':
      return errorOf('bad-request', 'there is no principal with this key')
    case 'name-taken':
      return errorOf('bad-request', 'another principal has this name')
    case 'too-many-principals':
      return errorOf('bad-request', 'there are 4,096 principals, and no more may be added')
    case 'too-many-rights':
      return errorOf(
        'bad-request',
        'a principal has rights to 128 intervals of keys and acts for 4,096 others at most, and all have 65,536 rights',
      )
    case 'denied':
      return errorOf('denied', 'this client may not do that')
    case 'result-budget':
      return errorOf('too-large', 'the answer is larger than 2 MiB; ask for less')
    case 'work-budget':
      return errorOf('too-large', 'the range has more keys than one request may look at; narrow it')
    case 'too-many-operations':
      return errorOf(
        'bad-request',
        'a transaction has at most 128 comparisons and 128 steps in either part, and one inside has what is left',
      )
    case 'duplicate-key':
      return errorOf('bad-request', 'a key is written twice in one part of the transaction')
    default:
      return errorOf('bad-request', `the store answered "${result.status}"`)
  }
}
