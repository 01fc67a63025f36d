/**
 * Puts: converts etcd's request into an operation of the store, and reports errors that do not depend on its state.
 */
import type { Operation } from '../../../src/store/operations-writer.ts'
import type { Result } from '../../../src/store/results.ts'
import { keyValueOf } from './answers.ts'
import { etcdError } from './errors.ts'
import type { KeyValue, PutRequest } from './messages.ts'

/** Throws the error of a put that is invalid in every state of the store. */
export function checkPut({ key, value, lease, ignoreValue, ignoreLease }: PutRequest): void {
  if (key.length === 0) throw etcdError('noKey')
  if (ignoreValue && value.length > 0) throw etcdError('valueProvided')
  if (ignoreLease && lease !== 0n) throw etcdError('leaseProvided')
}

/** Returns the operation of a checked put. */
export function putOperation(request: PutRequest): Extract<Operation, { kind: 'put' | 'put-with-options' }> {
  const { key, value, lease, prevKv, ignoreValue, ignoreLease } = request
  if (!prevKv && !ignoreValue && !ignoreLease) return { kind: 'put', key, value, lease }
  const options = { previous: prevKv, keepValue: ignoreValue, keepLease: ignoreLease }
  const put = { kind: 'put-with-options', key, value, ...options } as const
  return lease === 0n ? put : { ...put, lease }
}

/** Returns the pair before a put; null if there was none, or if it was not requested. */
export const previousOf = (result: Result): KeyValue | null =>
  result.status === 'ok' && result.kind === 'put-with-options' && result.previous !== null
    ? keyValueOf(result.previous)
    : null
