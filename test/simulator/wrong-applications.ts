/** Applications that answer wrongly: with other outcomes than the store's, or with what was true once. */
import { concatBytes, toHex, writeU32 } from '../../src/base/bytes.ts'
import type { Sequence } from '../../src/base/ids.ts'
import type { RequestOutcome } from '../../src/base/request-outcome.ts'
import type { Batch } from '../../src/messages/message.ts'
import type { Application } from '../../src/ports.ts'
import { wrapped } from '../../src/simulator/world/wrapped-application.ts'
import {
  nextOperation,
  OPERATION_CODES,
  type OperationCursor,
  openOperations,
} from '../../src/store/operations.ts'
import { RESULT_HEADER_BYTES } from '../../src/store/result-fields.ts'
import { type FramedResult, RESULTS_HEADER_BYTES, readResults, STATUSES } from '../../src/store/results.ts'

const REVISION_BYTES = 8

/** An application with other outcomes. */
export function withOutcomes(
  inner: Application,
  change: (
    outcomes: readonly RequestOutcome[],
    sequence: Sequence,
    batch: Batch,
  ) => readonly RequestOutcome[],
  given: (batch: Batch) => Batch = (batch) => batch,
): Application {
  return wrapped(inner, {
    *begin(sequence, batch, allowance) {
      return change(yield* inner.begin(sequence, given(batch), allowance), sequence, batch)
    },
  })
}

/** Gives the first results that it ever gave from the tenth batch on, as a store would that went back in time. */
export function staleResults(inner: Application): Application {
  let first: Uint8Array | null = null
  return withOutcomes(inner, (outcomes, sequence) =>
    outcomes.map((outcome) => {
      first ??= outcome.results
      return sequence < 10 || outcome.results === null ? outcome : { ...outcome, results: first }
    }),
  )
}

/**
 * Answers each get with what the first get of that key found, under the revision of now: consistent in itself, the same
 * at all replicas, and told to nobody but the clients.
 */
export function staleReads(inner: Application): Application {
  const first = new Map<string, Uint8Array>()
  return withAnswers(inner, (cursor, { status, fields }) => {
    if (cursor.code !== OPERATION_CODES.get || status !== 'ok') return fields
    const key = toHex(cursor.bytes.subarray(cursor.keyStart, cursor.keyEnd))
    const found = first.get(key) ?? fields.slice(REVISION_BYTES)
    first.set(key, found)
    return concatBytes(fields.subarray(0, REVISION_BYTES), found)
  })
}

/** Says of each put that its key has one version more than it has. */
export const oneVersionMore = (inner: Application): Application =>
  withAnswers(inner, (cursor, { status, fields }) => {
    if (cursor.code !== OPERATION_CODES.put || status !== 'ok') return fields
    const more = fields.slice()
    more[more.length - 1] = ((more.at(-1) ?? 0) + 1) & 0xff
    return more
  })

/** Knows of no lease that is to end. */
export const withoutExpiry = (inner: Application): Application => {
  const outer = withOutcomes(inner, (outcomes) => outcomes)
  return Object.defineProperty(outer, 'nextExpiry', { get: () => null })
}

/** An application whose results of single operations are changed. */
function withAnswers(
  inner: Application,
  change: (cursor: OperationCursor, result: FramedResult) => Uint8Array,
): Application {
  const changed = (operations: Uint8Array, results: Uint8Array): Uint8Array => {
    const cursor = openOperations(operations)
    const parts = (readResults(results) ?? []).map((framed) => {
      const isRead = cursor !== null && nextOperation(cursor) === null
      const fields = isRead ? change(cursor, framed) : framed.fields
      const head = new Uint8Array(RESULT_HEADER_BYTES)
      head[0] = STATUSES[framed.status]
      writeU32(head, 1, fields.length)
      return concatBytes(head, fields)
    })
    return concatBytes(results.subarray(0, RESULTS_HEADER_BYTES), ...parts)
  }
  return withOutcomes(inner, (outcomes, _sequence, batch) =>
    outcomes.map((outcome, index) => {
      const operations = batch.requests[index]?.operations
      if (outcome.results === null || operations === undefined) return outcome
      return { ...outcome, results: changed(operations, outcome.results) }
    }),
  )
}
