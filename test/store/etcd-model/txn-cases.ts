/** Cases of transactions. */
import {
  ALL,
  type Case,
  caseOf,
  compact,
  haltingEtcd,
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
  step,
  txn,
  value,
} from './case-language.ts'
import type { Operation } from './requests.ts'

const NOTHING: Operation = { kind: 'nothing' }
const A2 = pair('a', '1', [2, 2, 1])
const B3 = pair('b', '2', [3, 3, 1])
const times = (count: number): readonly Operation[] =>
  Array.from({ length: count }, () => range(keys('none')))
const none = (count: number, revision = 1) => Array.from({ length: count }, () => isRange(revision, []))

const SHAPE: readonly Case[] = [
  caseOf(
    '3: the header of an operation has the revision at its point, that of a nested transaction has none',
    step(
      txn(
        [],
        [
          range(keys('a')),
          remove(keys('a')),
          put('b', '1'),
          remove(keys('c')),
          range(keys('b')),
          txn([], [range(keys('c'))]),
        ],
      ),
      isTxn(2, true, [
        isRange(1, []),
        isRemoved(1, 0),
        isPut(2),
        isRemoved(2, 0),
        isRange(2, [pair('b', '1', [2, 2, 1])]),
        isTxn(0, true, [isRange(2, [])]),
      ]),
    ),
  ),
  caseOf(
    '15: 128 operations at most, and inside only what is left',
    step(txn([], times(128)), isTxn(1, true, none(128))),
    step(txn([], times(129)), refused('tooManyOperations')),
    step(txn([], [], times(129)), refused('tooManyOperations')),
    step(txn([], [txn([], times(127))]), isTxn(1, true, [isTxn(0, true, none(127))])),
    step(txn([], [txn([], times(128))]), refused('tooManyOperations')),
    step(txn([], [txn([], times(128))], []), refused('tooManyOperations')),
    step(
      txn([], [txn([], times(100)), txn([], times(100))], times(28)),
      isTxn(1, true, [isTxn(0, true, none(100)), isTxn(0, true, none(100))]),
    ),
    step(txn([], [txn([], times(100))], times(29)), refused('tooManyOperations')),
  ),
  caseOf(
    '15: an operation with nothing set is a key that is not found, and comes in its turn',
    step(txn([], [NOTHING]), refused('keyNotFound')),
    step(txn([], [], [NOTHING]), refused('keyNotFound')),
    step(txn([], [range(keys('')), NOTHING]), refused('emptyKey')),
    step(txn([], [NOTHING, range(keys(''))]), refused('keyNotFound')),
    step(txn([value(keys(''), 'equal', '1')], [NOTHING]), refused('emptyKey')),
  ),
]

const DUPLICATES: readonly Case[] = [
  caseOf(
    '16: no key twice within a branch, in whatever order',
    step(txn([], [put('a', '1'), put('a', '2')]), refused('duplicateKey')),
    step(txn([], [put('a', '1'), remove(keys('a'))]), refused('duplicateKey')),
    step(txn([], [remove(keys('a')), put('a', '1')]), refused('duplicateKey')),
    step(txn([], [remove(keys('a', 'c')), put('b', '1')]), refused('duplicateKey')),
    step(txn([], [], [put('a', '1'), put('a', '2')]), refused('duplicateKey')),
    step(txn([], [put('a', '1'), txn([], [put('a', '2')])]), refused('duplicateKey')),
    step(txn([], [remove(keys('a')), txn([], [], [put('a', '2')])]), refused('duplicateKey')),
    step(txn([], [put('a', '1'), txn([], [], [remove(keys('a'))])]), refused('duplicateKey')),
    step(txn([], [txn([], [put('a', '1')]), txn([], [], [put('a', '2')])]), refused('duplicateKey')),
    step(range(ALL), isRange(1, [])),
  ),
  caseOf(
    '16: deletions may overlap, branches exclude each other, and an end excludes its key',
    step(txn([], [put('a', '1')], [put('a', '2')]), isTxn(2, true, [isPut(2)])),
    step(txn([], [txn([], [put('b', '2')], [put('b', '3')])]), isTxn(3, true, [isTxn(0, true, [isPut(3)])])),
    step(
      txn([], [remove(keys('a', 'c')), remove(keys('b')), put('c', '1')]),
      isTxn(4, true, [isRemoved(4, 2), isRemoved(4, 0), isPut(4)]),
    ),
  ),
  caseOf(
    '16a: a deletion to the end of all keys covers no put, and both happen in their order',
    step(txn([], [put('a', '1'), remove(ALL)]), isTxn(2, true, [isPut(2), isRemoved(2, 1)])),
    step(range(ALL), isRange(2, [])),
    step(
      txn([], [remove(keys('a', '\0'), { prevKv: true }), put('a', '2')]),
      isTxn(3, true, [isRemoved(2, 0), isPut(3)]),
    ),
    step(
      txn([], [remove(ALL, { prevKv: true }), put('a', '3', { prevKv: true })]),
      isTxn(4, true, [isRemoved(4, 1, [pair('a', '2', [3, 3, 1])]), isPut(4)]),
    ),
    step(range(ALL), isRange(4, [pair('a', '3', [4, 4, 1])])),
  ),
  caseOf(
    '16b: of transactions beside each other the later may delete what the earlier puts, not the reverse',
    step(
      txn([], [txn([], [put('a', '1')]), txn([], [remove(keys('a'))])]),
      isTxn(2, true, [isTxn(0, true, [isPut(2)]), isTxn(0, true, [isRemoved(2, 1)])]),
    ),
    step(range(ALL), isRange(2, [])),
    step(txn([], [txn([], [remove(keys('a'))]), txn([], [put('a', '1')])]), refused('duplicateKey')),
  ),
]

const COMPARES: readonly Case[] = [
  caseOf(
    '17: all compares come before all writes; ranges see the writes before them',
    step(
      txn(
        [],
        [
          put('a', '1'),
          txn([numbered(keys('a'), 'version', 'equal', 0)], [range(keys('a'))], [put('b', '2')]),
          range(ALL),
        ],
      ),
      isTxn(2, true, [isPut(2), isTxn(0, true, [isRange(2, [A2])]), isRange(2, [A2])]),
    ),
    step(
      txn([], [remove(keys('a')), txn([value(keys('a'), 'equal', '1')], [range(keys('a'))])]),
      isTxn(3, true, [isRemoved(3, 1), isTxn(0, true, [isRange(3, [])])]),
    ),
  ),
  caseOf(
    '17: a range at a revision within a transaction sees none of its writes',
    step(put('a', '1'), isPut(2)),
    step(
      txn([], [put('a', '2'), range(keys('a'), { revision: 2 }), range(keys('a'))]),
      isTxn(3, true, [isPut(3), isRange(3, [A2]), isRange(3, [pair('a', '2', [2, 3, 2])])]),
    ),
  ),
  caseOf(
    '18: of a missing key no value is compared true, and numbers are 0',
    step(txn([value(keys('a'), 'equal', '')], []), isTxn(1, false, [])),
    step(txn([value(keys('a'), 'notEqual', 'x')], []), isTxn(1, false, [])),
    step(txn([numbered(keys('a'), 'create', 'equal', 0)], []), isTxn(1, true, [])),
    step(txn([numbered(keys('a'), 'version', 'less', 1)], []), isTxn(1, true, [])),
    step(txn([numbered(keys('a'), 'mod', 'greater', 0)], []), isTxn(1, false, [])),
    step(txn([{ ...keys('a'), target: 'lease', result: 'equal', lease: 0n }], []), isTxn(1, true, [])),
    step(txn([numbered(ALL, 'version', 'equal', 0)], []), isTxn(1, true, [])),
    step(txn([value(keys('b', 'a'), 'notEqual', '')], []), isTxn(1, false, [])),
  ),
  caseOf(
    '18: each pair of a range must be as compared',
    step(put('a', '1'), isPut(2)),
    step(put('b', '2'), isPut(3)),
    step(txn([value(ALL, 'less', '3')], [range(keys('a'))]), isTxn(3, true, [isRange(3, [A2])])),
    step(txn([value(ALL, 'greater', '1')], [], [range(keys('b'))]), isTxn(3, false, [isRange(3, [B3])])),
    step(
      txn([numbered(keys('a', 'c'), 'version', 'equal', 1), numbered(keys('a'), 'create', 'equal', 2)], []),
      isTxn(3, true, []),
    ),
    step(txn([numbered(ALL, 'mod', 'notEqual', 3)], []), isTxn(3, false, [])),
  ),
  caseOf(
    '18: values are compared as bytes without a sign',
    step(put('a', '\x7f'), isPut(2)),
    step(txn([value(keys('a'), 'less', '\xff')], []), isTxn(2, true, [])),
    step(txn([value(keys('a'), 'greater', '\x7e\xff')], []), isTxn(2, true, [])),
    step(txn([value(keys('a'), 'less', '\x7f\0')], []), isTxn(2, true, [])),
  ),
]

const FAILURES: readonly Case[] = [
  caseOf(
    '19: what is wrong in the branch taken fails all of it; in the other branch it does not matter',
    step(put('a', '1'), isPut(2)),
    step(txn([], [put('b', '2'), range(keys('a'), { revision: 3 })]), refused('futureRevision')),
    step(txn([], [put('b', '2'), txn([], [put('c', '2', { lease: 404n })])]), refused('leaseNotFound')),
    step(txn([], [put('b', '2'), put('c', '', { ignoreValue: true })]), refused('keyNotFound')),
    step(txn([], [put('b', '2')], [range(keys('a'), { revision: 9 })]), isTxn(3, true, [isPut(3)])),
    step(compact(3), isCompacted(3)),
    step(txn([], [put('b', '3'), range(keys('a'), { revision: 2 })]), refused('compacted')),
    step(range(ALL), isRange(3, [A2, B3])),
  ),
  caseOf(
    '19: puts are looked at before ranges, each in its turn',
    step(put('a', '1'), isPut(2)),
    step(
      txn([], [range(keys('a'), { revision: 9 }), put('c', '2', { lease: 404n })]),
      refused('leaseNotFound'),
    ),
    step(
      txn([], [put('b', '2', { lease: 404n }), put('c', '', { ignoreValue: true })]),
      refused('leaseNotFound'),
    ),
    step(
      txn([], [put('c', '', { ignoreValue: true }), put('b', '2', { lease: 404n })]),
      refused('keyNotFound'),
    ),
  ),
  caseOf(
    '20: the previous pair is the one at that point of the transaction',
    step(put('a', '1'), isPut(2)),
    step(
      txn([], [txn([], [put('a', '2', { prevKv: true })]), txn([], [remove(keys('a'), { prevKv: true })])]),
      isTxn(3, true, [
        isTxn(0, true, [isPut(3, A2)]),
        isTxn(0, true, [isRemoved(3, 1, [pair('a', '2', [2, 3, 2])])]),
      ]),
    ),
  ),
  haltingEtcd(
    caseOf(
      '19a: what is wrong only after a write of the same transaction fails all of it, too',
      step(put('a', '1'), isPut(2)),
      step(put('b', '1'), isPut(3)),
      step(
        txn([], [remove(ALL), put('c', '1'), put('a', '', { ignoreValue: true })]),
        refused('keyNotFound'),
      ),
      step(txn([], [remove(ALL), put('a', '2', { ignoreLease: true })]), refused('keyNotFound')),
      step(range(ALL), isRange(3, [A2, pair('b', '1', [3, 3, 1])])),
    ),
  ),
]

export const TXN_CASES: readonly Case[] = [...SHAPE, ...DUPLICATES, ...COMPARES, ...FAILURES]
