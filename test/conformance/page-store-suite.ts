/** The duties of every implementation of the port `PageStore`: the database of `io/` and the simulator's. */
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { toSequence } from '../../src/base/ids.ts'
import type { Anchor, Page, PageStore } from '../../src/ports.ts'

/** One store that can be opened, crash, and be opened again. */
export interface PageStoreBench {
  /** Opens the store. The opening before it has crashed. */
  open(): Promise<PageStore>
  /** Ends the process without warning: nothing more is written, and no callback is called. */
  crash(): Promise<void>
  /** Runs the store until the awaited event has occurred. */
  until<T>(outcome: Promise<T>): Promise<T>
  dispose(): Promise<void>
}

export const sha256 = (bytes: Uint8Array): Uint8Array =>
  Uint8Array.from(createHash('sha256').update(bytes).digest())

export function pageOf(text: string): Page {
  const bytes = utf8(text)
  return { hash: sha256(bytes), bytes }
}

/** A page of this many bytes that is like no other number's. */
export function pageOfSize(size: number, number: number): Page {
  const bytes = new Uint8Array(size)
  let state = number + 1
  for (let at = 0; at < size; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[at] = state >>> 24
  }
  return { hash: sha256(bytes), bytes }
}

export function anchorOf(sequence: number, root: Uint8Array, certificateBytes = 300): Anchor {
  const certificate = new Uint8Array(certificateBytes).map((_, index) => index * sequence)
  return { sequence: toSequence(sequence), root, certificate }
}

export function describePageStore(name: string, createBench: () => Promise<PageStoreBench>): void {
  describe(`${name} as a page store`, () => {
    let bench: PageStoreBench
    beforeEach(async () => {
      bench = await createBench()
    })
    afterEach(() => bench.dispose())

    const write = (store: PageStore, pages: readonly Page[]) =>
      bench.until(new Promise<void>((resolve) => store.write(pages, resolve)))
    const commit = (store: PageStore, anchor: Anchor, removed: readonly Uint8Array[] = []) =>
      bench.until(new Promise<void>((resolve) => store.commit(anchor, removed, resolve)))
    const plain = (bytes: Uint8Array | null) => (bytes === null ? null : Uint8Array.from(bytes))
    const plainAnchor = (anchor: Anchor | null) =>
      anchor === null
        ? null
        : { ...anchor, root: Uint8Array.from(anchor.root), certificate: Uint8Array.from(anchor.certificate) }
    const [one, two, three] = ['one', 'two', 'three'].map(pageOf) as [Page, Page, Page]

    test('begins without an anchor and without pages', async () => {
      const store = await bench.open()
      expect(store.anchor).toBeNull()
      expect(store.read(one.hash)).toBeNull()
    })

    test('gives back a page that was written, and null for others', async () => {
      const store = await bench.open()
      await write(store, [one, two])
      expect(plain(store.read(one.hash))).toEqual(one.bytes)
      expect(plain(store.read(two.hash))).toEqual(two.bytes)
      expect(store.read(three.hash)).toBeNull()
    })

    test('keeps anchor and pages over a crash once the commit was answered', async () => {
      const store = await bench.open()
      await write(store, [one, two])
      const anchor = anchorOf(8, one.hash)
      await commit(store, anchor)
      expect(plainAnchor(store.anchor)).toEqual(anchor)
      await bench.crash()
      const again = await bench.open()
      expect(plainAnchor(again.anchor)).toEqual(anchor)
      expect(plain(again.read(one.hash))).toEqual(one.bytes)
      expect(plain(again.read(two.hash))).toEqual(two.bytes)
    })

    test('a commit covers what was written before it and not yet answered', async () => {
      const store = await bench.open()
      store.write([one], () => {})
      store.write([two], () => {})
      await commit(store, anchorOf(8, one.hash))
      await bench.crash()
      const again = await bench.open()
      expect(plain(again.read(one.hash))).toEqual(one.bytes)
      expect(plain(again.read(two.hash))).toEqual(two.bytes)
    })

    test('answers in the order of asking, and never at once', async () => {
      const store = await bench.open()
      const calls: string[] = []
      store.write([one], () => calls.push('one'))
      store.write([], () => calls.push('nothing'))
      store.commit(anchorOf(8, one.hash), [], () => calls.push('commit'))
      expect(calls).toEqual([])
      await write(store, [two])
      expect(calls).toEqual(['one', 'nothing', 'commit'])
    })

    test('a commit replaces the anchor and deletes what it removes, and only that', async () => {
      const store = await bench.open()
      await write(store, [one, two])
      await commit(store, anchorOf(8, one.hash))
      await write(store, [three])
      expect(plain(store.read(one.hash))).toEqual(one.bytes)
      await commit(store, anchorOf(16, three.hash), [one.hash])
      expect(store.anchor?.sequence).toBe(16)
      expect(store.read(one.hash)).toBeNull()
      await bench.crash()
      const again = await bench.open()
      expect(plainAnchor(again.anchor)).toEqual(anchorOf(16, three.hash))
      expect(plain(again.read(two.hash))).toEqual(two.bytes)
      expect(plain(again.read(three.hash))).toEqual(three.bytes)
    })

    test('removing a page that is not there harms nothing', async () => {
      const store = await bench.open()
      await write(store, [one])
      await commit(store, anchorOf(8, one.hash), [two.hash, two.hash])
      expect(plain(store.read(one.hash))).toEqual(one.bytes)
    })

    test('a page that was removed and is written again is there', async () => {
      const store = await bench.open()
      await write(store, [one])
      store.commit(anchorOf(8, two.hash), [one.hash], () => {})
      await write(store, [one])
      expect(plain(store.read(one.hash))).toEqual(one.bytes)
      await commit(store, anchorOf(16, one.hash))
      await bench.crash()
      expect(plain((await bench.open()).read(one.hash))).toEqual(one.bytes)
    })

    test('a crash before a commit is answered leaves one anchor or the other, with its pages', async () => {
      const store = await bench.open()
      await write(store, [one])
      await commit(store, anchorOf(8, one.hash))
      store.write([two], () => {})
      store.commit(anchorOf(16, two.hash), [one.hash], () => {})
      await bench.crash()
      const again = await bench.open()
      const root = again.anchor?.root ?? new Uint8Array(32)
      expect([8, 16]).toContain(again.anchor?.sequence)
      const page = again.anchor?.sequence === 8 ? one : two
      expect(plain(root)).toEqual(page.hash)
      expect(plain(again.read(root))).toEqual(page.bytes)
    })

    test('no callback runs after a crash', async () => {
      const store = await bench.open()
      let calls = 0
      store.write([one], () => calls++)
      store.commit(anchorOf(8, one.hash), [], () => calls++)
      await bench.crash()
      const again = await bench.open()
      await write(again, [two])
      await commit(again, anchorOf(16, two.hash))
      expect(calls).toBe(0)
    })

    test('a page that was read may be changed without harm', async () => {
      const store = await bench.open()
      await write(store, [one])
      store.read(one.hash)?.fill(0)
      expect(plain(store.read(one.hash))).toEqual(one.bytes)
    })

    test('takes many pages at once, an empty one and a large one', async () => {
      const store = await bench.open()
      const sizes = [0, 1, 1024 * 1024, ...Array.from({ length: 400 }, (_, index) => 1 + index * 41)]
      const pages = sizes.map((size, number) => pageOfSize(size, number))
      await write(store, pages)
      await commit(store, anchorOf(8, pages[0]?.hash ?? one.hash, 100_000))
      await bench.crash()
      const again = await bench.open()
      expect(plainAnchor(again.anchor)).toEqual(anchorOf(8, pages[0]?.hash ?? one.hash, 100_000))
      for (const [number, { hash, bytes }] of pages.entries()) {
        expect(Buffer.compare(again.read(hash) ?? utf8('none'), bytes), `page ${number}`).toBe(0)
      }
    })
  })
}
