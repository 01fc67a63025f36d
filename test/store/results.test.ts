import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, readU16, toHex, utf8 } from '../../src/base/bytes.ts'
import { OPERATION_CODES, OPERATIONS_MAX } from '../../src/store/operations.ts'
import { encodeOperations, type Operation } from '../../src/store/operations-writer.ts'
import { interpretResult, RESULTS_BYTES_MAX, readResults, STATUSES } from '../../src/store/results.ts'
import { deeper } from '../kit/depth.ts'
import { Driver, get, list, put, rawBody, rawOperation, read, remove } from './harness.ts'

const codes = Object.values(OPERATION_CODES)
const u64 = (value: number) => value.toString(16).padStart(16, '0')

describe('layout', () => {
  test('bytes of each kind of result, as documented', () => {
    const driver = new Driver()
    const hex = (...operations: readonly Operation[]) => toHex(driver.bytes(encodeOperations(operations)))
    expect(hex(put('k', 'one'))).toBe(`0001${'00'}${'00000020'}${u64(2)}${u64(2)}${u64(2)}${u64(1)}`)
    expect(hex(put('k', 'two'))).toBe(`0001${'00'}${'00000020'}${u64(3)}${u64(2)}${u64(3)}${u64(2)}`)
    expect(hex(get('k'))).toBe(`0001${'00'}${'00000023'}${u64(3)}${u64(2)}${u64(3)}${u64(2)}74776f`)
    expect(hex(get('x'))).toBe(`0001${'01'}${'00000008'}${u64(3)}`)
    expect(hex(put('k', 'no', { ifRevision: 1 }))).toBe(`0001${'02'}${'00000010'}${u64(3)}${u64(3)}`)
    expect(hex(put('l', ''), put('m', ''))).toHaveLength(2 * (2 + 37 + 37))
    const item = `0001${'6b'}${u64(2)}${u64(3)}${u64(2)}${'00000003'}74776f`
    expect(hex(list('', 1))).toBe(`0001${'00'}00000037${u64(5)}${u64(3)}${'00000001'}${item}6b`)
    expect(hex(remove('k'))).toBe(`0001${'00'}${'00000009'}${u64(6)}01`)
    expect(hex(remove('k'))).toBe(`0001${'00'}${'00000009'}${u64(6)}00`)
    expect(hex(get(''))).toBe('0001' + '08' + '00000000')
  })

  test('a body with wrong framing gets one bad-operation, and nothing of it is executed', () => {
    const driver = new Driver()
    const whole = encodeOperations([put('a', '1'), put('b', '2')])
    const cases = [
      new Uint8Array(0),
      whole.subarray(0, -1),
      concatBytes(whole, Uint8Array.of(0)),
      rawBody(OPERATIONS_MAX + 1, ...Array(OPERATIONS_MAX + 1).fill(rawOperation(2, 0, utf8('k')))),
    ]
    for (const body of cases) expect(toHex(driver.bytes(body))).toBe('00010300000000')
    expect(driver.store.revision).toBe(1)
  })

  test('a fault inside one operation leaves its neighbours alone', () => {
    const driver = new Driver()
    const good = encodeOperations([put('a', '1')]).subarray(2)
    const results = readResults(driver.bytes(rawBody(3, good, rawOperation(99, 0, new Uint8Array(3)), good)))
    expect(results?.map(({ status }) => status)).toEqual(['ok', 'unsupported', 'ok'])
    expect(driver.store.revision).toBe(3)
  })
})

describe('the budget of a request’s results', () => {
  const mebibyte = new Uint8Array(1 << 20).fill(1)

  test('an operation whose result no longer fits is not executed; smaller ones behind it are', () => {
    const driver = new Driver()
    driver.run(put('large', mebibyte))
    const results = driver.run(get('large'), get('large'), put('k', 'v'), get('large'), get('k'))
    expect(results.map(({ status }) => status)).toEqual(['ok', 'result-budget', 'ok', 'result-budget', 'ok'])
    expect(driver.run(get('large'))[0]?.status).toBe('ok')
  })

  test('room is kept so that each operation gets at least a status', () => {
    const driver = new Driver()
    const size = RESULTS_BYTES_MAX - 2 - OPERATIONS_MAX * 5 - 2 * 32 - (1 << 20)
    driver.run(put('large', mebibyte), put('filling', mebibyte.subarray(0, size)))
    const operations = [
      get('large'),
      get('filling'),
      ...Array<Operation>(OPERATIONS_MAX - 2).fill(put('k', 'v')),
    ]
    const bytes = driver.bytes(encodeOperations(operations))
    expect(bytes.length).toBe(RESULTS_BYTES_MAX)
    const statuses = read(operations, bytes).map(({ status }) => status)
    expect(statuses.slice(0, 2)).toEqual(['ok', 'ok'])
    expect(new Set(statuses.slice(2))).toEqual(new Set(['result-budget']))
    expect(driver.store.revision).toBe(3)
  })

  test('a list alone always fits: its page ends before the budget does, with a cursor', () => {
    const driver = new Driver()
    for (const key of ['a', 'b', 'c']) driver.run(put(key, mebibyte))
    const pages: string[] = []
    for (let cursor = ''; pages.length < 5; ) {
      const result = driver.run(list('', 100, cursor))[0]
      if (result?.status !== 'ok' || result.kind !== 'list') throw new Error('no page')
      expect(result.count).toBe(3)
      pages.push(Buffer.concat(result.items.map(({ key }) => key)).toString())
      cursor = Buffer.from(result.cursor).toString()
      if (cursor === '') break
    }
    expect(pages).toEqual(['a', 'b', 'c'])
    expect(driver.run(get('a'), list('', 1))[1]?.status).toBe('result-budget')
    expect(driver.run(get('a'), list('', 0))[1]).toMatchObject({ status: 'ok', count: 3 })
  })

  test('after a list that did not fit, later lists of the request are not tried', () => {
    const driver = new Driver()
    driver.run(put('a', mebibyte), put('b', 'small'))
    const statuses = driver.run(get('a'), list('a', 1), list('b', 1), get('b')).map(({ status }) => status)
    expect(statuses).toEqual(['ok', 'result-budget', 'result-budget', 'ok'])
  })
})

describe('the reader on bytes that lie', () => {
  const readAll = (bytes: Uint8Array) => {
    const framed = readResults(bytes)
    return framed?.map((result) => codes.map((code) => interpretResult(code, result))) ?? null
  }

  test('never throws on random bytes', () => {
    const framed = fc
      .tuple(fc.integer({ min: 0, max: 19 }), fc.uint8Array({ maxLength: 80 }))
      .map(([status, fields]) => rawBody(1, Uint8Array.of(status, 0, 0, 0, fields.length), fields))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), framed), (bytes) => {
        expect(() => readAll(bytes)).not.toThrow()
      }),
      { numRuns: deeper(666, 2_000) },
    )
  })

  test('a change of any byte of framing reads as null or as another result, without an exception', () => {
    const driver = new Driver()
    const bytes = driver.bytes(encodeOperations([put('k', 'v'), get('k'), list('', 9), remove('k')]))
    const original = JSON.stringify(readAll(bytes))
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice()
      changed[at] = (changed[at] as number) ^ 0x81
      expect(JSON.stringify(readAll(changed)), `byte ${at}`).not.toBe(original)
    }
  })

  test('a cut or an added byte is refused', () => {
    const bytes = new Driver().bytes(encodeOperations([put('k', 'v'), get('k')]))
    for (let end = 0; end < bytes.length; end++) expect(readResults(bytes.subarray(0, end))).toBeNull()
    expect(readResults(concatBytes(bytes, Uint8Array.of(0)))).toBeNull()
  })

  test.each([
    ['an unknown status', 99, ''],
    ['a count of 0', null, '0000'],
    ['too many results', null, '1001'],
  ])('%s is refused', (_, status, hex) => {
    const bytes = status === null ? Buffer.from(hex, 'hex') : rawBody(1, Uint8Array.of(status, 0, 0, 0, 0))
    expect(readResults(new Uint8Array(bytes))).toBeNull()
  })

  test.each([
    ['put', 'an unsafe revision', `0020000000000000${u64(1).repeat(3)}`],
    ['put', 'a field too many', u64(1).repeat(5)],
    ['put', 'a field too few', u64(1).repeat(3)],
    ['get', 'revisions cut short', u64(1).repeat(3)],
    ['delete', 'a flag of 2', `${u64(1)}02`],
    ['delete', 'no flag', u64(1)],
    ['list', 'an item count beyond the bytes', `${u64(1)}${u64(1)}ffffffff`],
    ['list', 'a key beyond the bytes', `${u64(1)}${u64(1)}00000001ffff${u64(1).repeat(3)}00000000`],
    ['list', 'a value beyond the bytes', `${u64(1)}${u64(1)}000000010000${u64(1).repeat(3)}00000001`],
  ] as const)('ok of %s with %s is malformed', (kind, _, hex) => {
    const fields = new Uint8Array(Buffer.from(hex, 'hex'))
    expect(interpretResult(OPERATION_CODES[kind], { status: 'ok', fields })).toBeNull()
  })

  test('a status without fields takes none', () => {
    const bare = Object.keys(STATUSES).filter(
      (status) =>
        !['ok', 'not-found', 'lease-not-found', 'revision-moved', 'compacted', 'future'].includes(status),
    )
    expect(bare).toHaveLength(22)
    for (const status of bare as 'denied'[]) {
      expect(interpretResult(1, { status, fields: new Uint8Array(0) })).toEqual({ status })
      expect(interpretResult(1, { status, fields: new Uint8Array(1) })).toBeNull()
    }
  })

  test('the count of the results is that of the operations', () => {
    const bytes = new Driver().bytes(encodeOperations(Array<Operation>(300).fill(get('k'))))
    expect(readU16(bytes, 0)).toBe(300)
    expect(readResults(bytes)).toHaveLength(300)
  })
})
