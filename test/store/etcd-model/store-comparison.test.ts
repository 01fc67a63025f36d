/** The store against the model of etcd's data, by drawn requests: those that the store has. */
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../src/base/random.ts'
import { deeper } from '../../kit/depth.ts'
import { CASES, playCase } from './cases.ts'
import { show } from './comparison.ts'
import { Generator } from './generator.ts'
import { EtcdModel } from './model.ts'
import { RelativeModel } from './relative-model.ts'
import { isSupported, StoreModel } from './store-model.ts'

const SEEDS = deeper(2, 40)
const REQUESTS = 1_500
const LEASE_ANSWERS = ['leaseGrant', 'leaseRevoke', 'leaseKeepAlive', 'leaseTimeToLive', 'leaseLeases']

const PLAYED = CASES.filter(({ steps }) => steps.every(({ request }) => isSupported(request)))

test.each(PLAYED)('the store in the case $name', async (each) => {
  const steps = await playCase({ ...each, isForNewStores: true }, new StoreModel())
  expect(steps.map(({ answered }) => answered)).toEqual(steps.map(({ expected }) => expected))
})

test('the store answers drawn requests as etcd does: puts, ranges, deletions, transactions, compaction, leases', async () => {
  const met = new Map<string, number>()
  for (let seed = 1; seed <= SEEDS; seed++) {
    const generator = new Generator(createRandom(seed))
    // The two choose different ids for leases.
    const [model, store] = [new RelativeModel(new EtcdModel()), new RelativeModel(new StoreModel())]
    for (let index = 0; index < REQUESTS; index++) {
      const request = generator.next()
      if (!isSupported(request)) continue
      const expected = await model.apply(request)
      expect(show(await store.apply(request)), `request ${index} of seed ${seed}: ${show(request)}`).toBe(
        show(expected),
      )
      generator.hear(request, expected)
      const name = expected.kind === 'refusal' ? expected.message : expected.kind
      met.set(name, (met.get(name) ?? 0) + 1)
    }
  }
  for (const name of ['put', 'range', 'deleteRange', 'compact', 'txn', ...LEASE_ANSWERS])
    expect(met.get(name), name).toBeGreaterThan(20)
  for (const part of [
    'not provided',
    'compacted',
    'future',
    'duplicate key',
    'key not found',
    'value is provided',
    'lease is provided',
    'lease not found',
    'already exists',
    'too large',
  ]) {
    expect(
      [...met.keys()].some((name) => name.includes(part)),
      part,
    ).toBe(true)
  }
})

const SUPPORTED = CASES.filter(({ steps }) => steps.every(({ request }) => isSupported(request)))

describe('the store answers the cases as etcd does', () => {
  test.each(SUPPORTED)('$name', async (each) => {
    const steps = await playCase({ ...each, isForNewStores: true }, new StoreModel())
    expect(steps.map(({ answered }) => answered)).toEqual(steps.map(({ expected }) => expected))
  })

  test('most of them', () => {
    expect(SUPPORTED.length).toBeGreaterThan(20)
  })
})
