/** Bytes that parsers may read differently: operations, payloads and frames, all correctly signed. */
import { concatBytes, utf8, writeU16, writeU32, writeU64 } from '../../src/base/bytes.ts'
import { encodeFrame, splitFrame } from '../../src/messages/frame.ts'
import {
  AUTHENTICATION_BYTES_MAX,
  COUNTER_MAX,
  PAYLOAD_BYTES_MAX,
  SESSION_NONCE_BYTES,
} from '../../src/messages/limits.ts'
import { packPayload } from '../../src/messages/payload.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import { OPERATION_CODES, OPTION_FLAGS } from '../../src/store/operations.ts'
import { encodeOperations } from '../../src/store/operations-writer.ts'
import type { ClientContext } from './client-context.ts'

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values)
const NOTHING = new Uint8Array(0)

/** Sizes beyond a limit. */
export const HOSTILE_SIZES = {
  depth: 200,
  items: 257,
  payloadBytes: PAYLOAD_BYTES_MAX + 1,
  number: COUNTER_MAX + 1,
  keyBytes: 4 * 1024 + 1,
  valueBytes: 1024 * 1024 + 1,
  operations: 4_097,
} as const

/** Keys with a special meaning in a language, a text or a file system. */
const KEYS: readonly Uint8Array[] = [
  ...['__proto__', 'constructor', 'hasOwnProperty', 'toString', '../../cluster.json', 'a\0b', ''].map(utf8),
  // A lone surrogate, an overlong slash, a byte that never occurs in UTF-8, and a byte order mark.
  bytes(0xed, 0xa0, 0x80),
  bytes(0xc0, 0xaf),
  bytes(0xff, 0xfe),
  bytes(0xef, 0xbb, 0xbf),
  new Uint8Array(4 * 1024).fill(0xff),
  new Uint8Array(HOSTILE_SIZES.keyBytes).fill(0x61),
]

/** The bytes of an operation: code, flags, a length that may be false, fields. */
function operation(
  code: number,
  flags: number,
  fields: Uint8Array,
  length: number = fields.length,
): Uint8Array {
  const head = bytes(code, flags, 0, 0, 0, 0)
  writeU32(head, 2, length)
  return concatBytes(head, fields)
}

function counted(count: number, ...operations: readonly Uint8Array[]): Uint8Array {
  const head = new Uint8Array(2)
  writeU16(head, 0, count)
  return concatBytes(head, ...operations)
}

const { put, get, delete: remove, list } = OPERATION_CODES
const GET = operation(get, 0, utf8('k'))
const U64_MAX = new Uint8Array(8).fill(0xff)

function u64(value: number): Uint8Array {
  const eight = new Uint8Array(8)
  writeU64(eight, 0, value)
  return eight
}

export const HOSTILE_OPERATIONS: readonly Uint8Array[] = [
  ...KEYS.map((key) =>
    encodeOperations([
      { kind: 'put', key, value: key },
      { kind: 'get', key },
      { kind: 'list', prefix: key, limit: 2, cursor: key },
      { kind: 'delete', key },
    ]),
  ),
  NOTHING,
  bytes(0),
  counted(0),
  counted(0xffff),
  counted(0xffff, GET),
  counted(2, GET),
  counted(1, GET, GET),
  counted(1, GET, bytes(0)),
  counted(1, operation(get, 0, utf8('k'), 0xffff_ffff)),
  counted(1, operation(get, 0, utf8('k'), 2)),
  counted(1, operation(0, 0, utf8('k'))),
  counted(1, operation(255, 0, utf8('k'))),
  counted(1, operation(get, 0xff, utf8('k'))),
  counted(1, operation(get, OPTION_FLAGS.ifRevision, concatBytes(U64_MAX, utf8('k')))),
  counted(1, operation(put, OPTION_FLAGS.ifRevision, concatBytes(U64_MAX, bytes(0, 1, 0x6b)))),
  counted(1, operation(remove, OPTION_FLAGS.idempotencyKey, bytes(0, 0x6b))),
  counted(1, operation(put, 0, bytes(0xff, 0xff, 0x6b))),
  counted(1, operation(put, 0, bytes(0))),
  counted(1, operation(list, 0, concatBytes(U64_MAX.subarray(4), bytes(0, 0)))),
  counted(1, operation(list, 0, bytes(0, 0, 0, 1, 0xff, 0xff))),
  counted(4096, ...Array.from({ length: 4096 }, () => GET)),
  counted(HOSTILE_SIZES.operations, ...Array.from({ length: HOSTILE_SIZES.operations }, () => GET)),
  encodeOperations([{ kind: 'put', key: utf8('v'), value: new Uint8Array(HOSTILE_SIZES.valueBytes) }]),
]

/** Malformed payloads of requests. */
export function hostilePayloads({ signers: [{ publicKey }], hash }: ClientContext): readonly Uint8Array[] {
  const digest = hash(NOTHING)
  const session = new Uint8Array(SESSION_NONCE_BYTES)
  const [key, nonce, operations] = [publicKey, session, digest].map((field) =>
    concatBytes(bytes(0xc4, field.length), field),
  ) as [Uint8Array, Uint8Array, Uint8Array]
  const withTimestamp = (...timestamp: readonly number[]): Uint8Array =>
    concatBytes(bytes(0x95), key, nonce, bytes(...timestamp, 0), operations)
  const good = packPayload([publicKey, session, 1, 0, digest])
  return [
    // The number of operations is false.
    good,
    NOTHING,
    bytes(0xc0),
    bytes(0x80),
    new Uint8Array(HOSTILE_SIZES.depth).fill(0x91),
    bytes(0xdc, 0xff, 0xff),
    bytes(0xdd, 0xff, 0xff, 0xff, 0xff),
    concatBytes(bytes(0x94), new Uint8Array(3).fill(0xc5)),
    concatBytes(
      bytes(0xdc, HOSTILE_SIZES.items >> 8, HOSTILE_SIZES.items & 0xff),
      new Uint8Array(HOSTILE_SIZES.items),
    ),
    concatBytes(good, bytes(0)),
    good.subarray(0, -1),
    good.subarray(0, 1),
    packPayload([publicKey, session, 1, 0]),
    packPayload([publicKey, session, 1, 0, digest, 0]),
    packPayload([publicKey.subarray(1), session, 1, 0, digest]),
    packPayload([publicKey, session.subarray(1), 1, 0, digest]),
    packPayload([publicKey, session, 1, 0, digest.subarray(1)]),
    packPayload([1, publicKey, session, digest, 0]),
    packPayload([publicKey, session, [[1]], 0, digest]),
    // 2^53, the first number that no message names, -1, 2^64 - 1 and 1.0; text, and what msgpack calls an extension.
    withTimestamp(0xd3, 0, 0x20, 0, 0, 0, 0, 0, 0),
    withTimestamp(0xd3, ...u64(HOSTILE_SIZES.number)),
    withTimestamp(0xd3, ...U64_MAX),
    withTimestamp(0xff),
    withTimestamp(0xcf, ...U64_MAX),
    withTimestamp(0xcb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0),
    withTimestamp(0xcc, 1),
    withTimestamp(0xa9, ...utf8('__proto__')),
    withTimestamp(0x81, 0xa9, ...utf8('__proto__'), 1),
    withTimestamp(0xd4, 0, 0),
    withTimestamp(0xc7, 0xff, 0x72),
  ]
}

/** Malformed variants of a good frame: with parts too long, with no signature or half of one, of an unknown kind. */
export function reframed(frame: Uint8Array): readonly Uint8Array[] {
  const parts = splitFrame(frame)
  if (isRejection(parts)) return []
  const { authentication } = parts
  return [
    encodeFrame({ ...parts, payload: new Uint8Array(HOSTILE_SIZES.payloadBytes) }).bytes,
    encodeFrame({ ...parts, authentication: new Uint8Array(AUTHENTICATION_BYTES_MAX + 1) }).bytes,
    encodeFrame({ ...parts, authentication: NOTHING }).bytes,
    encodeFrame({ ...parts, authentication: authentication.subarray(1) }).bytes,
    encodeFrame({ ...parts, kind: 200 as never }).bytes,
  ]
}
