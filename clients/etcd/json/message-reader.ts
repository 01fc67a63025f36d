/** Reads messages from JSON by their types, exactly as strictly as etcd's gateway. */
import protobuf from 'protobufjs'
import { JsonError, JsonNumber, type JsonValue, readJson } from './json-reader.ts'

/** The smallest and the largest value of each integer type. */
const INTEGERS: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
}
const INTEGER = /^-?(?:0|[1-9]\d*)$/
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Returns the message of a text, with every field set. Throws `JsonError` if the text has another form. */
export function readMessage(type: protobuf.Type, text: string): object {
  return type.toObject(type.fromObject(messageOf(type, readJson(text))), {
    defaults: true,
    longs: BigInt,
    oneofs: true,
  })
}

function messageOf(type: protobuf.Type, value: JsonValue): Readonly<Record<string, unknown>> {
  if (!(value instanceof Map)) throw mismatch(value, type.name)
  const message: Record<string, unknown> = {}
  for (const [name, member] of value as ReadonlyMap<string, JsonValue>) {
    const field = fieldNamed(type, name)
    if (field === null || member === null) continue
    const siblings = field.partOf?.oneof ?? []
    if (siblings.some((sibling) => sibling !== field.name && sibling in message)) {
      throw new JsonError(`${type.name} has more than one of ${siblings.join(', ')}`)
    }
    message[field.name] = field.repeated ? elementsOf(field, member) : valueIn(field, member)
  }
  return message
}

/** Fields by both of their names: the one in the schema and the one in JSON. */
function fieldNamed(type: protobuf.Type, name: string): protobuf.Field | null {
  const own = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined
  return own ?? type.fieldsArray.find((field) => field.protoName === name) ?? null
}

function elementsOf(field: protobuf.Field, value: JsonValue): readonly unknown[] {
  if (!Array.isArray(value)) throw mismatch(value, `a list of ${field.type}`)
  return value.map((element: JsonValue) => valueIn(field, element))
}

function valueIn({ type, resolvedType }: protobuf.Field, value: JsonValue): unknown {
  if (resolvedType instanceof protobuf.Type) return messageOf(resolvedType, value)
  if (resolvedType instanceof protobuf.Enum) return enumOf(resolvedType, value)
  switch (type) {
    case 'bool':
      if (typeof value !== 'boolean') throw mismatch(value, type)
      return value
    case 'string':
      if (typeof value !== 'string') throw mismatch(value, type)
      return value
    case 'bytes':
      if (typeof value !== 'string') throw mismatch(value, 'bytes in base64')
      return bytesOf(value)
    default:
      return integerOf(type, value)
  }
}

function enumOf({ values, name }: protobuf.Enum, value: JsonValue): number {
  if (typeof value === 'string') {
    const number = Object.hasOwn(values, value) ? values[value] : undefined
    if (number === undefined) throw new JsonError(`unknown value "${value}" for enum ${name}`)
    return number
  }
  return Number(integerOf('int32', value))
}

function bytesOf(text: string): Uint8Array {
  // Line ends within base64 are ignored.
  const digits = text.replaceAll(/[\r\n]/g, '')
  if (!BASE64.test(digits)) throw new JsonError('illegal base64 data')
  return Buffer.from(digits, 'base64')
}

function integerOf(type: string, value: JsonValue): bigint {
  const [least, largest] = INTEGERS[type] ?? [0n, 0n]
  const text = value instanceof JsonNumber ? value.text : typeof value === 'string' ? value : null
  if (text === null || !INTEGER.test(text)) throw mismatch(value, type)
  const integer = BigInt(text)
  if (integer < least || integer > largest) throw mismatch(value, type)
  return integer
}

function mismatch(value: JsonValue, wanted: string): JsonError {
  return new JsonError(`json: cannot unmarshal ${shown(value)} into a value of type ${wanted}`)
}

function shown(value: JsonValue): string {
  if (value === null) return 'null'
  if (value instanceof JsonNumber) return `number ${value.text}`
  if (value instanceof Map) return 'object'
  return Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : 'string'
}
