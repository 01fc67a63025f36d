/** The record of an executed request in the tree, with its results, which may be in two parts. See `state-keys.ts`. */
import { concatBytes, readU32, readU64, writeU32, writeU64 } from '../base/bytes.ts'
import type { ClientId, Timestamp } from '../base/ids.ts'
import type { Tree } from '../tree/tree.ts'
import { CLIENT_KEY_BYTES, clientOfStateKey, clientStateKey, SECTIONS } from './state-keys.ts'

/**
 * The maximum bytes of results in the record itself; the rest has a record of its own, because a value of the tree is
 * limited to about 1 MiB.
 */
const RESULTS_PART_BYTES = 1024 * 1024
const DIGEST_AT = 8
const SESSION_AT = DIGEST_AT + 32
const ORDER_AT = SESSION_AT + 16
const KEPT_AT = ORDER_AT + 8
const LENGTH_AT = KEPT_AT + 1
const RESULTS_AT = LENGTH_AT + 4

/** The position of a record: the client and its slot. */
export interface RecordPosition {
  readonly client: ClientId
  readonly slot: number
}

export interface ExecutedRecord {
  readonly timestamp: Timestamp
  readonly requestDigest: Uint8Array
  /** The nonce of the session that sent the request. */
  readonly session: Uint8Array
  /** The number of requests executed before this one. */
  readonly order: number
  /** The bytes of its kept results; null if they are no longer kept. */
  readonly resultsBytes: number | null
}

/** Writes a record. Without results it is marked as no longer having them. */
export function writeRecord(
  tree: Tree,
  place: RecordPosition,
  record: Omit<ExecutedRecord, 'resultsBytes'>,
  results: Uint8Array | null,
): void {
  const key = recordKey(place, 0)
  const head = results === null ? 0 : Math.min(results.length, RESULTS_PART_BYTES)
  tree.find(key, 0, key.length)
  tree.put(key, 0, key.length, RESULTS_AT + head)
  const { valueBuffer: bytes, valueAt: from } = tree
  writeU64(bytes, from, record.timestamp)
  bytes.set(record.requestDigest, from + DIGEST_AT)
  bytes.set(record.session, from + SESSION_AT)
  writeU64(bytes, from + ORDER_AT, record.order)
  bytes[from + KEPT_AT] = results === null ? 0 : 1
  writeU32(bytes, from + LENGTH_AT, results?.length ?? 0)
  if (results === null) return
  bytes.set(results.subarray(0, head), from + RESULTS_AT)
  if (results.length > head) tree.set(recordKey(place, 1), results.subarray(head))
}

/** Removes the second part of a record, if its results are long enough to have one. */
export function removeRest(tree: Tree, place: RecordPosition, resultsBytes: number | null): void {
  if (resultsBytes !== null && resultsBytes > RESULTS_PART_BYTES) tree.remove(recordKey(place, 1))
}

/** Removes a record except for its second part. */
export function removeRecord(tree: Tree, place: RecordPosition): void {
  tree.remove(recordKey(place, 0))
}

/** Returns a copy of the kept results of a record. */
export function readResultsOf(tree: Tree, place: RecordPosition): Uint8Array {
  const record = tree.get(recordKey(place, 0)) ?? new Uint8Array(RESULTS_AT)
  const head = record.slice(RESULTS_AT)
  const rest = readU32(record, LENGTH_AT) > head.length ? tree.get(recordKey(place, 1)) : null
  return rest === null ? head : concatBytes(head, rest)
}

/** Yields every record, client by client. */
export function* readRecords(
  tree: Tree,
): Generator<{ readonly place: RecordPosition; readonly record: ExecutedRecord }> {
  const cursor = tree.cursor(Uint8Array.of(SECTIONS.executed))
  for (; !cursor.isAtEnd && cursor.key[0] === SECTIONS.executed; cursor.next()) {
    const { key, value } = cursor
    if (key[CLIENT_KEY_BYTES + 2] !== 0) continue
    const place = { client: clientOfStateKey(key), slot: key[CLIENT_KEY_BYTES + 1] as number }
    const record = {
      timestamp: readU64(value, 0) as Timestamp,
      requestDigest: value.slice(DIGEST_AT, SESSION_AT),
      session: value.slice(SESSION_AT, ORDER_AT),
      order: readU64(value, ORDER_AT),
      resultsBytes: value[KEPT_AT] === 0 ? null : readU32(value, LENGTH_AT),
    }
    yield { place, record }
  }
}

function recordKey({ client, slot }: RecordPosition, part: number): Uint8Array {
  return clientStateKey(SECTIONS.executed, client, slot, part)
}
