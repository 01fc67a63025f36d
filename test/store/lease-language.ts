/** Operations on leases, and what a test of them needs beside. */
import { utf8 } from '../../src/base/bytes.ts'
import { OPERATIONS_MAX } from '../../src/store/operations.ts'
import type { Operation } from '../../src/store/operations-writer.ts'
import type { Result } from '../../src/store/results.ts'
import type { Driver } from './harness.ts'

export const grant = (id: bigint, ttl: number): Operation => ({ kind: 'lease-grant', id, ttl })
export const revoke = (id: bigint): Operation => ({ kind: 'lease-revoke', id })
export const keepAlive = (id: bigint): Operation => ({ kind: 'lease-keep-alive', id })
export const timeToLive = (id: bigint, after = ''): Operation => ({
  kind: 'lease-time-to-live',
  id,
  keys: true,
  after: utf8(after),
})

export const statuses = (results: readonly Result[]): readonly string[] => results.map(({ status }) => status)

/** Executes batches without requests until no lease is due. Returns the number of batches. */
export function drain(driver: Driver): number {
  let batches = 0
  for (; (driver.store.nextExpiry ?? Number.POSITIVE_INFINITY) <= driver.now; batches++) driver.batch([])
  return batches
}

/** Executes many operations, as many in a request as it may hold. */
export function inPortions(driver: Driver, count: number, operation: (index: number) => Operation): void {
  for (let from = 0; from < count; from += OPERATIONS_MAX) {
    const length = Math.min(OPERATIONS_MAX, count - from)
    driver.run(...Array.from({ length }, (_, index) => operation(from + index)))
  }
}
