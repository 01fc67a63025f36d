import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, toHex, utf8 } from '../../src/base/bytes.ts'
import { readLeaseId } from '../../src/store/lease-id.ts'
import {
  idempotencyKeyOf,
  KEY_BYTES_MAX,
  nextOperation,
  OPERATION_CODES,
  OPERATIONS_MAX,
  openOperations,
  operationCount,
  VALUE_BYTES_MAX,
} from '../../src/store/operations.ts'
import { encodeOperations, OperationsWriter, operationBytes } from '../../src/store/operations-writer.ts'
import { get, list, put, rawBody, rawOperation, remove } from './harness.ts'

const bytes = (length: number) => new Uint8Array(length).fill(7)

/** The reader's verdict on a body with one operation. */
function faultOf(operation: Uint8Array) {
  const cursor = openOperations(rawBody(1, operation))
  return cursor === null ? 'refused whole' : nextOperation(cursor)
}

describe('layout', () => {
  test('bytes of each kind, as documented', () => {
    const hex = (...operations: Parameters<typeof encodeOperations>[0]) => toHex(encodeOperations(operations))
    expect(hex(put('ab', 'xyz'))).toBe('0001' + '01000000' + '0007' + '0002' + '6162' + '78797a')
    expect(hex(get('ab'))).toBe('0001' + '0200' + '00000002' + '6162')
    expect(hex(remove('ab', 258))).toBe('0001' + '0304' + '0000000a' + '0000000000000102' + '6162')
    expect(hex(list('a', 5, 'ab'))).toBe('0001' + '0400' + '00000009' + '00000005' + '0001' + '61' + '6162')
    expect(hex(get('a'), get('b'))).toBe('0002' + '02000000000161' + '02000000000162')
  })

  test('options stand in front of the fields in the order of their flag bits', () => {
    const encoded = encodeOperations([
      put('k', 'v', { lease: 9n, ifRevision: 3, idempotencyKey: utf8('id'), actAs: bytes(32) }),
    ])
    const options = `${'07'.repeat(32)}${'026964'}${'0000000000000003'}${'0000000000000009'}`
    expect(toHex(encoded)).toBe(`0001${'010f'}${'00000037'}${options}${'00016b76'}`)
  })

  test('the reader finds the parts that the writer was given', () => {
    const part = fc.uint8Array({ minLength: 1, maxLength: 40 })
    const options = fc.record(
      {
        ifRevision: fc.maxSafeNat(),
        idempotencyKey: part,
        lease: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(part, part, options), { minLength: 1, maxLength: 20 }), (puts) => {
        const operations = puts.map(([key, value, given]) => ({ ...given, kind: 'put' as const, key, value }))
        const encoded = encodeOperations(operations)
        expect(encoded.length).toBe(2 + operations.reduce((sum, each) => sum + operationBytes(each), 0))
        const cursor = openOperations(encoded)
        if (cursor === null) throw new Error('refused')
        for (const { key, value, ifRevision, idempotencyKey, lease } of operations) {
          const fault = nextOperation(cursor)
          expect(fault).toBeNull()
          expect(idempotencyKeyOf(cursor)).toEqual(idempotencyKey ?? null)
          expect(cursor.ifRevision).toBe(ifRevision ?? -1)
          expect(cursor.leaseAt < 0 ? undefined : readLeaseId(encoded, cursor.leaseAt)).toBe(lease)
          expect(encoded.slice(cursor.keyStart, cursor.keyEnd)).toEqual(key)
          expect(encoded.slice(cursor.valueStart, cursor.valueEnd)).toEqual(value)
        }
      }),
      { numRuns: 100 },
    )
  })

  test('the writer is used again after a reset, and gives copies', () => {
    const writer = new OperationsWriter()
    writer.add(put('k', bytes(100_000)))
    const first = writer.finish()
    expect(writer.byteLength).toBe(first.length)
    writer.reset()
    writer.add(get('k'))
    expect(writer.count).toBe(1)
    expect(writer.finish()).toEqual(encodeOperations([get('k')]))
    expect(first).toEqual(encodeOperations([put('k', bytes(100_000))]))
  })
})

describe('faults of the whole body', () => {
  const one = rawOperation(2, 0, utf8('k'))

  test.each([
    ['no bytes', new Uint8Array(0)],
    ['half a count', Uint8Array.of(0)],
    ['a count of 0', rawBody(0)],
    ['more than the limit', rawBody(OPERATIONS_MAX + 1, ...Array(OPERATIONS_MAX + 1).fill(one))],
    ['fewer operations than the count', rawBody(2, one)],
    ['more operations than the count', rawBody(1, one, one)],
    ['a length beyond the body', rawBody(1, one.subarray(0, -1))],
    ['a header cut short', rawBody(1, Uint8Array.of(2, 0, 0))],
    ['a length of 4 GiB', rawBody(1, concatBytes(Uint8Array.of(2, 0, 255, 255, 255, 255), utf8('k')))],
  ])('%s', (_, body) => {
    expect(openOperations(body)).toBeNull()
  })

  test('as many operations as the limit are taken', () => {
    expect(operationCount(rawBody(OPERATIONS_MAX, ...Array(OPERATIONS_MAX).fill(one)))).toBe(OPERATIONS_MAX)
  })
})

describe('faults of one operation', () => {
  const { put: PUT, get: GET, delete: DELETE, list: LIST } = OPERATION_CODES
  const keyed = (key: Uint8Array, rest: Uint8Array) =>
    concatBytes(Uint8Array.of(key.length >> 8, key.length & 255), key, rest)
  const limit = Uint8Array.of(0, 0, 0, 1)
  const unsafe = Uint8Array.of(0, 32, 0, 0, 0, 0, 0, 0)

  test.each([
    ['no fault', PUT, 0, keyed(utf8('k'), utf8('v')), null],
    ['an unknown flag', GET, 0x10, utf8('k'), 'bad-operation'],
    ['a put without a key length', PUT, 0, Uint8Array.of(0), 'bad-operation'],
    ['a key length beyond the fields', PUT, 0, Uint8Array.of(0, 2, 65), 'bad-operation'],
    ['a list without a limit', LIST, 0, Uint8Array.of(0, 0, 0), 'bad-operation'],
    ['a prefix beyond the fields', LIST, 0, concatBytes(limit, Uint8Array.of(0, 1)), 'bad-operation'],
    ['an actAs cut short', GET, 1, bytes(31), 'bad-operation'],
    ['an empty idempotency key', GET, 2, concatBytes(Uint8Array.of(0), utf8('k')), 'bad-operation'],
    ['an idempotency key of 65 bytes', GET, 2, concatBytes(Uint8Array.of(65), bytes(66)), 'bad-operation'],
    ['an idempotency key cut short', GET, 2, Uint8Array.of(9, 1), 'bad-operation'],
    ['a revision cut short', DELETE, 4, bytes(7), 'bad-operation'],
    ['an unsafe revision', DELETE, 4, concatBytes(unsafe, utf8('k')), 'bad-operation'],
    ['a lease cut short', PUT, 8, bytes(7), 'bad-operation'],
    ['a revision where it has no meaning', GET, 4, concatBytes(bytes(8).fill(0), utf8('k')), 'bad-operation'],
    ['actAs', GET, 1, concatBytes(bytes(32), utf8('k')), null],
    ['a read with an idempotency key', GET, 2, concatBytes(Uint8Array.of(1, 9), utf8('k')), 'bad-operation'],
    ['a delete with one', DELETE, 2, concatBytes(Uint8Array.of(64), bytes(64), utf8('k')), null],
    ['a lease where it has no meaning', DELETE, 8, concatBytes(bytes(8), utf8('k')), 'bad-operation'],
    ['code 0', 0, 0, utf8('k'), 'unsupported'],
    ['a code of later', 99, 0, utf8('k'), 'unsupported'],
    ['an empty key', GET, 0, new Uint8Array(0), 'bad-key'],
    ['an empty key to put', PUT, 0, Uint8Array.of(0, 0), 'bad-key'],
    ['the longest key', GET, 0, bytes(KEY_BYTES_MAX), null],
    ['a key too long', DELETE, 0, bytes(KEY_BYTES_MAX + 1), 'bad-key'],
    ['an empty prefix', LIST, 0, concatBytes(limit, Uint8Array.of(0, 0)), null],
    ['a prefix too long', LIST, 0, concatBytes(limit, keyed(bytes(4097), bytes(0))), 'bad-key'],
    ['a cursor too long', LIST, 0, concatBytes(limit, keyed(bytes(1), bytes(4097))), 'bad-key'],
    ['the largest value', PUT, 0, keyed(utf8('k'), bytes(VALUE_BYTES_MAX)), null],
    ['a value too large', PUT, 0, keyed(utf8('k'), bytes(VALUE_BYTES_MAX + 1)), 'too-large'],
  ])('%s', (_, code, flags, fields, fault) => {
    expect(faultOf(rawOperation(code, flags, fields))).toBe(fault)
  })
})
