/** The tree against a sorted map: what it holds, now and in snapshots, and that its shape hangs on the operations alone. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { equalBytes, fromHex, toHex } from '../../src/base/bytes.ts'
import { TREE_VALUE_BYTES_MAX } from '../../src/tree/layout.ts'
import type { TreeSnapshot } from '../../src/tree/snapshot.ts'
import { Tree } from '../../src/tree/tree.ts'
import { deeper } from '../kit/depth.ts'
import {
  apply,
  change,
  contentsOf,
  contentsOfModel,
  gather,
  hash,
  type Model,
  pagesOf,
  runs,
} from './tree-kit.ts'

const NOTHING = new Uint8Array(0)
const bytes = (hex: string): Uint8Array => fromHex(hex) as Uint8Array

/** Keys in order, so that pages of every level come to be. */
function grown(count: number, valueLength = 100): { readonly tree: Tree; readonly model: Model } {
  const tree = new Tree(hash)
  const model: Model = new Map()
  for (let index = 0; index < count; index++) {
    const key = hash(Uint8Array.of(index >> 8, index)).subarray(0, 9)
    apply(tree, model, { key, value: new Uint8Array(valueLength).fill(index) })
  }
  return { tree, model }
}

describe('the tree holds what a sorted map holds', () => {
  test('after any changes, and in every snapshot taken meanwhile', () => {
    fc.assert(
      fc.property(runs, (all) => {
        const tree = new Tree(hash)
        const model: Model = new Map()
        const kept: { check: () => void }[] = []
        for (const run of all) {
          for (const each of run) apply(tree, model, each)
          expect(contentsOf(tree.cursor(NOTHING))).toBe(contentsOfModel(model))
          expect(tree.size).toBe(model.size)
          const snapshot = tree.snapshot()
          const expected = contentsOfModel(model)
          kept.push({ check: () => expect(contentsOf(snapshot.cursor(NOTHING))).toBe(expected) })
        }
        for (const { check } of kept) check()
      }),
      { numRuns: deeper(5, 100) },
    )
  })

  test('single keys, counts of prefixes and places behind a key', () => {
    fc.assert(
      fc.property(runs, fc.array(change, { maxLength: 20 }), (all, probes) => {
        const tree = new Tree(hash)
        const model: Model = new Map()
        for (const each of all.flat()) apply(tree, model, each)
        const snapshot = tree.snapshot()
        for (const { key } of probes) {
          const expected = model.get(toHex(key)) ?? null
          expect(tree.get(key)?.slice() ?? null).toEqual(expected)
          expect(snapshot.get(key)?.slice() ?? null).toEqual(expected)
          for (const prefix of [key, key.subarray(0, 1)]) {
            const count = [...model.keys()].filter((each) => each.startsWith(toHex(prefix))).length
            expect(tree.count(prefix)).toBe(count)
          }
          const behind = contentsOfModel(model, toHex(key))
          expect(contentsOf(tree.cursor(key))).toBe(behind)
        }
      }),
      { numRuns: deeper(5, 100) },
    )
  })

  test('many keys on several levels, and none when all are gone', () => {
    const { tree, model } = grown(12_000)
    expect(contentsOf(tree.cursor(NOTHING))).toBe(contentsOfModel(model))
    expect(tree.count(bytes('00'))).toBe([...model.keys()].filter((key) => key.startsWith('00')).length)
    const empty = new Tree(hash).snapshot().hashAll()
    for (const key of [...model.keys()]) expect(tree.remove(bytes(key))).toBe(true)
    expect(tree.size).toBe(0)
    expect(tree.snapshot().hashAll()).toEqual(empty)
  })

  test('values of the largest size', () => {
    const tree = new Tree(hash)
    const value = new Uint8Array(TREE_VALUE_BYTES_MAX).fill(3)
    tree.set(bytes('01'), value)
    expect(equalBytes(tree.get(bytes('01')) ?? NOTHING, value)).toBe(true)
    expect(() => tree.set(bytes('01'), new Uint8Array(TREE_VALUE_BYTES_MAX + 1))).toThrow()
  })
})

describe('released snapshots', () => {
  test('give their buffers on and take nothing from the tree, from other snapshots, from other trees', () => {
    const kinds = fc.array(fc.tuple(fc.nat(9), fc.nat(99)), { minLength: 4, maxLength: 9 })
    fc.assert(
      fc.property(runs, kinds, (all, kindsOf) => {
        let tree = new Tree(hash)
        let model: Model = new Map()
        let held: { snapshot: TreeSnapshot; root: string; model: Model; text: string }[] = []
        for (const [turn, [kind, which]] of kindsOf.entries()) {
          for (const each of all[turn % all.length] ?? []) apply(tree, model, each)
          const snapshot = tree.snapshot()
          const text = contentsOfModel(model)
          held.push({ snapshot, root: toHex(snapshot.hashAll()), model: new Map(model), text })
          const chosen = held[which % held.length]
          if (kind < 5 && chosen !== undefined) {
            chosen.snapshot.release()
            expect(() => chosen.snapshot.page([])).toThrow()
            held = held.filter((each) => each !== chosen)
          } else if (kind < 8 && chosen !== undefined) {
            // Back to an older state, in this tree or in another one.
            if (kind === 7) tree = new Tree(hash)
            tree.restore(chosen.snapshot)
            model = new Map(chosen.model)
          }
          expect(contentsOf(tree.cursor(NOTHING))).toBe(contentsOfModel(model))
          for (const each of held) {
            expect(contentsOf(each.snapshot.cursor(NOTHING))).toBe(each.text)
            for (const page of each.snapshot.changesSince(null).added)
              expect(hash(page.bytes)).toEqual(page.hash)
            expect(toHex(each.snapshot.hashAll())).toBe(each.root)
          }
        }
      }),
      { numRuns: deeper(3, 50) },
    )
  })
})

describe('the root', () => {
  test('is a function of the operations: live, after a reload from pages, and with snapshots in between', () => {
    fc.assert(
      fc.property(runs, runs, (before, after) => {
        const [live, plain] = [new Tree(hash), new Tree(hash)]
        const model: Model = new Map()
        for (const run of before) {
          for (const each of run) {
            apply(live, model, each)
            apply(plain, model, each)
          }
          live.snapshot().hashSome(1)
        }
        const snapshot = live.snapshot()
        const root = snapshot.hashAll()
        const { snapshot: gathered } = gather(root, pagesOf(snapshot))
        const reloaded = new Tree(hash)
        reloaded.restore(gathered)
        expect(contentsOf(reloaded.cursor(NOTHING))).toBe(contentsOfModel(model))
        for (const each of after.flat()) for (const tree of [live, plain, reloaded]) apply(tree, model, each)
        const roots = [live, plain, reloaded].map((tree) => toHex(tree.snapshot().hashAll()))
        expect(new Set(roots).size).toBe(1)
        expect(snapshot.hashAll()).toEqual(root)
      }),
      { numRuns: deeper(5, 100) },
    )
  })

  test('comes in slices of any size, while the tree changes', () => {
    const { tree, model } = grown(3_000)
    const whole = grown(3_000).tree.snapshot().hashAll()
    const snapshot = tree.snapshot()
    let root: Uint8Array | null = null
    for (let slice = 0; root === null; slice++) {
      root = snapshot.hashSome(slice % 9000)
      apply(tree, model, { key: Uint8Array.of(slice), value: Uint8Array.of(1) })
    }
    expect(root).toEqual(whole)
  })

  test('differs for every key, value and absence', () => {
    const root = (...changes: [string, string][]) => {
      const tree = new Tree(hash)
      for (const [key, value] of changes) tree.set(bytes(key), bytes(value))
      return toHex(tree.snapshot().hashAll())
    }
    const long = '00'.repeat(2000)
    const roots = [
      root(),
      root(['01', '']),
      root(['01', '02']),
      root(['02', '02']),
      root(['0102', '']),
      root(['01', '02'], ['02', '']),
      root(['01', long]),
      root(['01', `${long}00`]),
      root(['01', `01${long.slice(2)}`]),
    ]
    expect(new Set(roots).size).toBe(roots.length)
  })

  test('hashes a large value once, however often its leaf changes', () => {
    let largest = 0
    const tree = new Tree((...parts) => {
      for (const part of parts) if (part.length > 100_000) largest++
      return hash(...parts)
    })
    tree.set(bytes('05'), new Uint8Array(200_000))
    for (let round = 0; round < 10; round++) {
      tree.set(Uint8Array.of(round), Uint8Array.of(round))
      tree.set(bytes('0506'), Uint8Array.of(round))
      if (round === 5) tree.set(bytes('05'), new Uint8Array(200_000).fill(1))
      tree.snapshot().hashAll()
    }
    expect(largest).toBe(2)
  })
})
