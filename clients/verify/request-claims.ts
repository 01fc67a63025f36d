/** The operations of a request and their results, in the words of documents. */
import type { OperationCode, OperationCursor } from '../../src/store/operations.ts'
import { nextOperation, OPERATION_CODES, openOperations } from '../../src/store/operations.ts'
import { interpretResult, type Result, readResults } from '../../src/store/results.ts'
import { keyName } from '../api/key-name.ts'
import { refuse } from './refusal.ts'

type Said = string | number | boolean | null

/** An operation in words: its kind, and the key where it is about one. */
export type OperationSaid = Readonly<Record<string, Said>>
/** A result in words: its status, and the facts of it that are numbers, words or truths. */
export type ResultSaid = Readonly<Record<string, Said>>

/** The operations of a request with their results. */
export interface Executed {
  readonly operations: readonly OperationSaid[]
  readonly results: readonly Result[]
}

const KIND_NAMES = new Map<number, string>(
  Object.entries(OPERATION_CODES).map(([kind, code]) => [code, kind]),
)
const ONE_KEY: ReadonlySet<number> = new Set(
  (['put', 'get', 'delete', 'put-with-options'] as const).map((kind) => OPERATION_CODES[kind]),
)
const PUTS: ReadonlySet<number> = new Set([OPERATION_CODES.put, OPERATION_CODES['put-with-options']])

/** Reads operations and their results. Refuses what does not fit together. */
export function readExecuted(operations: Uint8Array, results: Uint8Array): Executed {
  const cursor = openOperations(operations)
  if (cursor === null) return refuse('request', 'its operations break their layout')
  const framed = readResults(results)
  if (framed === null) return refuse('results', 'its results break their layout')
  if (framed.length !== cursor.count) {
    refuse('results', `it has ${framed.length} results of ${cursor.count} operations`)
  }
  const executed = framed.map((each, index) => {
    const isFaultless = nextOperation(cursor) === null
    const result = interpretResult(cursor.code as OperationCode, each)
    if (result === null) return refuse('results', `its result ${index} breaks its layout`)
    return { operation: operationSaid(cursor, isFaultless), result }
  })
  return {
    operations: executed.map(({ operation }) => operation),
    results: executed.map(({ result }) => result),
  }
}

function operationSaid(cursor: OperationCursor, isFaultless: boolean): OperationSaid {
  const { bytes, code, keyStart, keyEnd, valueStart, valueEnd, ifRevision } = cursor
  const kind = KIND_NAMES.get(code) ?? `code ${code}`
  if (!isFaultless || !ONE_KEY.has(code)) return { kind }
  return {
    kind,
    key: keyName(bytes.subarray(keyStart, keyEnd)),
    ...(PUTS.has(code) ? { valueBytes: valueEnd - valueStart } : {}),
    ...(ifRevision < 0 ? {} : { ifRevision }),
  }
}

export function resultSaid(result: Result): ResultSaid {
  const said: Record<string, Said> = {}
  for (const [name, fact] of Object.entries(result)) {
    if (typeof fact === 'number' || typeof fact === 'string' || typeof fact === 'boolean') said[name] = fact
    if (name === 'value' && fact instanceof Uint8Array) said['valueBytes'] = fact.length
  }
  return said
}
