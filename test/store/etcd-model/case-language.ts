/** Short words for cases: requests, and the answers that they must have. Keys and values are text of one char a byte. */
import {
  type Answer,
  type Compare,
  type CompareResult,
  type DeleteRange,
  type KeyRange,
  type Operation,
  type OperationAnswer,
  type Pair,
  type Put,
  type Range,
  REFUSALS,
  type RefusalName,
  type Request,
  type Txn,
} from './requests.ts'

export interface Step {
  readonly request: Request
  readonly answer: Answer
}

/** A conversation with a store that is empty at revision 1. */
export interface Case {
  /** Begins with the number of the rule in README.md. */
  readonly name: string
  readonly steps: readonly Step[]
  /** True where the store must be new, and not only be emptied: nothing has ever been compacted in it. */
  readonly isForNewStores: boolean
  /** True where an etcd halts: it is asked of the others alone. */
  readonly haltsEtcd: boolean
  /** True where time passes in it: real time with a real etcd. */
  readonly takesTime: boolean
}

export const step = (request: Request, answer: Answer): Step => ({ request, answer })

export function caseOf(name: string, ...steps: readonly Step[]): Case {
  return {
    name,
    steps,
    isForNewStores: false,
    haltsEtcd: false,
    takesTime: steps.some(({ request }) => request.kind === 'tick'),
  }
}

export const forNewStores = (each: Case): Case => ({ ...each, isForNewStores: true })

export const haltingEtcd = (each: Case): Case => ({ ...each, haltsEtcd: true })

export const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'))

// Requests.

export const put = (key: string, value: string, options: Partial<Put> = {}): Put => ({
  kind: 'put',
  key: bytes(key),
  value: bytes(value),
  ...options,
})

/** One key, or all from the first to before the second. */
export const keys = (key: string, rangeEnd?: string): KeyRange =>
  rangeEnd === undefined ? { key: bytes(key) } : { key: bytes(key), rangeEnd: bytes(rangeEnd) }

export const ALL: KeyRange = keys('\0', '\0')

export const range = (within: KeyRange, options: Partial<Range> = {}): Range => ({
  kind: 'range',
  ...within,
  ...options,
})

export const remove = (within: KeyRange, options: Partial<DeleteRange> = {}): DeleteRange => ({
  kind: 'deleteRange',
  ...within,
  ...options,
})

export const txn = (
  compare: readonly Compare[],
  success: readonly Operation[],
  failure: readonly Operation[] = [],
): Txn => ({ kind: 'txn', compare, success, failure })

export const compact = (revision: number): Request => ({ kind: 'compact', revision })

export const value = (within: KeyRange, result: CompareResult, operand: string): Compare => ({
  ...within,
  target: 'value',
  result,
  value: bytes(operand),
})

export const numbered = (
  within: KeyRange,
  target: 'version' | 'create' | 'mod',
  result: CompareResult,
  number: number,
): Compare => ({ ...within, target, result, number })

export const grant = (id: bigint, ttl: number): Request => ({ kind: 'leaseGrant', id, ttl })
export const revoke = (id: bigint): Request => ({ kind: 'leaseRevoke', id })
export const keepAlive = (id: bigint): Request => ({ kind: 'leaseKeepAlive', id })
export const timeToLive = (id: bigint): Request => ({ kind: 'leaseTimeToLive', id, keys: true })
export const tick = (seconds: number): Request => ({ kind: 'tick', seconds })
export const LEASES: Request = { kind: 'leaseLeases' }

// Answers; the first number is the header's revision.

/** The pair with its create revision, mod revision and version. */
export const pair = (
  key: string,
  content: string,
  [createRevision, modRevision, version]: readonly [number, number, number],
  lease = 0n,
): Pair => ({ key: bytes(key), createRevision, modRevision, version, value: bytes(content), lease })

export const isPut = (revision: number, prevKv: Pair | null = null): OperationAnswer => ({
  kind: 'put',
  revision,
  prevKv,
})

export const isRange = (
  revision: number,
  kvs: readonly Pair[],
  { count = kvs.length, more = false } = {},
): OperationAnswer => ({ kind: 'range', revision, kvs, more, count })

export const isRemoved = (
  revision: number,
  deleted: number,
  prevKvs: readonly Pair[] = [],
): OperationAnswer => ({ kind: 'deleteRange', revision, deleted, prevKvs })

export const isTxn = (
  revision: number,
  succeeded: boolean,
  responses: readonly OperationAnswer[],
): OperationAnswer => ({ kind: 'txn', revision, succeeded, responses })

export const isCompacted = (revision: number): Answer => ({ kind: 'compact', revision })

export const isGranted = (revision: number, id: bigint, ttl: number): Answer => ({
  kind: 'leaseGrant',
  revision,
  id,
  ttl,
})

export const isRevoked = (revision: number): Answer => ({ kind: 'leaseRevoke', revision })

export const isAlive = (revision: number, id: bigint, ttl: number): Answer => ({
  kind: 'leaseKeepAlive',
  revision,
  id,
  ttl,
})

export const isLeft = (
  revision: number,
  id: bigint,
  [ttl, grantedTtl]: readonly [number, number],
  attached: readonly string[] = [],
): Answer => ({ kind: 'leaseTimeToLive', revision, id, ttl, grantedTtl, keys: attached.map(bytes) })

export const areLeases = (revision: number, ...leases: readonly bigint[]): Answer => ({
  kind: 'leaseLeases',
  revision,
  leases,
})

export const isAt = (revision: number): Answer => ({ kind: 'tick', revision })

export const refused = (name: RefusalName): Answer => ({ kind: 'refusal', ...REFUSALS[name] })
