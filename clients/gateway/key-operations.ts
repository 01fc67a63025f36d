/** Operations of the store in HTTP's terms: under a condition, and with a problem for each failure. */
import type { Operation } from '../../src/store/operations-writer.ts'
import type { Result } from '../../src/store/results.ts'
import type { ReceiptDocument } from '../api/receipt.ts'
import { OperationFailure, type ReceiptWish, type StoreClient } from '../library/store-client.ts'
import type { RevisionTest } from './conditions.ts'
import { Problem } from './problem.ts'

/** The maximum number of attempts of a conditional write whose key changes between the read and the write. */
const TRIES_MAX = 32

export interface StoreAccess {
  readonly client: StoreClient
  /** The reason why the replicas do not answer, as the facts of an `unknown`. */
  readonly diagnose: () => Promise<Readonly<Record<string, unknown>>>
}

type Write = Operation & { readonly kind: 'put' | 'delete' }

/** A result, with its receipt where one was wanted. */
export interface Executed {
  readonly result: Result
  readonly receipt?: ReceiptDocument
}

export const execute = async (access: StoreAccess, operation: Operation): Promise<Result> =>
  (await executeWith(access, operation, null)).result

/** The same, with a receipt where one is wished for. */
export async function executeWith(
  { client, diagnose }: StoreAccess,
  operation: Operation,
  wish: ReceiptWish | null,
): Promise<Executed> {
  try {
    return wish === null
      ? { result: await client.execute(operation) }
      : await client.executeProved(operation, wish)
  } catch (error) {
    if (!(error instanceof OperationFailure)) throw error
    const { code, message } = error
    throw new Problem(code, message, code === 'unknown' || code === 'stalled' ? await diagnose() : {})
  }
}

/**
 * Executes a write if the test accepts the revision of its key; otherwise returns `revision-moved`. The replicas check
 * the revision in the order of all requests. A condition that names one revision takes one operation. Any other
 * condition reads the key first, and writes only if the key is still at the revision that was read.
 */
export async function executeIf(
  access: StoreAccess,
  write: Write,
  { test, wish }: { readonly test: RevisionTest | null; readonly wish: ReceiptWish | null },
): Promise<Executed> {
  if (test === null) return executeWith(access, write, wish)
  if (write.idempotencyKey !== undefined && test.only === null) {
    throw new Problem(
      'bad-request',
      'Idempotency-Key goes with a condition that names one revision: ?ifRevision, If-Match with one tag, or If-None-Match: *',
    )
  }
  const isSole = test.only !== null && test.accepts(test.only)
  let place: Place | Result = isSole ? { revision: 0, modRevision: test.only } : await look(access, write.key)
  for (let tries = 0; !('status' in place); tries++) {
    if (!test.accepts(place.modRevision)) return { result: { status: 'revision-moved', ...place } }
    if (tries === TRIES_MAX) {
      throw new Problem('busy', `the key changed ${TRIES_MAX} times between the read and the write`)
    }
    const executed = await executeWith(access, { ...write, ifRevision: place.modRevision }, wish)
    const { result } = executed
    if (result.status !== 'revision-moved') return executed
    place = { revision: result.revision, modRevision: result.modRevision }
  }
  return { result: place }
}

/** The revisions of the store and of a key; 0 if the key does not exist. */
interface Place {
  readonly revision: number
  readonly modRevision: number
}

/** Returns the revisions of a key, or the failed result. */
async function look(access: StoreAccess, key: Uint8Array): Promise<Place | Result> {
  const result = await execute(access, { kind: 'get', key })
  if (result.status === 'not-found') return { revision: result.revision, modRevision: 0 }
  if (result.status !== 'ok' || result.kind !== 'get') return result
  return { revision: result.revision, modRevision: result.modRevision }
}

/** Converts a result other than ok into a problem. `proof` may hold the receipt of a key that does not exist. */
export function problemOf(result: Result, proof: Omit<Executed, 'result'> = {}): Problem {
  switch (result.status) {
    case 'not-found':
      return new Problem('not-found', 'the key does not exist', { revision: result.revision, ...proof })
    case 'revision-moved':
      return revisionMoved(result, proof)
    case 'compacted':
      return new Problem('compacted', `the oldest revision that can be read is ${result.floor}`, {
        revision: result.revision,
        floor: result.floor,
      })
    case 'future':
      return new Problem('future-revision', `the store is at revision ${result.revision}`, {
        revision: result.revision,
      })
    case 'work-budget':
      return new Problem('too-large', 'the range has more keys than one request may examine; narrow it')
    case 'lease-not-found':
      return new Problem('lease-not-found', 'the lease does not exist; it may have ended', {
        revision: result.revision,
      })
    case 'lease-exists':
      return new Problem('lease-exists', 'a lease has this id already')
    case 'idempotency-key-reused':
      return new Problem('idempotency-key-reused', 'another write was executed under this idempotency key')
    case 'already-done':
      return new Problem('already-done', 'the write was executed before; its result was too large to be kept')
    case 'lease-too-long':
      return new Problem('bad-request', 'the time to live of a lease is at most 9,000,000,000 s')
    case 'too-many-leases':
      return new Problem('too-many-leases', 'there are 100,000 leases, and no more may be granted')
    case 'too-many-lease-keys':
      return new Problem('too-many-lease-keys', 'the lease has 100,000 keys, and no more may be attached')
    case 'no-space':
      return new Problem('no-space', 'the store has reached its size limit; deletes still work')
    case 'bad-key':
      return new Problem('bad-key', 'a key has 1 to 4,096 bytes')
    case 'too-large':
      return new Problem('too-large', 'a value has at most 1 MiB')
    case 'denied':
      return new Problem('denied', 'this client is not allowed to do this')
    case 'result-budget':
      return new Problem('too-large', 'the answer is larger than 2 MiB; ask for fewer items with limit')
    default:
      return new Problem('bad-request', `the store answered "${result.status}"`)
  }
}

export function revisionMoved(
  { revision, modRevision }: Place,
  proof: Omit<Executed, 'result'> = {},
): Problem {
  const where = modRevision === 0 ? 'the key does not exist' : `the key is at revision ${modRevision}`
  return new Problem('revision-moved', where, { revision, modRevision, ...proof })
}
