import { OPERATION_CODES } from '../../../src/store/operations.ts'
import { interpretRangeResult } from '../../../src/store/range-results.ts'
import { type Attack, lastBackups, oneTooMany } from '../../language/attack.ts'
import { type Lie, lyingInResults } from '../../language/lying-application.ts'

/** The last value of a read has another last byte. */
const otherValue: Lie = (cursor, { fields }) => {
  if (cursor.code !== OPERATION_CODES.range) return null
  const result = interpretRangeResult(cursor.code, fields)
  if (result?.kind !== 'range') return null
  if ((result.items.at(-1)?.value.length ?? 0) === 0) return null
  const lied = fields.slice()
  lied[lied.length - 1] = (lied.at(-1) ?? 0) ^ 1
  return lied
}

export const lyingHistory: Attack = {
  name: 'lying-history',
  world: 'simulator',
  targets: ['safety'],
  does: 'answers reads of ranges, now and at older revisions, with values that no key had',
  source: 'the reads at a revision of etcd, where a single server is believed',
  expects: 'no client believes it, whether the read is ordered or not',
  traitors: lastBackups,
  drawn: 'with every operation',
  behaviour: () => ({}),
  parts: lyingInResults(otherValue),
  simulated: { usesEveryOperation: true, plan: { reads: 'unordered' } },
}

export const falseHistory: Attack = {
  ...lyingHistory,
  name: 'false-history',
  does: 'f + 1 traitors answer reads of ranges with the same values that no key had',
  expects: 'a client believes them',
  traitors: oneTooMany,
  control: { breaks: 'answers' },
  environment: { lasts: 3 },
  simulated: { usesEveryOperation: true },
}
