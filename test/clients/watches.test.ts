/** Watches on a store of this process: past and present are joined, readers are slow, the history is given up. */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { OperationFailure } from '../../clients/library/operation-failure.ts'
import { QUEUE_BYTES_MAX, WatchFailure } from '../../clients/library/watch.ts'
import { WATCHES_MAX } from '../../clients/library/watches.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { isWanted } from '../../src/simulator/checkers/watch-promises.ts'
import { EVERY_KEY, keysWithPrefix, oneKey } from '../../src/store/key-range.ts'
import { deeper } from '../kit/depth.ts'
import { put, remove } from '../store/harness.ts'
import { brokenBy, large, puts, type Reader, WatchedStore } from './watched-store.ts'

let store = new WatchedStore()
beforeEach(() => {
  store = new WatchedStore()
})
afterEach(() => store.watches.close())

const revisionsOf = ({ steps }: Reader): readonly number[] =>
  steps.filter(({ kind }) => kind === 'changes').map(({ revision }) => revision)

describe('a watch', () => {
  test('gives the past and then the present, in one sequence', async () => {
    store.run(...puts(5))
    const reader = store.open({ after: 2 })
    await reader.through(6)
    store.run(put('a', '1'), remove('a'))
    await reader.through(8)
    expect(revisionsOf(reader)).toEqual([3, 4, 5, 6, 7, 8])
    expect(brokenBy(store, reader)).toEqual([])
  })

  test('without a revision begins at the present', async () => {
    store.run(...puts(5))
    const reader = store.open()
    await reader.watch.opened
    store.run(put('a', '1'))
    await reader.through(7)
    expect(revisionsOf(reader)).toEqual([7])
  })

  test('of a revision to come waits for it, and is given nothing before', async () => {
    const reader = store.open({ after: 4, progress: true })
    await reader.watch.opened
    const other = store.open({ after: 0 })
    for (let revision = 2; revision < 7; revision++) {
      store.run(put('k', `${revision}`))
      await other.through(revision)
    }
    await reader.through(6)
    expect(reader.steps.map(({ revision }) => revision)).toEqual([5, 6])
  })

  test('gives only what is asked for', async () => {
    const readers = [
      store.open({ after: 0, range: oneKey(utf8('b1')) }),
      store.open({ after: 0, range: keysWithPrefix(utf8('b')), only: 'delete' }),
      store.open({ after: 0, only: 'put', previous: true }),
      store.open({ after: 0, previous: true }),
    ]
    await Promise.all(readers.map(({ watch }) => watch.opened))
    store.run(put('a', '1'), put('b1', '2'), put('b2', '3'), put('b1', '4'))
    store.run({ kind: 'delete-range', ...EVERY_KEY }, put('b1', '5'), put('b2', '6'), remove('b1'))
    store.run(put('b1', 'last'), remove('b1'), put('z', 'end'))
    const ends = [11, 11, 12, 12]
    await Promise.all(readers.map((reader, index) => reader.through(ends[index] as number)))
    expect(brokenBy(store, ...readers)).toEqual([])
    expect(readers.map(revisionsOf)).toMatchObject([
      [3, 5, 6, 7, 9, 10, 11],
      [6, 9, 11],
      [2, 3, 4, 5, 7, 8, 10, 12],
      [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    ])
  })

  test('gives a value before that did not fit into an answer beside the new one', async () => {
    store.run(
      large('k'),
      { ...large('k'), value: new Uint8Array(1 << 20) } as never,
      {
        ...large('k'),
        value: new Uint8Array(1 << 20).fill(7),
      } as never,
    )
    const reader = await store.open({ after: 2, previous: true }).through(4)
    const [, last] = reader.steps.flatMap((step) => (step.kind === 'changes' ? step.changes : []))
    expect(last?.previous).toMatchObject({ modRevision: 3, version: 2, value: new Uint8Array(1 << 20) })
  })

  test('gives a revision that is too large for one answer in parts, and then marks it as whole', async () => {
    store.run(...['a', 'b', 'c', 'd', 'e'].map(large), { kind: 'delete-range', ...EVERY_KEY })
    const reader = await store.open({ after: 6, previous: true }).through(7)
    while (reader.steps.at(-1)?.kind === 'changes' && !(reader.steps.at(-1) as { isWhole: boolean }).isWhole)
      await reader.take()
    expect(
      reader.steps.map((step) => step.kind === 'changes' && [step.changes.length, step.isWhole]),
    ).toEqual([
      [2, false],
      [2, false],
      [1, true],
    ])
    expect(brokenBy(store, reader)).toEqual([])
  })

  test('marks how far it is where nothing comes', async () => {
    const reader = store.open({ range: oneKey(utf8('never')), progress: true, after: 0 })
    store.run(...puts(3))
    await reader.through(4)
    store.run(...puts(3))
    await reader.through(7)
    expect(new Set(reader.steps.map(({ kind }) => kind))).toEqual(new Set(['progress']))
    expect(brokenBy(store, reader)).toEqual([])
  })
})

describe('many watches', () => {
  test('share the reads of the present', async () => {
    const readers = Array.from({ length: 50 }, (_, index) =>
      store.open({ range: oneKey(utf8(`k${index % 7}`)) }),
    )
    await Promise.all(readers.map(({ watch }) => watch.opened))
    const before = store.executed.length
    store.run(...puts(70))
    store.watches.learn(store.revision)
    await Promise.all(readers.map((reader, index) => reader.through(65 + (index % 7))))
    expect(store.executed.length - before).toBeLessThan(50)
    for (const [index, reader] of readers.entries()) expect(revisionsOf(reader), `${index}`).toHaveLength(10)
  })

  test('are bounded, with an error of its own', () => {
    for (let index = 0; index < WATCHES_MAX; index++) store.watches.open({ range: EVERY_KEY })
    expect(() => store.open()).toThrow(expect.objectContaining({ code: 'too-many-watches' }))
    expect(store.watches.count).toBe(WATCHES_MAX)
  })

  test('whatever happens in whatever order, each reader is given what it asked for', async () => {
    const range = fc.constantFrom(
      EVERY_KEY,
      oneKey(utf8('k1')),
      keysWithPrefix(utf8('k')),
      keysWithPrefix(utf8('l')),
    )
    const only = fc.constantFrom<'put' | 'delete' | undefined>(undefined, undefined, 'put', 'delete')
    const action = fc.oneof(
      {
        weight: 4,
        arbitrary: fc
          .tuple(fc.constantFrom('k1', 'k2', 'l'), fc.nat(9))
          .map(([key, value]) => ({ kind: 'put' as const, key, value })),
      },
      { weight: 1, arbitrary: range.map((range) => ({ kind: 'delete' as const, range })) },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('open' as const),
          range,
          after: fc.nat(12),
          only,
          previous: fc.boolean(),
          progress: fc.boolean(),
        }),
      },
      { weight: 4, arbitrary: fc.nat().map((reader) => ({ kind: 'take' as const, reader })) },
      { weight: 2, arbitrary: fc.constant({ kind: 'turn' as const }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        const store = new WatchedStore({ pauseMin: 0, pauseMax: 1, progress: 1 })
        const readers: Reader[] = []
        for (const action of actions) {
          if (action.kind === 'put') store.run(put(action.key, `${action.value}`))
          if (action.kind === 'delete') store.run({ kind: 'delete-range', ...action.range })
          if (action.kind === 'turn') await new Promise(setImmediate)
          if (action.kind === 'open') {
            const { kind: _, only, ...query } = action
            readers.push(store.open(only === undefined ? query : { ...query, only }))
          }
          const reader = action.kind === 'take' ? readers[action.reader % readers.length] : undefined
          if (reader !== undefined && !reader.watch.isDrained) await reader.take()
        }
        while (store.revision < 13) store.run(put('m', ''))
        // The last change, which all but those of deletions and of other keys are given, ends each reader.
        store.run(put('k1', ''), put('l', ''), { kind: 'delete-range', ...EVERY_KEY })
        const last = store.truth
        for (const reader of readers) {
          const { record } = reader
          const wanted = last
            .filter((change) => change.main > record.after && isWanted(record, change))
            .at(-1)
          if (wanted !== undefined) await reader.through(wanted.main)
          reader.watch.close()
        }
        expect(brokenBy(store, ...readers)).toEqual([])
        store.watches.close()
      }),
      { numRuns: deeper(10, 30) },
    )
  })
})

describe('a slow reader', () => {
  test('holds a bounded queue, goes back to the past, and misses nothing', async () => {
    const [slow, fast] = [store.open({ after: 1 }), store.open({ after: 1 })]
    await Promise.all([slow.watch.opened, fast.watch.opened])
    for (let index = 0; index < 12; index++) {
      store.run(large(`k${index}`))
      await fast.through(store.revision)
    }
    expect(slow.watch.hasRoom).toBe(false)
    expect(slow.watch.place?.main).toBeLessThan(2 + Math.ceil((2 * QUEUE_BYTES_MAX) / 700_000))
    await slow.through(store.revision)
    expect(brokenBy(store, slow, fast)).toEqual([])
    expect(revisionsOf(slow)).toEqual(revisionsOf(fast))
  })

  test('that falls behind the floor gets an error, after its queued steps', async () => {
    const reader = store.open({ after: 1 })
    await reader.watch.opened
    const other = store.open({ after: 1 })
    for (let index = 0; index < 6; index++) {
      store.run(large(`k${index}`))
      await other.through(store.revision)
    }
    store.run({ kind: 'compact', revision: 7 })
    await reader.through(8)
    expect(reader.failure).toBeInstanceOf(WatchFailure)
    expect(reader.failure).toMatchObject({ code: 'compacted', floor: 7, revision: 7 })
    expect(revisionsOf(reader).at(-1)).toBeLessThan(6)
    expect(await reader.take()).toBe(false)
    expect(store.watches.count).toBe(1)
  })
})

describe('the end of a watch', () => {
  test('at a revision that is compacted comes at once', async () => {
    store.run(...puts(5), { kind: 'compact', revision: 4 })
    const reader = store.open({ after: 2 })
    await expect(reader.watch.opened).rejects.toMatchObject({ code: 'compacted', floor: 4 })
    expect(await reader.take()).toBe(false)
    const atFloor = await store.open({ after: 3 }).through(6)
    expect(revisionsOf(atFloor)).toEqual([4, 5, 6])
  })

  test('comes with a failure that no repetition helps, and not with one that passes', async () => {
    let failures = 3
    store.before = async ({ kind }) => {
      if (kind === 'changes' && failures-- > 0) throw new OperationFailure('unknown', 'no answer')
    }
    store.run(...puts(3))
    const reader = await store.open({ after: 1 }).through(4)
    expect(revisionsOf(reader)).toEqual([2, 3, 4])
    store.before = async () => {
      throw new OperationFailure('key-shared', 'another process uses the key')
    }
    expect(await reader.take()).toBe(false)
    expect(reader.failure).toMatchObject({ code: 'key-shared' })
  })

  test('by its reader ends a pending read', async () => {
    const { watch } = store.open()
    const pending = watch.next()
    watch.close()
    expect(await pending).toEqual({ done: true, value: undefined })
    expect(await watch.next()).toEqual({ done: true, value: undefined })
    expect(store.watches.count).toBe(0)
  })

  test('of a loop over it ends the watch', async () => {
    store.run(...puts(3))
    for await (const step of store.watches.open({ range: EVERY_KEY, after: 0 })) {
      expect(step).toMatchObject({ kind: 'changes', revision: 2 })
      break
    }
    expect(store.watches.count).toBe(0)
  })
})
