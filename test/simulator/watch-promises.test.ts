/** The checker of watches sees each promise broken, under its name. */
import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import {
  brokenPromises,
  type GivenStep,
  type WatchPromise,
  type WatchRecord,
} from '../../src/simulator/checkers/watch-promises.ts'
import type { Change } from '../../src/store/changes-result.ts'
import { EVERY_KEY, oneKey } from '../../src/store/key-range.ts'

const NO_LEASE = new Uint8Array(8)
const entry = (createRevision: number, modRevision: number, version: number) => ({
  ...{ createRevision, modRevision, version, lease: NO_LEASE, value: utf8(`${modRevision}`) },
})
const a2: Change = { main: 2, sub: 0, key: utf8('a'), put: entry(2, 2, 1), previous: null }
const a3: Change = { main: 3, sub: 0, key: utf8('a'), put: entry(2, 3, 2), previous: entry(2, 2, 1) }
const b3: Change = { main: 3, sub: 1, key: utf8('b'), put: entry(3, 3, 1), previous: null }
const a4: Change = { main: 4, sub: 0, key: utf8('a'), put: null, previous: entry(2, 3, 2) }
const b5: Change = { main: 5, sub: 0, key: utf8('b'), put: entry(3, 5, 2), previous: entry(3, 3, 1) }
const TRUTH = [a2, a3, b3, a4, b5]

type ChangesStep = Extract<GivenStep, { readonly kind: 'changes' }>
const step = (revision: number, ...changes: readonly Change[]): ChangesStep => ({
  kind: 'changes',
  ...{ revision, changes, isWhole: true },
})
const mark = (revision: number): GivenStep => ({ kind: 'progress', revision })
const record = (steps: readonly GivenStep[], rest: Partial<WatchRecord> = {}): WatchRecord => ({
  ...{ range: EVERY_KEY, after: 1, previous: true, steps },
  ...rest,
})
const brokenIn = (one: WatchRecord): readonly WatchPromise[] => [
  ...new Set(brokenPromises(TRUTH, one).map(({ promise }) => promise)),
]

test.each<readonly [string, WatchRecord]>([
  ['everything', record([step(2, a2), step(3, a3, b3), step(4, a4), step(5, b5), mark(5)])],
  ['what follows a revision', record([step(4, a4), step(5, b5)], { after: 3 })],
  ['one key', record([step(3, b3), mark(4), step(5, b5)], { range: oneKey(utf8('b')) })],
  ['deletions', record([step(4, a4)], { only: 'delete' })],
  ['a revision in parts', record([step(2, a2), { ...step(3, a3), isWhole: false }, step(3, b3)])],
  ['nothing yet', record([])],
])('keeps every promise to a reader of %s', (_, one) => expect(brokenIn(one)).toEqual([]))

test.each<readonly [WatchPromise, string, WatchRecord]>([
  ['ordered', 'a change behind a later one', record([step(2, a2), step(4, a4), step(3, a3, b3)])],
  ['unique', 'a change twice', record([step(2, a2), step(2, a2)])],
  ['reliable', 'a change left out between two', record([step(2, a2), step(4, a4)])],
  [
    'reliable',
    'a change that was never made',
    record([step(2, { ...a2, key: utf8('invented') }), step(3, a3, b3)]),
  ],
  ['reliable', 'another value', record([step(2, { ...a2, put: { ...entry(2, 2, 1), value: utf8('x') } })])],
  ['reliable', 'an end too early', record([step(2, a2)], { through: 3 })],
  ['atomic', 'a revision in two steps', record([step(2, a2), step(3, a3), step(3, b3)])],
  [
    'atomic',
    'a part without its rest',
    record([step(2, a2), { ...step(3, a3), isWhole: false }, step(4, a4)]),
  ],
  ['resumable', 'a beginning too late', record([step(4, a4), step(5, b5)], { after: 2 })],
  ['resumable', 'a beginning too early', record([step(3, a3, b3), step(4, a4)], { after: 3 })],
  ['bookmarkable', 'a mark before its changes', record([step(2, a2), mark(3), step(3, a3, b3)])],
  ['bookmarkable', 'a mark in place of changes', record([step(2, a2), mark(4)])],
  ['prevKV', 'another value before', record([step(2, a2), step(3, { ...a3, previous: entry(2, 2, 2) }, b3)])],
  [
    'prevKV',
    'a value before that was not asked for',
    record([step(2, a2), step(3, a3, b3)], { previous: false }),
  ],
  ['isCreate', 'a creation that is none', record([step(2, { ...a2, put: entry(1, 2, 1) })])],
  ['filter', 'another key', record([step(3, a3, b3)], { range: oneKey(utf8('b')) })],
  ['filter', 'a put', record([step(2, a2), step(4, a4)], { only: 'delete' })],
])('%s: %s', (promise, _, one) => expect(brokenIn(one)).toContain(promise))
