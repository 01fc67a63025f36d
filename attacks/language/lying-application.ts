/** An application that executes as it should and gives clients other results of some operations. */
import { concatBytes, writeU16, writeU32 } from '../../src/base/bytes.ts'
import type { ReplicaRuntimeOptions } from '../../src/runtime/replica-runtime-options.ts'
import { wrapped } from '../../src/simulator/world/wrapped-application.ts'
import { nextOperation, type OperationCursor, openOperations } from '../../src/store/operations.ts'
import { RESULT_HEADER_BYTES } from '../../src/store/result-fields.ts'
import { type FramedResult, RESULTS_HEADER_BYTES, readResults, STATUSES } from '../../src/store/results.ts'
import type { Playing } from './adversary.ts'

/** The fields of a lie about the result of an operation; null for the truth. */
export type Lie = (cursor: OperationCursor, result: FramedResult) => Uint8Array | null

/**
 * Gives a replica an application that lies in its answers, ordered or not, while the attack is on. Its state and its
 * votes are those of an honest replica. Traitors that execute the same tell the same lie.
 */
export const lyingInResults =
  (lie: Lie) =>
  (parts: ReplicaRuntimeOptions, { isOn, onAct }: Playing): ReplicaRuntimeOptions => {
    const { application } = parts
    const told = (operations: Uint8Array | undefined, results: Uint8Array | null): Uint8Array | null => {
      if (operations === undefined || results === null || !isOn()) return results
      const lied = lieIn(operations, results, lie)
      if (lied !== null) onAct()
      return lied ?? results
    }
    return {
      ...parts,
      application: wrapped(application, {
        *begin(sequence, batch, allowance) {
          const outcomes = yield* application.begin(sequence, batch, allowance)
          return outcomes.map((outcome, index) => {
            const results = told(batch.requests[index]?.operations, outcome.results)
            return { ...outcome, results }
          })
        },
        read: (client, operations, allowance) =>
          told(operations, application.read(client, operations, allowance)),
      }),
    }
  }

/** Returns the results with each lie in its place; null where there is nothing to lie about. */
function lieIn(operations: Uint8Array, results: Uint8Array, lie: Lie): Uint8Array | null {
  const cursor = openOperations(operations)
  let isLie = false
  const parts = (readResults(results) ?? []).map((framed) => {
    const isRead = cursor !== null && nextOperation(cursor) === null && framed.status === 'ok'
    const lied = isRead ? lie(cursor, framed) : null
    isLie ||= lied !== null
    const fields = lied ?? framed.fields
    const head = new Uint8Array(RESULT_HEADER_BYTES)
    head[0] = STATUSES[framed.status]
    writeU32(head, 1, fields.length)
    return concatBytes(head, fields)
  })
  if (!isLie) return null
  const head = new Uint8Array(RESULTS_HEADER_BYTES)
  writeU16(head, 0, parts.length)
  return concatBytes(head, ...parts)
}
