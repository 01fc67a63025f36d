/** Reads of the store without ordering: the same answers, from the state after the last whole batch. */
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { encodeOperations, type Operation } from '../../src/store/operations-writer.ts'
import { alice, Driver, get, list, put, remove, stranger } from './harness.ts'

const everything: Operation = { kind: 'range', key: utf8('a'), end: utf8('z') }
const allowed = () => ({ left: 1_000 })

describe('a read without ordering', () => {
  test('gives what ordering it would give, and changes nothing', () => {
    const driver = new Driver()
    driver.run(put('a', 'one'), put('b', 'two'))
    driver.run(remove('b'))
    const operations = encodeOperations([get('a'), get('b'), get('c'), list('', 9), everything])
    const before = driver.fingerprint()
    const results = driver.store.read(alice, operations, allowed())
    expect(driver.fingerprint()).toBe(before)
    expect(results).toEqual(driver.bytes(operations))
  })

  test('is refused for a stranger, with a write, in bad framing, and beyond its allowance', () => {
    const { store } = new Driver()
    const read = encodeOperations([get('a')])
    expect(store.read(alice, read, allowed())).not.toBeNull()
    expect(store.read(stranger, read, allowed())).toBeNull()
    expect(store.read(alice, encodeOperations([get('a'), put('a', 'two')]), allowed())).toBeNull()
    expect(store.read(alice, utf8('no operations'), allowed())).toBeNull()
    const many = encodeOperations(Array.from({ length: 50 }, () => get('a')))
    expect(store.read(alice, many, { left: 100 })).toBeNull()
  })

  test('is refused while a batch is half executed, and sees the batch after it', () => {
    const driver = new Driver()
    driver.run(put('a', 'one'))
    const { store } = driver
    const read = encodeOperations([get('a')])
    const before = store.read(alice, read, allowed())
    const half = driver.halfway(put('a', 'two'), put('a', 'three'))
    expect(store.read(alice, read, allowed())).toBeNull()
    half.finish()
    expect(store.read(alice, read, allowed())).not.toEqual(before)
  })

  test('of a range that examines more than its allowance is refused', () => {
    const driver = new Driver()
    driver.run(...Array.from({ length: 200 }, (_, index) => put(`k${index}`, 'v')))
    expect(driver.store.read(alice, encodeOperations([everything]), { left: 100 })).toBeNull()
    const counted = encodeOperations([{ ...everything, minModRevision: 1_000_000 } as Operation])
    expect(driver.store.read(alice, counted, { left: 100 })).toBeNull()
  })
})
