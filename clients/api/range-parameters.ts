/** Parameters of reads and deletions of ranges: which keys, at which revision, how many, filtered and sorted. */
import { fromHex } from '../../src/base/bytes.ts'
import { SORT_TARGETS, type SortTarget } from '../../src/store/range.ts'
import { flag, handedOut, keyBytes, oneOf, wholeNumber } from './parameters.ts'

/** Items of one page when none are asked for, and at most. */
export const LIST_LIMIT = 100
export const LIST_LIMIT_MAX = 1000

/** The facts of a key that a range may be sorted by. */
export const SORT_NAMES = Object.keys(SORT_TARGETS) as [SortTarget, ...SortTarget[]]
export const ORDER_NAMES = ['asc', 'desc'] as const

export const READ_REVISION = {
  revision: {
    description: 'Reads the store as it was at this revision; 0: as it is now.',
    schema: wholeNumber('revision').optional(),
  },
} as const

export const BOUNDS = {
  prefix: {
    description: 'The keys that begin so: any bytes, percent-encoded, a space also as +. Empty: every key.',
    schema: keyBytes('the prefix', 0).optional(),
  },
  start: {
    description: 'In place of `prefix`: the first key of the range; the least key there is when absent.',
    schema: keyBytes('start').optional(),
  },
  end: {
    description: 'In place of `prefix`: the key that ends the range and is not in it; none when absent.',
    schema: keyBytes('end').optional(),
  },
} as const

const revisionBound = (name: string, description: string) => ({
  description,
  schema: wholeNumber(name).optional(),
})

export const RANGE_PARAMETERS = {
  ...BOUNDS,
  limit: {
    description: `Keys of one page: ${LIST_LIMIT} when it is not given; 0 counts only.`,
    schema: wholeNumber('limit', LIST_LIMIT_MAX).optional(),
  },
  cursor: {
    description: 'As an earlier page gave it; the other parameters stay as they were.',
    schema: handedOut('cursor', fromHex).optional(),
  },
  keysOnly: { description: 'Leaves the values out.', schema: flag('keysOnly').optional() },
  countOnly: { description: 'Counts the keys and gives none.', schema: flag('countOnly').optional() },
  sort: {
    description: 'What the keys are sorted by: themselves, version, create or mod revision, or value.',
    schema: oneOf('sort', SORT_NAMES).optional(),
  },
  order: { description: '`asc` when it is not given.', schema: oneOf('order', ORDER_NAMES).optional() },
  minModRevision: revisionBound('minModRevision', 'Only keys that were set at this revision or later.'),
  maxModRevision: revisionBound('maxModRevision', 'Only keys that were set at this revision or earlier.'),
  minCreateRevision: revisionBound(
    'minCreateRevision',
    'Only keys that were created at this revision or later.',
  ),
  maxCreateRevision: revisionBound(
    'maxCreateRevision',
    'Only keys that were created at this revision or earlier.',
  ),
} as const

export const DELETION_PARAMETERS = {
  ...BOUNDS,
  previous: {
    description: 'With a range: answers with the keys and values that were deleted.',
    schema: flag('previous').optional(),
  },
} as const
