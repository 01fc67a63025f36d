/** Ranges of keys on a command line and in the query of a request. */
import { given } from '../../src/base/given.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import { encodeKey } from '../api/key-path.ts'
import { keyOf } from './key-argument.ts'

export interface RangeFlags {
  readonly name?: true
  readonly prefix?: string
  readonly from?: string
  readonly to?: string
}

/** The bounds of a range, percent-encoded. */
export interface RangeQuery {
  readonly prefix?: string
  readonly start?: string
  readonly end?: string
}

/** The range that the options name; null if they name none. */
export function rangeOf(flags: RangeFlags): RangeQuery | null {
  const { prefix, from, to } = flags
  if (prefix !== undefined) return { prefix: encodeKey(keyOf(prefix, flags)) }
  if (from === undefined && to === undefined) return null
  const start = from === undefined ? undefined : keyOf(from, flags)
  const end = to === undefined ? undefined : keyOf(to, flags)
  if (start !== undefined && end !== undefined && Buffer.compare(start, end) >= 0) {
    throw new OperatorError(`No key lies between "${from}" and "${to}": --to must come after --from.`)
  }
  return given({ start: start && encodeKey(start), end: end && encodeKey(end) })
}
