/** Messages as bytes: decoded with every field set, 64-bit integers as bigints, enums as numbers. */
import type protobuf from 'protobufjs'

export function decodeMessage(type: protobuf.Type, bytes: Uint8Array): object {
  return type.toObject(type.decode(bytes), { defaults: true, longs: BigInt, oneofs: true })
}

export function encodeMessage(type: protobuf.Type, message: object): Uint8Array {
  return type.encode(type.fromObject(message)).finish()
}
