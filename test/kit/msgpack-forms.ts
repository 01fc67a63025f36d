/** Alternative msgpack encodings of the same value, which a strict decoder refuses. */
import { concatBytes, readU16, readU32 } from '../../src/base/bytes.ts'

interface Item {
  readonly at: number
  readonly end: number
  readonly value: number | Uint8Array | 'array'
  /** For an array: the announced number of items, and the end of its header. */
  readonly children: number
}

/** Every value of a payload in its shortest form, arrays before their items. */
export function itemsOf(payload: Uint8Array): Item[] {
  const items: Item[] = []
  for (let at = 0; at < payload.length; ) {
    const item = itemAt(payload, at)
    items.push(item)
    at = item.end
  }
  return items
}

function itemAt(bytes: Uint8Array, at: number): Item {
  const first = bytes[at] ?? 0
  const number = (size: number, value: number): Item => ({ at, end: at + size, value, children: 0 })
  const binary = (header: number, length: number): Item => ({
    at,
    end: at + header + length,
    value: bytes.slice(at + header, at + header + length),
    children: 0,
  })
  if (first <= 0x7f) return number(1, first)
  if (first >= 0x90 && first <= 0x9f) return { at, end: at + 1, value: 'array', children: first & 15 }
  if (first === 0xcc) return number(2, bytes[at + 1] ?? 0)
  if (first === 0xcd) return number(3, readU16(bytes, at + 1))
  if (first === 0xce) return number(5, readU32(bytes, at + 1))
  if (first === 0xd3) return number(9, readU32(bytes, at + 1) * 2 ** 32 + readU32(bytes, at + 5))
  if (first === 0xc4) return binary(2, bytes[at + 1] ?? 0)
  if (first === 0xc5) return binary(3, readU16(bytes, at + 1))
  if (first === 0xdc) return { at, end: at + 3, value: 'array', children: readU16(bytes, at + 1) }
  throw new Error(`an unexpected byte ${first}`)
}

/** The payload with one item's bytes replaced. */
export function replaced(payload: Uint8Array, item: Item, by: Uint8Array): Uint8Array {
  return concatBytes(payload.subarray(0, item.at), by, payload.subarray(item.end))
}

/** Every payload that a lenient decoder reads as equal: one item in another form. */
export function otherForms(payload: Uint8Array): Uint8Array[] {
  return itemsOf(payload).flatMap((item) => {
    const own = payload.subarray(item.at, item.end)
    const forms = formsOf(item).filter((form) => form.length !== own.length || form[0] !== own[0])
    return forms.map((form) => replaced(payload, item, form))
  })
}

function formsOf({ value, children }: Item): Uint8Array[] {
  if (value === 'array') return arrayForms(children)
  return typeof value === 'number' ? numberForms(value) : binaryForms(value)
}

function numberForms(value: number): Uint8Array[] {
  const forms: Uint8Array[] = [written(0xcf, 8, (view) => view.setBigUint64(1, BigInt(value)))]
  forms.push(written(0xd3, 8, (view) => view.setBigInt64(1, BigInt(value))))
  forms.push(written(0xcb, 8, (view) => view.setFloat64(1, value)))
  if (Math.fround(value) === value) forms.push(written(0xca, 4, (view) => view.setFloat32(1, value)))
  if (value < 2 ** 8) forms.push(written(0xcc, 1, (view) => view.setUint8(1, value)))
  if (value < 2 ** 16) forms.push(written(0xcd, 2, (view) => view.setUint16(1, value)))
  if (value < 2 ** 32) forms.push(written(0xce, 4, (view) => view.setUint32(1, value)))
  if (value < 2 ** 7) forms.push(written(0xd0, 1, (view) => view.setInt8(1, value)))
  if (value < 2 ** 15) forms.push(written(0xd1, 2, (view) => view.setInt16(1, value)))
  if (value < 2 ** 31) forms.push(written(0xd2, 4, (view) => view.setInt32(1, value)))
  return forms
}

function binaryForms(value: Uint8Array): Uint8Array[] {
  const { length } = value
  const heads = [
    written(0xc5, 2, (view) => view.setUint16(1, length)),
    written(0xc6, 4, (view) => view.setUint32(1, length)),
    written(0xda, 2, (view) => view.setUint16(1, length)), // a string
    written(0xdb, 4, (view) => view.setUint32(1, length)),
    Uint8Array.of(0xc7, length & 0xff, 0x17), // an extension
  ]
  if (length < 2 ** 8) {
    heads.push(Uint8Array.of(0xc4, length), Uint8Array.of(0xd9, length))
  }
  if (length < 32) heads.push(Uint8Array.of(0xa0 | length))
  return heads.map((head) => concatBytes(head, value))
}

function arrayForms(children: number): Uint8Array[] {
  const forms = [
    written(0xdc, 2, (view) => view.setUint16(1, children)),
    written(0xdd, 4, (view) => view.setUint32(1, children)),
  ]
  if (children < 16) forms.push(Uint8Array.of(0x90 | children))
  return forms
}

function written(type: number, size: number, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(1 + size)
  bytes[0] = type
  write(new DataView(bytes.buffer))
  return bytes
}

/** Values that no payload may contain, each with the name of its error. */
export const FORBIDDEN_VALUES: readonly (readonly [name: string, bytes: Uint8Array, reason: string])[] = [
  ['nil', Uint8Array.of(0xc0), 'payload-type-forbidden'],
  ['the unused byte', Uint8Array.of(0xc1), 'payload-type-forbidden'],
  ['false', Uint8Array.of(0xc2), 'payload-type-forbidden'],
  ['true', Uint8Array.of(0xc3), 'payload-type-forbidden'],
  ['a float', Uint8Array.of(0xca, 0x3f, 0xc0, 0, 0), 'payload-type-forbidden'],
  ['a double', Uint8Array.of(0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0), 'payload-type-forbidden'],
  ['not a number', Uint8Array.of(0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0), 'payload-type-forbidden'],
  ['an empty map', Uint8Array.of(0x80), 'payload-type-forbidden'],
  ['a map', Uint8Array.of(0x81, 1, 1), 'payload-type-forbidden'],
  ['a long map', Uint8Array.of(0xde, 0, 1, 1, 1), 'payload-type-forbidden'],
  ['a string', Uint8Array.of(0xa1, 0x61), 'payload-type-forbidden'],
  ['an extension', Uint8Array.of(0xd4, 1, 1), 'payload-type-forbidden'],
  ['a time', Uint8Array.of(0xd6, 0xff, 0, 0, 0, 1), 'payload-type-forbidden'],
  ['a record definition', Uint8Array.of(0xd4, 0x72, 0x40), 'payload-type-forbidden'],
  ['a negative number', Uint8Array.of(0xff), 'payload-type-forbidden'],
  ['a negative byte', Uint8Array.of(0xd0, 0x80), 'payload-type-forbidden'],
  ['a negative long', Uint8Array.of(0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), 'unsafe-integer'],
  ['2 to the 52nd', Uint8Array.of(0xd3, 0, 0x10, 0, 0, 0, 0, 0, 0), 'unsafe-integer'],
  [
    'the last safe integer',
    Uint8Array.of(0xd3, 0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
    'unsafe-integer',
  ],
  ['2 to the 53rd', Uint8Array.of(0xd3, 0, 0x20, 0, 0, 0, 0, 0, 0), 'unsafe-integer'],
  ['the largest long', Uint8Array.of(0xd3, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), 'unsafe-integer'],
  ['an unsigned long', Uint8Array.of(0xcf, 0, 0, 0, 1, 0, 0, 0, 0), 'payload-type-forbidden'],
  ['an array of 32-bit length', Uint8Array.of(0xdd, 0, 0, 0, 0), 'payload-type-forbidden'],
  ['bytes of 32-bit length', Uint8Array.of(0xc6, 0, 0, 0, 0), 'payload-type-forbidden'],
]
