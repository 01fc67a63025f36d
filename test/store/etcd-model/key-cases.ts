/** Cases of revisions, ranges, puts, deletions and compaction. */
import {
  ALL,
  type Case,
  caseOf,
  compact,
  forNewStores,
  isCompacted,
  isPut,
  isRange,
  isRemoved,
  isTxn,
  keys,
  numbered,
  pair,
  put,
  range,
  refused,
  remove,
  type Step,
  step,
  txn,
} from './case-language.ts'

const A2 = pair('a', '3', [2, 2, 1])
const B3 = pair('b', '1', [3, 3, 1])
const C4 = pair('c', '2', [4, 4, 1])
const A5 = pair('a', '3', [2, 5, 2])
/** By key: a b c. By value: b c a. By create revision: a b c. By mod revision: b c a. By version: b c a. */
const FILLED: readonly Step[] = [
  step(put('a', '3'), isPut(2)),
  step(put('b', '1'), isPut(3)),
  step(put('c', '2'), isPut(4)),
  step(put('a', '3'), isPut(5)),
]
const blank = (key: string, numbers: readonly [number, number, number]) => pair(key, '', numbers)

const REVISIONS: readonly Case[] = [
  caseOf(
    '1: an empty store is at revision 1, and the first write takes 2',
    step(range(ALL), isRange(1, [])),
    step(put('foo', 'bar'), isPut(2)),
    step(range(keys('foo')), isRange(2, [pair('foo', 'bar', [2, 2, 1])])),
  ),
  caseOf(
    '2: a header has the present revision, also for a read of an older one and a failed compare',
    ...FILLED,
    step(range(keys('a'), { revision: 2 }), isRange(5, [A2])),
    step(range(keys('b'), { revision: 2 }), isRange(5, [])),
    step(txn([numbered(keys('a'), 'mod', 'equal', 2)], [put('a', 'x')]), isTxn(5, false, [])),
  ),
  caseOf(
    '2: a put that changes nothing takes a revision, a deletion of nothing none',
    step(put('a', '1'), isPut(2)),
    step(put('a', '1'), isPut(3)),
    step(remove(keys('b')), isRemoved(3, 0)),
    step(remove(keys('a')), isRemoved(4, 1)),
    step(remove(keys('a')), isRemoved(4, 0)),
  ),
  caseOf(
    '2: a transaction takes one revision for all its writes, and none without',
    step(
      txn([], [put('a', '1'), put('b', '2'), remove(keys('c'))]),
      isTxn(2, true, [isPut(2), isPut(2), isRemoved(2, 0)]),
    ),
    step(
      txn([], [range(keys('a')), remove(keys('c'))]),
      isTxn(2, true, [isRange(2, [pair('a', '1', [2, 2, 1])]), isRemoved(2, 0)]),
    ),
    step(txn([], []), isTxn(2, true, [])),
  ),
  caseOf(
    '4: a deletion resets the version, and the next put begins anew',
    step(put('a', '1'), isPut(2)),
    step(put('a', '2'), isPut(3)),
    step(range(keys('a')), isRange(3, [pair('a', '2', [2, 3, 2])])),
    step(remove(keys('a')), isRemoved(4, 1)),
    step(put('a', '3'), isPut(5)),
    step(range(keys('a')), isRange(5, [pair('a', '3', [5, 5, 1])])),
    step(range(keys('a'), { revision: 3 }), isRange(5, [pair('a', '2', [2, 3, 2])])),
    step(range(keys('a'), { revision: 4 }), isRange(5, [])),
  ),
]

const RANGES: readonly Case[] = [
  caseOf(
    '6: a key is needed',
    step(range(keys('')), refused('emptyKey')),
    step(range(keys('', 'b')), refused('emptyKey')),
    step(put('', '1'), refused('emptyKey')),
    step(remove(keys('')), refused('emptyKey')),
  ),
  caseOf(
    '6: one zero byte as the end is no end; an end at or before the key gives nothing, without an error',
    ...FILLED,
    step(range(ALL), isRange(5, [A5, B3, C4])),
    step(range(keys('b', '\0')), isRange(5, [B3, C4])),
    step(range(keys('a', 'c')), isRange(5, [A5, B3])),
    step(range(keys('a', 'a')), isRange(5, [])),
    step(range(keys('c', 'a')), isRange(5, [])),
    step(remove(keys('c', 'a')), isRemoved(5, 0)),
    step(range(keys('a', 'a\0')), isRange(5, [A5])),
  ),
  caseOf(
    '6: keys are ordered as bytes without a sign, a prefix before what it begins',
    step(put('\xff', '1'), isPut(2)),
    step(put('a\xff', '2'), isPut(3)),
    step(put('a', '3'), isPut(4)),
    step(put('\0', '4'), isPut(5)),
    step(
      range(ALL),
      isRange(5, [
        pair('\0', '4', [5, 5, 1]),
        pair('a', '3', [4, 4, 1]),
        pair('a\xff', '2', [3, 3, 1]),
        pair('\xff', '1', [2, 2, 1]),
      ]),
    ),
    step(range(keys('a', 'b')), isRange(5, [pair('a', '3', [4, 4, 1]), pair('a\xff', '2', [3, 3, 1])])),
    step(range(keys('\xff', '\0')), isRange(5, [pair('\xff', '1', [2, 2, 1])])),
  ),
  caseOf(
    '7: a limit cuts the pairs and not the count; 0 and less is none',
    ...FILLED,
    step(range(ALL, { limit: 2 }), isRange(5, [A5, B3], { count: 3, more: true })),
    step(range(ALL, { limit: 3 }), isRange(5, [A5, B3, C4])),
    step(range(ALL, { limit: 0 }), isRange(5, [A5, B3, C4])),
    step(range(ALL, { limit: -1 }), isRange(5, [A5, B3, C4])),
  ),
  caseOf(
    '7: filters leave the count as it is, and a limit counts what they leave',
    ...FILLED,
    step(range(ALL, { minModRevision: 4 }), isRange(5, [A5, C4], { count: 3 })),
    step(range(ALL, { maxModRevision: 4 }), isRange(5, [B3, C4], { count: 3 })),
    step(range(ALL, { minCreateRevision: 3, maxCreateRevision: 3 }), isRange(5, [B3], { count: 3 })),
    step(range(ALL, { minModRevision: 4, limit: 1 }), isRange(5, [A5], { count: 3, more: true })),
    step(range(ALL, { minModRevision: 4, limit: 2 }), isRange(5, [A5, C4], { count: 3 })),
    step(range(ALL, { minModRevision: 9 }), isRange(5, [], { count: 3 })),
  ),
  caseOf(
    '7a: with an order the limit comes after the sort, with a sort target alone before it',
    ...FILLED,
    step(
      range(ALL, { sortTarget: 'value', sortOrder: 'ascend', limit: 1 }),
      isRange(5, [B3], { count: 3, more: true }),
    ),
    step(range(ALL, { sortTarget: 'value', limit: 1 }), isRange(5, [B3], { count: 3, more: true })),
    step(range(ALL, { sortTarget: 'mod', limit: 1 }), isRange(5, [B3], { count: 3, more: true })),
    step(put('d', '0'), isPut(6)),
    step(
      range(ALL, { sortTarget: 'value', sortOrder: 'ascend', limit: 1 }),
      isRange(6, [pair('d', '0', [6, 6, 1])], { count: 4, more: true }),
    ),
    step(range(ALL, { sortTarget: 'value', limit: 1 }), isRange(6, [B3], { count: 4, more: true })),
    step(
      range(ALL, { sortTarget: 'value', limit: 1, minModRevision: 1 }),
      isRange(6, [pair('d', '0', [6, 6, 1])], { count: 4, more: true }),
    ),
  ),
  caseOf(
    '8: sorts by each target in both orders',
    ...FILLED,
    step(range(ALL, { sortTarget: 'key', sortOrder: 'descend' }), isRange(5, [C4, B3, A5])),
    step(range(ALL, { sortTarget: 'value' }), isRange(5, [B3, C4, A5])),
    step(range(ALL, { sortTarget: 'value', sortOrder: 'descend' }), isRange(5, [A5, C4, B3])),
    step(range(ALL, { sortTarget: 'create', sortOrder: 'descend' }), isRange(5, [C4, B3, A5])),
    step(range(ALL, { sortTarget: 'mod', sortOrder: 'ascend' }), isRange(5, [B3, C4, A5])),
    step(range(ALL, { sortTarget: 'mod', sortOrder: 'descend' }), isRange(5, [A5, C4, B3])),
    step(
      range(ALL, { sortTarget: 'version', sortOrder: 'descend', limit: 1 }),
      isRange(5, [A5], { count: 3, more: true }),
    ),
  ),
  caseOf(
    '9: keys only blanks the values and keeps the numbers; values still sort. Count only gives no pair',
    ...FILLED,
    step(
      range(ALL, { keysOnly: true }),
      isRange(5, [blank('a', [2, 5, 2]), blank('b', [3, 3, 1]), blank('c', [4, 4, 1])]),
    ),
    step(
      range(ALL, { keysOnly: true, sortTarget: 'value', sortOrder: 'ascend', limit: 1 }),
      isRange(5, [blank('b', [3, 3, 1])], { count: 3, more: true }),
    ),
    step(range(ALL, { countOnly: true }), isRange(5, [], { count: 3 })),
    step(range(ALL, { countOnly: true, limit: 1, minModRevision: 9 }), isRange(5, [], { count: 3 })),
  ),
]

const COMPACTION: readonly Case[] = [
  caseOf(
    '10: a revision that is not there yet, and one that is no more',
    ...FILLED,
    step(range(ALL, { revision: 6 }), refused('futureRevision')),
    step(range(ALL, { revision: 5 }), isRange(5, [A5, B3, C4])),
    step(compact(6), refused('futureRevision')),
    step(compact(4), isCompacted(5)),
    step(range(ALL, { revision: 3 }), refused('compacted')),
    step(range(ALL, { revision: 4 }), isRange(5, [A2, B3, C4])),
    step(compact(4), refused('compacted')),
    step(compact(3), refused('compacted')),
    step(compact(5), isCompacted(5)),
    step(range(ALL, { revision: 4 }), refused('compacted')),
    step(range(ALL), isRange(5, [A5, B3, C4])),
  ),
  caseOf(
    '10: what was deleted at or before the compacted revision stays deleted',
    step(put('a', '1'), isPut(2)),
    step(put('b', '1'), isPut(3)),
    step(remove(keys('a')), isRemoved(4, 1)),
    step(compact(4), isCompacted(4)),
    step(range(ALL, { revision: 4 }), isRange(4, [B3])),
    step(put('a', '2'), isPut(5)),
    step(range(ALL), isRange(5, [pair('a', '2', [5, 5, 1]), B3])),
    step(range(keys('a'), { revision: 4 }), isRange(5, [])),
  ),
  forNewStores(
    caseOf(
      '10a: revision 0 can be compacted once, while nothing is, and less never',
      step(compact(-1), refused('compacted')),
      step(compact(0), isCompacted(1)),
      step(compact(0), refused('compacted')),
      step(compact(1), isCompacted(1)),
      step(compact(2), refused('futureRevision')),
      step(range(ALL, { revision: 1 }), isRange(1, [])),
    ),
  ),
  forNewStores(
    caseOf(
      '10b: a negative revision is the newest, in a transaction only while nothing is compacted',
      step(put('a', '3'), isPut(2)),
      step(range(keys('a'), { revision: -1 }), isRange(2, [A2])),
      step(txn([], [range(keys('a'), { revision: -1 })]), isTxn(2, true, [isRange(2, [A2])])),
      step(txn([], [range(keys('a'), { revision: -2 })]), refused('compacted')),
      step(compact(1), isCompacted(2)),
      step(range(keys('a'), { revision: -1 }), isRange(2, [A2])),
      step(txn([], [range(keys('a'), { revision: -1 })]), refused('compacted')),
    ),
  ),
]

const WRITES: readonly Case[] = [
  caseOf(
    '13: ignore_value keeps the value, and neither a value nor a missing key may be with it',
    step(put('a', '', { ignoreValue: true }), refused('keyNotFound')),
    step(put('a', '3'), isPut(2)),
    step(put('a', '4', { ignoreValue: true }), refused('valueProvided')),
    step(put('a', '', { ignoreValue: true, prevKv: true }), isPut(3, A2)),
    step(range(keys('a')), isRange(3, [pair('a', '3', [2, 3, 2])])),
  ),
  caseOf(
    '20: the pair before a put, and the pairs before a deletion',
    step(put('a', '3', { prevKv: true }), isPut(2)),
    step(put('b', '1', { prevKv: true }), isPut(3)),
    step(put('a', '4', { prevKv: true }), isPut(4, A2)),
    step(remove(keys('x'), { prevKv: true }), isRemoved(4, 0)),
    step(remove(ALL, { prevKv: true }), isRemoved(5, 2, [pair('a', '4', [2, 4, 2]), B3])),
  ),
]

export const KEY_CASES: readonly Case[] = [...REVISIONS, ...RANGES, ...COMPACTION, ...WRITES]
