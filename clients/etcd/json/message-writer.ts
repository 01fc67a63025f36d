/** Writes messages as JSON in etcd's form: the names of the schema, 64-bit integers as text, and no zero fields. */
import protobuf from 'protobufjs'

/** Returns the object from which `JSON.stringify` makes the message. Members are in the order of the schema. */
export function messageJson(type: protobuf.Type, message: object): Readonly<Record<string, unknown>> {
  const json: Record<string, unknown> = {}
  for (const field of type.fieldsArray) {
    const value = (message as Readonly<Record<string, unknown>>)[field.name]
    if (value === undefined || value === null) continue
    if (field.repeated) {
      const elements = value as readonly unknown[]
      if (elements.length > 0) json[field.protoName] = elements.map((each) => valueJson(field, each))
    } else if (!isZero(field, value)) {
      json[field.protoName] = valueJson(field, value)
    }
  }
  return json
}

/** True for a value that JSON omits. A member of a oneof is never omitted. */
function isZero(field: protobuf.Field, value: unknown): boolean {
  if (field.partOf !== null || field.resolvedType instanceof protobuf.Type) return false
  return value instanceof Uint8Array ? value.length === 0 : !value
}

function valueJson({ resolvedType }: protobuf.Field, value: unknown): unknown {
  if (resolvedType instanceof protobuf.Type) return messageJson(resolvedType, value as object)
  if (resolvedType instanceof protobuf.Enum) return resolvedType.valuesById[value as number] ?? value
  if (typeof value === 'bigint') return `${value}`
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64')
  }
  return value
}
