/** The limits on leases and on the keys of one, reached. */
import { expect, test } from 'vitest'
import { EVERY_KEY } from '../../src/store/key-range.ts'
import { LEASE_KEYS_MAX } from '../../src/store/lease-keys.ts'
import { LEASES_MAX, PORTION_LEASES } from '../../src/store/leases.ts'
import { Driver, put } from '../store/harness.ts'
import { drain, grant, inPortions, statuses } from '../store/lease-language.ts'

test('the keys of a lease may be no more than the limit, which a key that is attached already does not meet', () => {
  const driver = new Driver()
  driver.run(grant(7n, 10_000))
  inPortions(driver, LEASE_KEYS_MAX, (index) => put(`${index}`, '', { lease: 7n }))
  expect(statuses(driver.run(put('more', '', { lease: 7n }), put('5', 'x', { lease: 7n })))).toEqual([
    'too-many-lease-keys',
    'ok',
  ])
  // A lease ends whole, however many keys it has.
  const { revision } = driver.store
  driver.now = 20_000_000
  driver.batch([])
  expect(driver.store.revision).toBe(revision + 1)
  expect(driver.run({ kind: 'range', ...EVERY_KEY })).toMatchObject([{ count: 0 }])
})

test('leases are refused beyond the limit', () => {
  const driver = new Driver()
  inPortions(driver, LEASES_MAX, () => grant(0n, 10))
  expect(statuses(driver.run(grant(0n, 10), grant(5n, 10)))).toEqual(['too-many-leases', 'too-many-leases'])
  driver.now = 20_000
  expect(drain(driver)).toBe(LEASES_MAX / PORTION_LEASES)
  expect(driver.run({ kind: 'leases' }, grant(0n, 10))).toMatchObject([{ leases: [] }, { status: 'ok' }])
})
