/** The errors of puts that are wrong in any state of the store. */
import { etcdError } from './errors.ts'
import type { PutRequest } from './messages.ts'

/** Throws the error of a put that is wrong in any state of the store. */
export function checkPut({ key, value, lease, ignoreValue, ignoreLease }: PutRequest): void {
  if (key.length === 0) throw etcdError('noKey')
  if (ignoreValue && value.length > 0) throw etcdError('valueProvided')
  if (ignoreLease && lease !== 0n) throw etcdError('leaseProvided')
}
