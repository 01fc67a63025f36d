/**
 * What differs between two snapshots, page by page. A page stands at most once in a tree (its keys are in it), at the
 * same level in both, so two rows of pages of one level tell what they share, and only the rest is opened.
 */
import { byteText } from '../base/byte-text.ts'
import { knownHash } from './hashing.ts'
import { PAGE_AT, Page, type ValuePage } from './page.ts'

export interface Changes {
  /** Pages that the newer one has and the older one has not. Views, not to be changed. */
  readonly added: Iterable<{ readonly hash: Uint8Array; readonly bytes: Uint8Array }>
  /** Hashes of pages that only the older one has. */
  readonly removed: Iterable<Uint8Array>
}

type AnyPage = Page | ValuePage

export function changesBetween(base: Page | null, next: Page): Changes {
  knownHash(next)
  if (base === null) return { added: described(everyPage(next)), removed: [] }
  knownHash(base)
  const added: AnyPage[] = []
  const removed: AnyPage[] = []
  let older: AnyPage[] = [base]
  let newer: AnyPage[] = [next]
  while (older.length > 0 || newer.length > 0) {
    const level = Math.max(levelOf(older[0]), levelOf(newer[0]))
    // Where one tree is higher, it is opened alone until the levels meet.
    const isOlder = levelOf(older[0]) === level
    const isNewer = levelOf(newer[0]) === level
    if (isOlder && isNewer) [older, newer] = withoutShared(older, newer)
    if (isOlder) older = opened(older, removed)
    if (isNewer) newer = opened(newer, added)
  }
  return { added: described(added), removed: hashesOf(removed) }
}

/** A value lies one below the leaves, and nothing two below. */
function levelOf(page: AnyPage | undefined): number {
  if (page === undefined) return -2
  return page instanceof Page ? page.level : -1
}

function withoutShared(older: AnyPage[], newer: AnyPage[]): [AnyPage[], AnyPage[]] {
  const same = new Set(older)
  const onlyNewer = newer.filter((page) => !same.delete(page))
  // What is left may still be equal: a page that went and came back.
  const byHash = new Map<string, AnyPage>()
  for (const page of same) byHash.set(textOf(page), page)
  const added = onlyNewer.filter((page) => !byHash.delete(textOf(page)))
  return [[...byHash.values()], added]
}

const textOf = (page: AnyPage): string => {
  const hash = knownHash(page)
  return byteText(hash, 0, hash.length)
}

/** Notes the pages and gives the ones right below them, in order. */
function opened(pages: readonly AnyPage[], noted: AnyPage[]): AnyPage[] {
  const below: AnyPage[] = []
  for (const page of pages) {
    noted.push(page)
    for (const child of childrenOf(page)) below.push(child)
  }
  return below
}

function childrenOf(page: AnyPage): readonly AnyPage[] {
  if (!(page instanceof Page)) return []
  if (page.level > 0) return page.children
  return page.values === null ? [] : page.values.filter((value) => value !== null)
}

function* everyPage(root: Page): Generator<AnyPage> {
  const stack: AnyPage[] = [root]
  for (let page = stack.pop(); page !== undefined; page = stack.pop()) {
    yield page
    stack.push(...[...childrenOf(page)].reverse())
  }
}

function* described(pages: Iterable<AnyPage>): Generator<{ hash: Uint8Array; bytes: Uint8Array }> {
  for (const page of pages) {
    const end = page instanceof Page ? PAGE_AT + page.length : page.bytes.length
    yield { hash: knownHash(page), bytes: page.bytes.subarray(PAGE_AT, end) }
  }
}

function* hashesOf(pages: Iterable<AnyPage>): Generator<Uint8Array> {
  for (const page of pages) yield knownHash(page)
}
