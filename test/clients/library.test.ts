/** The library on a store of this process: the same answers and errors over both transports. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import * as library from '../../clients/library/index.ts'
import { compare, step } from '../../clients/library/index.ts'
import type { Store } from '../../clients/library/store.ts'
import { errorOf } from '../../clients/library/store-errors.ts'
import { LibraryStores } from './library-stores.ts'

const stores = new LibraryStores()
beforeAll(() => stores.listen())
afterAll(() => stores.close())
beforeEach(() => {
  stores.clear()
})

const collected = async <T>(items: AsyncIterable<T>): Promise<readonly T[]> => {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

describe.each(['straight', 'gateway'] as const)('%s', (by) => {
  let store: Store
  beforeEach(async () => {
    store = await stores.open(by)
  })
  afterEach(() => store.close())

  test('a key is put, read, read as it was, and deleted', async () => {
    expect(await store.get('a')).toBeNull()
    expect(await store.put('a', 'one')).toEqual({
      ...{ revision: 2, createRevision: 2, modRevision: 2, version: 1, previous: null },
    })
    const second = await store.put('a', Uint8Array.of(255, 0), { previous: true })
    expect([second.version, second.previous?.text]).toEqual([2, 'one'])
    const now = await store.get('a')
    expect([now?.keyText, now?.value, now?.version, now?.lease]).toEqual([
      'a',
      Uint8Array.of(255, 0),
      2,
      null,
    ])
    expect(() => now?.text).toThrow(TypeError)
    expect((await store.get('a', { revision: 2 }))?.text).toBe('one')
    expect(await store.delete('a')).toEqual({ revision: 4, deleted: true, previous: null })
    expect(await store.delete('a', { previous: true })).toEqual({
      revision: 4,
      deleted: false,
      previous: null,
    })
    expect(await store.get('a')).toBeNull()
  })

  test('keys and values are any bytes', async () => {
    for (const key of [Uint8Array.of(0), Uint8Array.of(255, 254), '..', 'a/../b', 'ä \\ \n%2F', '\uFEFFx']) {
      await store.put(key, 'v')
      expect((await store.get(key))?.text).toBe('v')
      const [found] = await collected(store.list({ prefix: key }))
      expect(found?.key).toEqual(typeof key === 'string' ? Uint8Array.from(Buffer.from(key)) : key)
      expect((await store.delete(key, { previous: true })).previous?.text).toBe('v')
    }
  })

  test('a condition holds at the moment of the write, with the entry before it or without', async () => {
    await store.put('a', '1', { ifRevision: 0 })
    for (const previous of [false, true]) {
      const moved = { code: 'revision-moved', modRevision: 2 }
      await expect(store.put('a', 'x', { ifRevision: 0, previous })).rejects.toMatchObject(moved)
      await expect(store.delete('a', { ifRevision: 1, previous })).rejects.toBeInstanceOf(
        library.RevisionMovedError,
      )
    }
    expect((await store.put('a', '2', { ifRevision: 2, previous: true })).previous?.text).toBe('1')
    expect((await store.delete('a', { ifRevision: 3, previous: true })).previous?.text).toBe('2')
  })

  test('a list goes over pages, all at one revision, in either order', async () => {
    const names = Array.from({ length: 1_234 }, (_, index) => `k${`${index}`.padStart(4, '0')}`)
    for (let at = 0; at < names.length; at += 100) {
      await store.transaction({ success: names.slice(at, at + 100).map((name) => step.put(name, name)) })
    }
    const seen: string[] = []
    for await (const { keyText } of store.list({ prefix: 'k' }, { keysOnly: true })) {
      if (seen.length === 900) await store.deleteRange({ start: 'k1100' })
      seen.push(keyText)
    }
    expect(seen).toEqual(names)
    const rest = await collected(
      store.list({ start: 'k0010', end: 'k1099' }, { order: 'descending', limit: 1_050 }),
    )
    expect(rest.map(({ text }) => text)).toEqual(names.slice(10, 1_099).reverse().slice(0, 1_050))
    expect(await store.count({ prefix: 'k' })).toBe(1_100)
    await expect(collected(store.list({ prefix: 'k' }, { sort: 'mod' }))).rejects.toMatchObject({
      code: 'too-large',
    })
    const [newest] = await collected(
      store.list({ prefix: 'k' }, { sort: 'mod', order: 'descending', limit: 1 }),
    )
    expect(newest?.modRevision).toBe(12)
    expect(await collected(store.list({ prefix: 'k' }, { minCreateRevision: 13 }))).toEqual([])
  })

  test('a transaction compares, and its results have the types of its steps', async () => {
    await store.put('leader', 'ann')
    await store.put('old', 'eve')
    const lease = await store.grantLease(60)
    const done = await store.transaction({
      compare: [
        compare.value('leader', '=', 'ann'),
        compare.missing('x'),
        compare.lease('leader', '!=', lease),
      ],
      success: [
        step.put('leader', 'bob', { lease }),
        step.get('leader'),
        step.list({ prefix: '' }),
        step.transaction({
          compare: [compare.exists('x')],
          failure: [step.delete('old', { previous: true })],
        }),
      ],
      failure: [step.get('leader')],
    })
    if (!done.succeeded) throw new Error('it did not succeed')
    const [put, got, listed, inner] = done.results
    expect([put.version, got?.text, got?.lease, listed.count, inner.succeeded]).toEqual([
      2,
      'bob',
      lease.id,
      2,
      false,
    ])
    expect(inner.succeeded ? null : inner.results[0].previous.map(({ text }) => text)).toEqual(['eve'])
    const other = await store.transaction({
      compare: [compare.exists('old')],
      failure: [step.get('old')],
    })
    expect(other).toMatchObject({ succeeded: false, results: [null] })
    const twice = { success: [step.put('a', '1'), step.put('a', '2')] }
    await expect(store.transaction(twice)).rejects.toMatchObject({ code: 'bad-request' })
  })

  test('a lease has its keys, is kept, and ends', async () => {
    {
      await using lease = await store.grantLease(60, { id: 'ab' })
      await store.put('a', '1', { lease })
      await store.put('b', '1', { lease: 'ab' })
      expect((await store.get('a'))?.lease).toBe('00000000000000ab')
      expect((await lease.state()).keys.map((key) => `${Buffer.from(key)}`)).toEqual(['a', 'b'])
      await lease.keepAlive()
      expect(await store.leases()).toEqual([lease.id])
      await expect(store.grantLease(60, { id: 'ab' })).rejects.toBeInstanceOf(library.LeaseExistsError)
    }
    expect(await store.count({ prefix: '' })).toBe(0)
    const gone = store.lease({ id: 'ab', ttl: 60 })
    await expect(gone.keepAlive()).rejects.toBeInstanceOf(library.LeaseNotFoundError)
    await expect(store.put('a', '1', { lease: gone })).rejects.toBeInstanceOf(library.LeaseNotFoundError)
  })

  test('a watch gives every change, and a later one goes on behind it', async () => {
    await store.put('k/a', 'before')
    const watch = store.watch({ prefix: 'k/' }, { previous: true })
    await watch.opened
    await store.put('k/a', '1')
    await store.put('other', '1')
    await store.deleteRange({ prefix: 'k/' })
    const seen: unknown[] = []
    for await (const { revision, changes } of watch) {
      seen.push([
        revision,
        ...changes.map(({ type, keyText, entry, previous }) => [type, keyText, entry?.text, previous?.text]),
      ])
      if (revision === 5) break
    }
    expect(seen).toEqual([
      [3, ['put', 'k/a', '1', 'before']],
      [5, ['delete', 'k/a', undefined, '1']],
    ])
    await store.put('k/b', '2')
    await using later = store.watch({ prefix: 'k/' }, { after: watch.revision })
    const next = await later.next()
    expect(next.value?.changes.map(({ keyText }) => keyText)).toEqual(['k/b'])
    await store.compact(6)
    await expect(store.watch('k/a', { after: 2 }).next()).rejects.toMatchObject({
      code: 'compacted',
      floor: 6,
    })
    await expect(store.get('k/a', { revision: 3 })).rejects.toBeInstanceOf(library.CompactedError)
    await expect(store.get('k/a', { revision: 99 })).rejects.toBeInstanceOf(library.FutureRevisionError)
  })

  test('an abort ends a watch and a wait with its reason', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const waiting = store.watch('a', { signal }).next()
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await expect(store.get('a', { signal })).rejects.toThrow('enough')
    await expect(store.put('a', '1', { signal })).rejects.toThrow('enough')
    expect(await store.get('a')).toBeNull()
  })

  test('what the store would not take is refused before it is sent', async () => {
    await expect(store.get('')).rejects.toBeInstanceOf(library.BadKeyError)
    await expect(store.put('x'.repeat(5_000), '')).rejects.toBeInstanceOf(library.BadKeyError)
    await expect(store.put('x', new Uint8Array(2 ** 20 + 1))).rejects.toBeInstanceOf(library.TooLargeError)
    await expect(store.get('x', { revision: -1 })).rejects.toBeInstanceOf(library.BadRequestError)
    expect(() => store.watch({ start: 'b', end: 'a' })).toThrow(library.BadRequestError)
    await store.close()
    await expect(store.get('a')).rejects.toBeInstanceOf(library.ClosedError)
  })
})

describe('retries', () => {
  const failing = (times: number, code: string) => {
    let left = times
    return () => {
      if (left-- > 0) throw errorOf(code, 'by the test')
    }
  }

  test('a read is sent again; a write without an answer is not, and its error states so', async () => {
    const store = await stores.open('straight')
    stores.after = failing(2, 'unknown')
    expect(await store.get('a')).toBeNull()
    stores.after = failing(1, 'unknown')
    await expect(store.put('a', '1')).rejects.toBeInstanceOf(library.UnknownOutcomeError)
    expect((await store.get('a'))?.version).toBe(1)
    stores.after = failing(3, 'unknown')
    await expect(store.get('a')).rejects.toBeInstanceOf(library.NoAnswerError)
  })

  test('a write with an idempotency key is sent again, and executed once', async () => {
    const store = await stores.open('straight')
    stores.after = failing(1, 'unknown')
    expect((await store.put('a', '1', { idempotencyKey: 'k' })).version).toBe(1)
    expect((await store.put('a', '1', { idempotencyKey: 'k' })).version).toBe(1)
    await expect(store.put('a', '2', { idempotencyKey: 'k' })).rejects.toBeInstanceOf(
      library.IdempotencyKeyReusedError,
    )
    await expect(store.put('a', '1', { idempotencyKey: 'a b' })).rejects.toBeInstanceOf(
      library.BadRequestError,
    )
    const through = await library.connect(stores.url, { retryWrites: true })
    for (const previous of [false, true]) {
      const first = await through.put('b', '1', { previous, idempotencyKey: `p${previous}` })
      expect(await through.put('b', '1', { previous, idempotencyKey: `p${previous}` })).toEqual(first)
    }
    expect((await through.put('b', '1')).version).toBe(3)
    await through.close()
  })

  test('a write that did not happen is sent again', async () => {
    const store = await stores.open('straight')
    stores.before = failing(2, 'busy')
    expect((await store.put('a', '1')).version).toBe(1)
    stores.before = failing(1, 'no-space')
    await expect(store.put('a', '1')).rejects.toBeInstanceOf(library.NoSpaceError)
  })

  test('a gateway that is not there is named', async () => {
    await using store = await library.connect('http://127.0.0.1:1', { tries: 1 })
    await expect(store.get('a')).rejects.toBeInstanceOf(library.UnreachableError)
    await expect(library.connect('localhost:8080')).rejects.toThrow('is not the address of a gateway')
  })
})
