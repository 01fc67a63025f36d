/** Parameters of reads and deletions of ranges: the keys, the revision, the limit, the filters and the order. */
import { fromHex } from '../../src/base/bytes.ts'
import { SORT_TARGETS, type SortTarget } from '../../src/store/range.ts'
import { flag, handedOut, keyBytes, oneOf, wholeNumber } from './parameters.ts'

/** The default and the maximum number of items in a page. */
export const LIST_LIMIT = 100
export const LIST_LIMIT_MAX = 1000

/** The sort orders of a range. */
export const SORT_NAMES = Object.keys(SORT_TARGETS) as [SortTarget, ...SortTarget[]]
export const ORDER_NAMES = ['asc', 'desc'] as const

export const READ_REVISION = {
  revision: {
    description: 'Reads the store at this revision; 0: at the current one.',
    schema: wholeNumber('revision').optional(),
  },
} as const

export const BOUNDS = {
  prefix: {
    description:
      'Selects the keys with this prefix: any bytes, percent-encoded, a space also as +. Empty: every key.',
    schema: keyBytes('the prefix', 0).optional(),
  },
  start: {
    description: 'The first key of the range, instead of `prefix`; by default the first key of the store.',
    schema: keyBytes('start').optional(),
  },
  end: {
    description: 'The end of the range, exclusive, instead of `prefix`; by default the end of the store.',
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
    description: 'The cursor from an earlier page; keep the other parameters unchanged.',
    schema: handedOut('cursor', fromHex).optional(),
  },
  keysOnly: { description: 'Omits the values.', schema: flag('keysOnly').optional() },
  countOnly: { description: 'Returns only the number of keys.', schema: flag('countOnly').optional() },
  sort: {
    description: 'The sort order: by key, version, create or mod revision, or value.',
    schema: oneOf('sort', SORT_NAMES).optional(),
  },
  order: {
    description: 'The direction of the order; `asc` by default.',
    schema: oneOf('order', ORDER_NAMES).optional(),
  },
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
    description: 'With a range: returns the deleted keys and values.',
    schema: flag('previous').optional(),
  },
} as const
