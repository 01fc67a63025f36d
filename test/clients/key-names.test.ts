/** Names and URLs of keys: any bytes go out and come back, and no two keys share a name. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keyName, keyOfName } from '../../clients/api/key-name.ts'
import { decodeKey, encodeKey } from '../../clients/api/key-path.ts'
import { deeper } from '../kit/depth.ts'

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values)
const text = (value: string): Uint8Array => Uint8Array.from(Buffer.from(value))
/** Bytes that are often text, often nearly text, and often escaped in names. */
const keys = fc
  .array(
    fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 3 }),
      fc
        .constantFrom('\\', '\\x', '%', 'FF', '\n', '\uFEFF', '..', '/', 'å', '\u{1F600}', '\u202E')
        .map(text),
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])))

describe('the name of a key', () => {
  test.each([
    ['plain text is its own name', text('cities/åbo b'), 'cities/åbo b'],
    ['a percent sign stands for itself', text('%FF'), '%FF'],
    ['a byte that is no text', bytes(0xff), '\\xFF'],
    ['such a byte between letters', bytes(0x61, 0xff, 0xc3, 0xa5), 'a\\xFFå'],
    ['a backslash', text('\\xFF'), '\\\\xFF'],
    ['ends of lines and a tab', text('a\nb\r\t'), 'a\\nb\\r\\t'],
    ['NUL', bytes(0), '\\x00'],
    ['a byte order mark', text('\uFEFFa'), '\\xEF\\xBB\\xBFa'],
    ['what turns the direction of writing', text('\u202Egnp'), '\\xE2\\x80\\xAEgnp'],
    ['a sequence that is cut off', bytes(0xe2, 0x82), '\\xE2\\x82'],
    ['an overlong form', bytes(0xc0, 0xaf), '\\xC0\\xAF'],
    ['a surrogate in UTF-8', bytes(0xed, 0xa0, 0x80), '\\xED\\xA0\\x80'],
  ])('%s', (_what, key, name) => {
    expect(keyName(key)).toBe(name)
    expect(keyOfName(name)).toEqual(key)
  })

  test('leads back to the key, is one line, and is text', () => {
    fc.assert(
      fc.property(keys, (key) => {
        const name = keyName(key)
        expect(keyOfName(name)).toEqual(key)
        expect(name).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Surrogate}\uFEFF]/u)
        // A client that decodes an answer gets the same name.
        expect(JSON.parse(Buffer.from(JSON.stringify(name)).toString('utf8'))).toBe(name)
      }),
      { numRuns: deeper(666, 2_000) },
    )
  })

  test.each(['\\', 'a\\', '\\x', '\\xF', '\\xZZ', '\\q', '\uD800'])('%j is no name', (name) =>
    expect(keyOfName(name)).toBeNull(),
  )
})

describe('a key in a URL', () => {
  test('comes back from its percent-encoded form, which no URL parser changes in a query', () => {
    fc.assert(
      fc.property(keys, (key) => {
        expect(decodeKey(encodeKey(key))).toEqual(key)
        const url = new URL(`http://localhost/v1/kv?key=${encodeKey(key)}`)
        expect(url.search).toBe(`?key=${encodeKey(key)}`)
      }),
      { numRuns: deeper(333, 1_000) },
    )
  })

  test.each(['%', '%f', '%zz', 'a b', 'å', 'a\n'])('%j is no key', (encoded) =>
    expect(decodeKey(encoded)).toBe('bad-key'),
  )
})
