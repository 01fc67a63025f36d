/** Trees put together from pages: what is asked for, what is refused, what hostile pages do, and what changed between two. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, equalBytes, toHex, writeU16, writeU32 } from '../../src/base/bytes.ts'
import { TreeAssembly } from '../../src/tree/assembly.ts'
import { LEVELS_MAX } from '../../src/tree/layout.ts'
import type { TreeSnapshot } from '../../src/tree/snapshot.ts'
import { Tree } from '../../src/tree/tree.ts'
import { deeper } from '../kit/depth.ts'
import { apply, contentsOf, gather, hash, pagesOf, runs } from './tree-kit.ts'

const NOTHING = new Uint8Array(0)
const empty = new Tree(hash).snapshot()
const keyOf = (index: number): Uint8Array => hash(Uint8Array.of(index >> 8, index)).subarray(0, 12)

function grown(count: number, valueLength = 100): Tree {
  const tree = new Tree(hash)
  for (let index = 0; index < count; index++) tree.set(keyOf(index), new Uint8Array(valueLength).fill(index))
  return tree
}

function frozen(tree: Tree): { readonly snapshot: TreeSnapshot; readonly root: Uint8Array } {
  const snapshot = tree.snapshot()
  return { snapshot, root: snapshot.hashAll() }
}

describe('changes between snapshots', () => {
  test('turn a store of pages into the store of the newer snapshot, exactly', () => {
    fc.assert(
      fc.property(runs, (all) => {
        const tree = new Tree(hash)
        let base = frozen(tree).snapshot
        const older = [base]
        const stored = pagesOf(base)
        for (const run of all) {
          for (const each of run) apply(tree, new Map(), each)
          // Now and then an old state comes back, with pages of equal bytes.
          if (run.length % 3 === 0) tree.restore(older[run.length % older.length] as TreeSnapshot)
          const next = frozen(tree).snapshot
          const { added, removed } = next.changesSince(base)
          const names = new Set<string>()
          for (const { hash: name, bytes } of added) {
            expect(stored.has(toHex(name))).toBe(false)
            expect(names.has(toHex(name))).toBe(false)
            names.add(toHex(name))
            expect(hash(bytes)).toEqual(name)
          }
          for (const { hash: name, bytes } of next.changesSince(base).added)
            stored.set(toHex(name), bytes.slice())
          for (const name of removed) expect(stored.delete(toHex(name))).toBe(true)
          expect([...stored.keys()].sort()).toEqual([...pagesOf(next).keys()].sort())
          base = next
          older.push(next)
        }
      }),
      { numRuns: deeper(5, 100) },
    )
  })

  test('are the same however the two are gone through, between any two trees', () => {
    fc.assert(
      fc.property(
        runs,
        runs,
        fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }),
        (here, there, turns) => {
          const [base, next] = [here, there].map((all) => {
            const tree = new Tree(hash)
            for (const run of all) for (const each of run) apply(tree, new Map(), each)
            return frozen(tree).snapshot
          }) as [TreeSnapshot, TreeSnapshot]
          const { added, removed } = next.changesSince(base)
          const pages = added[Symbol.iterator]() as Generator<{ hash: Uint8Array; bytes: Uint8Array }>
          const names = removed[Symbol.iterator]() as Generator<Uint8Array>
          const stored = pagesOf(base)
          for (let step = 0, isEnded = false; !isEnded; step++) {
            const isAdding = turns[step % turns.length] === true
            const page = isAdding ? pages.next() : null
            const name = isAdding ? null : names.next()
            if (page?.done === false) stored.set(toHex(page.value.hash), page.value.bytes)
            if (name?.done === false) expect(stored.delete(toHex(name.value))).toBe(true)
            isEnded = page?.done === true || name?.done === true
          }
          for (const { hash: name, bytes } of pages) stored.set(toHex(name), bytes)
          for (const name of names) expect(stored.delete(toHex(name))).toBe(true)
          expect([...stored.keys()].sort()).toEqual([...pagesOf(next).keys()].sort())
        },
      ),
      { numRuns: deeper(5, 100) },
    )
  })

  test('keep equal values of two keys apart, so that either may go', () => {
    const tree = new Tree(hash)
    const value = new Uint8Array(5_000).fill(1)
    tree.set(keyOf(1), value)
    tree.set(keyOf(2), value)
    const both = frozen(tree).snapshot
    tree.remove(keyOf(1))
    const { snapshot, root } = frozen(tree)
    const stored = pagesOf(both)
    for (const name of snapshot.changesSince(both).removed) stored.delete(toHex(name))
    for (const page of snapshot.changesSince(both).added) stored.set(toHex(page.hash), page.bytes)
    expect(gather(root, stored).snapshot.get(keyOf(2))).toEqual(value)
  })

  test('are the pages that differ, not the tree', () => {
    const tree = grown(5_000)
    const base = frozen(tree).snapshot
    tree.set(keyOf(77), Uint8Array.of(1))
    const next = frozen(tree).snapshot
    expect([...next.changesSince(base).added].length).toBeLessThan(6)
    expect([...next.changesSince(next).added]).toEqual([])
    expect([...next.changesSince(next).removed]).toEqual([])
  })
})

describe('an assembly', () => {
  test('lists missing pages with parents first, the same at every asking, at most as many as asked for', () => {
    const { snapshot, root } = frozen(grown(3_000))
    const assembly = new TreeAssembly(hash, empty, root)
    expect(assembly.missing(0)).toEqual([])
    expect(assembly.missing(9)).toEqual([{ path: [], hash: root }])
    expect(assembly.finish()).toBeNull()
    const seen = new Set<string>()
    for (let all = assembly.missing(5); all.length > 0; all = assembly.missing(5)) {
      expect(assembly.missing(5)).toEqual(all)
      expect(all.length).toBeLessThanOrEqual(5)
      for (const reference of all) {
        if (reference.path.length > 0) expect(seen.has(reference.path.slice(0, -1).join())).toBe(true)
        seen.add(reference.path.join())
        const page = snapshot.page(reference.path) as Uint8Array
        expect(assembly.add(reference, page)).toBe('taken')
        expect(assembly.add(reference, page)).toBe('not-missing')
      }
    }
    expect(assembly.finish()?.hashAll()).toEqual(root)
  })

  test('fetches only what differs from the live tree', () => {
    const tree = grown(5_000)
    const live = frozen(tree).snapshot
    for (const index of [5, 900, 4_000]) tree.set(keyOf(index), Uint8Array.of(index))
    tree.set(keyOf(6_000), new Uint8Array(3_000))
    const { snapshot, root } = frozen(tree)
    const { snapshot: gathered, fetched } = gather(root, pagesOf(snapshot), live)
    expect(fetched).toBeLessThanOrEqual(4 + 1 + 3 + 1)
    expect(contentsOf(gathered.cursor(NOTHING))).toBe(contentsOf(snapshot.cursor(NOTHING)))
    expect(gather(root, new Map(), snapshot).fetched).toBe(0)
  })

  test('gives the same tree whatever the live one holds', () => {
    fc.assert(
      fc.property(runs, runs, (mine, theirs) => {
        const tree = new Tree(hash)
        const runsOf = (all: typeof mine): void => {
          for (const each of all.flat()) apply(tree, new Map(), each)
        }
        runsOf(mine)
        const live = frozen(tree).snapshot
        runsOf(theirs)
        const { snapshot, root } = frozen(tree)
        const { snapshot: gathered } = gather(root, pagesOf(snapshot), live)
        expect(gathered.hashAll()).toEqual(root)
        expect(contentsOf(gathered.cursor(NOTHING))).toBe(contentsOf(snapshot.cursor(NOTHING)))
      }),
      { numRuns: deeper(5, 100) },
    )
  })

  test('changes its target and keeps the gathered pages', () => {
    const tree = grown(4_000)
    const first = frozen(tree)
    tree.set(keyOf(7), new Uint8Array(2_000))
    const second = frozen(tree)
    const assembly = new TreeAssembly(hash, empty, first.root)
    const take = (snapshot: TreeSnapshot, countMax: number): number => {
      let count = 0
      while (count < countMax) {
        const [reference] = assembly.missing(1)
        if (reference === undefined) break
        expect(assembly.add(reference, snapshot.page(reference.path) as Uint8Array)).toBe('taken')
        count++
      }
      return count
    }
    const total = pagesOf(first.snapshot).size
    take(first.snapshot, total - 20)
    assembly.retarget(second.root)
    expect(assembly.missing(3)).toEqual([{ path: [], hash: second.root }])
    expect(take(second.snapshot, total)).toBeLessThan(30)
    expect(assembly.finish()?.hashAll()).toEqual(second.root)
    assembly.retarget(first.root)
    expect(take(first.snapshot, total)).toBeLessThan(5)
    expect(assembly.finish()?.hashAll()).toEqual(first.root)
  })

  test('refuses bytes of another hash, places that are not missing, and hashes that are not the place’s', () => {
    const { snapshot, root } = frozen(grown(500, 2_000))
    const assembly = new TreeAssembly(hash, empty, root)
    const page = snapshot.page([]) as Uint8Array
    expect(assembly.add({ path: [], hash: root }, page.subarray(1))).toBe('wrong-hash')
    expect(assembly.add({ path: [0], hash: root }, page)).toBe('not-missing')
    expect(assembly.add({ path: [], hash: hash(page.subarray(1)) }, page.subarray(1))).toBe('not-missing')
    expect(assembly.add({ path: [], hash: root }, page)).toBe('taken')
    for (const path of [[-1], [0.5], [9_999], [Number.NaN], [0, 0], []]) {
      expect(assembly.add({ path, hash: root }, page)).toBe('not-missing')
    }
    expect(snapshot.page([9_999])).toBeNull()
    expect(snapshot.page([0, 0, 0, 0])).toBeNull()
    expect(snapshot.page([-1])).toBeNull()
  })
})

/** A leaf or an inner page from items: what stands in the table besides the offset, and what in the heap. */
function encode(
  level: number,
  items: readonly { readonly place?: Uint8Array; readonly item: Uint8Array }[],
): Uint8Array {
  const head = new Uint8Array(4)
  head[0] = level === 0 ? 0 : 1
  head[1] = level
  writeU16(head, 2, items.length)
  let offset = 0
  const table = items.map(({ place, item }) => {
    const at = new Uint8Array(2)
    writeU16(at, 0, offset)
    offset += item.length
    return concatBytes(place ?? NOTHING, at)
  })
  return concatBytes(head, ...table, ...items.map(({ item }) => item))
}
function entry(key: readonly number[], valueLength: number, rest: Uint8Array): { readonly item: Uint8Array } {
  const head = new Uint8Array(6)
  writeU16(head, 0, key.length)
  writeU32(head, 2, valueLength)
  return { item: concatBytes(head, Uint8Array.from(key), rest) }
}
function child(page: Uint8Array, keys: number, separator: readonly number[]) {
  const count = new Uint8Array(6)
  writeU32(count, 2, keys)
  return { place: concatBytes(hash(page), count), item: Uint8Array.from(separator) }
}
const leaf = (...keys: number[]): Uint8Array =>
  encode(
    0,
    keys.map((key) => entry([key], 1, Uint8Array.of(9))),
  )

/** The verdict on the last of some pages, each taken where the ones before left the first place missing. */
function verdict(...pages: readonly Uint8Array[]): string {
  const assembly = new TreeAssembly(hash, empty, hash(pages[0] as Uint8Array))
  let last = ''
  for (const page of pages) {
    const reference = assembly.missing(99).find((each) => equalBytes(each.hash, hash(page)))
    last = reference === undefined ? 'not asked for' : assembly.add(reference, page)
  }
  return last
}

describe('pages with the right hash and the wrong content', () => {
  const [low, high] = [leaf(1, 2), leaf(5, 6)]
  const inner = encode(1, [child(low, 2, []), child(high, 2, [5])])

  test('are taken when nothing is wrong', () => {
    expect(verdict(encode(0, []))).toBe('taken')
    expect(verdict(inner, low, high)).toBe('taken')
  })

  const bad: [string, readonly Uint8Array[]][] = [
    ['nothing at all', [NOTHING]],
    ['too short', [Uint8Array.of(0, 0, 0)]],
    ['another tag', [Uint8Array.of(3, 0, 0, 0)]],
    ['a value as the root', [Uint8Array.of(2, 0, 0, 0)]],
    ['a leaf above the ground', [concatBytes(Uint8Array.of(0, 1), low.subarray(2))]],
    ['an inner page on the ground', [concatBytes(Uint8Array.of(1, 0), inner.subarray(2))]],
    ['too high a level', [concatBytes(Uint8Array.of(1, LEVELS_MAX + 1), inner.subarray(2))]],
    ['a root of one child', [encode(1, [child(low, 2, [])])]],
    ['an inner page of none', [encode(1, [])]],
    ['bytes behind the last entry', [concatBytes(low, Uint8Array.of(0))]],
    ['bytes missing at the end', [low.subarray(0, low.length - 1)]],
    ['a table beyond the page', [Uint8Array.of(0, 0, 255, 255)]],
    ['an offset that goes back', [low.map((byte, at) => (at === 7 ? 0 : byte))]],
    ['a first entry that begins later', [low.map((byte, at) => (at === 5 ? 1 : byte))]],
    ['equal keys', [leaf(1, 1)]],
    ['falling keys', [leaf(2, 1)]],
    ['a key longer than keys are', [encode(0, [entry(new Array(4_500).fill(1), 0, NOTHING)])]],
    ['a value longer than values are', [encode(0, [entry([1], 2 ** 31, new Uint8Array(32))])]],
    ['a value that is too short for its length', [encode(0, [entry([1], 5, new Uint8Array(4))])]],
    [
      'an overfull leaf',
      [
        encode(
          0,
          [1, 2, 3, 4, 5, 6].map((key) => entry([key], 1_000, new Uint8Array(1_000))),
        ),
      ],
    ],
    ['a first separator', [encode(1, [child(low, 2, [1]), child(high, 2, [5])])]],
    ['separators that fall', [encode(1, [child(low, 2, []), child(high, 2, [5]), child(leaf(9), 1, [4])])]],
    ['a child without keys', [encode(1, [child(low, 0, []), child(high, 2, [5])])]],
    ['more keys than the parent says', [encode(1, [child(low, 1, []), child(high, 2, [5])]), low]],
    ['keys below their range', [encode(1, [child(low, 2, []), child(leaf(4, 6), 2, [5])]), leaf(4, 6)]],
    ['keys above their range', [encode(1, [child(leaf(1, 7), 2, []), child(high, 2, [5])]), leaf(1, 7)]],
    ['an empty child', [encode(1, [child(encode(0, []), 1, []), child(high, 2, [5])]), encode(0, [])]],
    ['a child of the wrong level', [encode(2, [child(low, 2, []), child(high, 2, [5])]), low]],
  ]
  test.each(bad)('are malformed: %s', (_, pages) => {
    expect(verdict(...pages)).toBe('malformed')
  })

  test('are malformed: values of another key, length or tag', () => {
    const value = concatBytes(Uint8Array.of(2, 0, 1, 1), new Uint8Array(2_000))
    const holder = (page: Uint8Array, length = 2_000) => encode(0, [entry([1], length, hash(page))])
    expect(verdict(holder(value), value)).toBe('taken')
    const other = value.map((byte, at) => (at === 3 ? 2 : byte))
    const tag = value.map((byte, at) => (at === 0 ? 1 : byte))
    const longer = value.map((byte, at) => (at === 2 ? 2 : byte))
    for (const page of [other, tag, longer, value.subarray(0, 1_999), NOTHING]) {
      expect(verdict(holder(page), page)).toBe('malformed')
    }
    expect(verdict(holder(value, 2_001), value)).toBe('malformed')
  })

  test('never throw, whatever the bytes', () => {
    const { snapshot } = frozen(grown(400, 1_030))
    const pages = [...pagesOf(snapshot).values()]
    fc.assert(
      fc.property(fc.nat(), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }), (which, edits) => {
        const page = (pages[which % pages.length] as Uint8Array).slice()
        for (const [at, byte] of edits) page[at % Math.min(page.length, 200)] = byte
        expect(['taken', 'malformed']).toContain(verdict(page))
      }),
      { numRuns: deeper(333, 1_000) },
    )
  })
})
