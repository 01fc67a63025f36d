/** Tools for tests of the tree: a hash, operations against a model, pages carried from one tree to another. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { concatBytes, fromHex, toHex } from '../../src/base/bytes.ts'
import type { Hash } from '../../src/base/hash.ts'
import { TreeAssembly } from '../../src/tree/assembly.ts'
import type { TreeCursor } from '../../src/tree/search.ts'
import type { TreeSnapshot } from '../../src/tree/snapshot.ts'
import { Tree } from '../../src/tree/tree.ts'

export const hash: Hash = (...parts) =>
  new Uint8Array(
    createHash('sha256')
      .update(concatBytes(...parts))
      .digest(),
  )

export interface Change {
  readonly key: Uint8Array
  /** Null deletes the key. */
  readonly value: Uint8Array | null
}

/** A sorted map that is too simple to be wrong, by hexadecimal keys. */
export type Model = Map<string, Uint8Array>

export function apply(tree: Tree, model: Model, { key, value }: Change): void {
  if (value === null) {
    tree.remove(key)
    model.delete(toHex(key))
  } else {
    tree.set(key, value)
    model.set(toHex(key), value)
  }
}

/** A line for each key with its value, in the order of the keys. A matcher compares strings fast, and arrays not. */
export function contentsOf(cursor: TreeCursor): string {
  const lines: string[] = []
  for (; !cursor.isAtEnd; cursor.next()) lines.push(`${toHex(cursor.key)} ${toHex(cursor.value)}`)
  return lines.join('\n')
}

/** The same of a model, from a key on. */
export const contentsOfModel = (model: Model, from = ''): string =>
  [...model]
    .filter(([key]) => key >= from)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key} ${toHex(value)}`)
    .join('\n')

/** A store of pages, as a disk would hold them. */
export function pagesOf(snapshot: TreeSnapshot): Map<string, Uint8Array> {
  const pages = new Map<string, Uint8Array>()
  for (const page of snapshot.changesSince(null).added) pages.set(toHex(page.hash), page.bytes.slice())
  return pages
}

/** The tree with this root, from stored pages and what a live tree shares; and how many pages were asked for. */
export function gather(
  root: Uint8Array,
  pages: ReadonlyMap<string, Uint8Array>,
  live: TreeSnapshot = new Tree(hash).snapshot(),
): { readonly snapshot: TreeSnapshot; readonly fetched: number } {
  const assembly = new TreeAssembly(hash, live, root)
  let fetched = 0
  for (let missing = assembly.missing(7); missing.length > 0; missing = assembly.missing(7)) {
    for (const reference of missing) {
      const bytes = pages.get(toHex(reference.hash))
      if (bytes === undefined) throw new Error('a page is in no store')
      const verdict = assembly.add(reference, bytes)
      if (verdict !== 'taken') throw new Error(verdict)
      fetched++
    }
  }
  const snapshot = assembly.finish()
  if (snapshot === null) throw new Error('nothing is missing, and nothing is whole')
  return { snapshot, fetched }
}

const lengths = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 40 }) },
  { weight: 3, arbitrary: fc.integer({ min: 200, max: 1200 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1020, max: 3000 }) },
)
const value = fc
  .tuple(lengths, fc.integer({ min: 0, max: 255 }))
  .map(([length, byte]) => new Uint8Array(length).fill(byte))
/** Few keys that meet often, of which some are long and alike. */
const key = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .integer({ min: 0, max: 400 })
      .map((n) => fromHex(n.toString(16).padStart(4, '0')) as Uint8Array),
  },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 3 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.integer({ min: 1000, max: 4096 }), fc.nat(30))
      .map(([length, end]) => concatBytes(new Uint8Array(length).fill(7), Uint8Array.of(end))),
  },
)
export const change: fc.Arbitrary<Change> = fc.record({
  key,
  value: fc.oneof({ weight: 3, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) }),
})
/** Runs of changes; some are only deletions, so that pages join again. */
export const changes = fc.oneof(
  { weight: 3, arbitrary: fc.array(change, { minLength: 1, maxLength: 300, size: 'max' }) },
  {
    weight: 1,
    arbitrary: fc.array(
      key.map((each) => ({ key: each, value: null })),
      { minLength: 1, maxLength: 300, size: 'max' },
    ),
  },
)
export const runs = fc.array(changes, { minLength: 1, maxLength: 6 })
