/** Frames of HTTP/2 as bytes, for callers whom no library would make. Field blocks are literal, without an index. */

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

export const FRAME_TYPES = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  goAway: 7,
  continuation: 9,
} as const
export const FLAGS = { endStream: 1, endHeaders: 4 } as const

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

export const SETTINGS = frame(FRAME_TYPES.settings, 0, 0)

/** A field block. Names and values have at most 126 bytes. */
export function fieldBlock(fields: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(Object.entries(fields).map(([name, value]) => literal(name, value)))
}

export function literal(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.of(0, name.length),
    Buffer.from(name),
    Buffer.of(value.length),
    Buffer.from(value),
  ])
}

/** The fields of a call of gRPC. */
export const callFields = (path: string, more: Readonly<Record<string, string>> = {}) => ({
  ':method': 'POST',
  ':scheme': 'http',
  ':path': path,
  ':authority': '127.0.0.1',
  'content-type': 'application/grpc',
  te: 'trailers',
  ...more,
})

/** The frame that begins a call. */
export const callFrame = (
  stream: number,
  path: string,
  more: Readonly<Record<string, string>> = {},
): Buffer => frame(FRAME_TYPES.headers, FLAGS.endHeaders, stream, fieldBlock(callFields(path, more)))

export const dataFrame = (stream: number, payload: Uint8Array, flags = 0): Buffer =>
  frame(FRAME_TYPES.data, flags, stream, payload)

/** Ends a stream with the code of a caller who wants its answer no more. */
export const resetFrame = (stream: number): Buffer =>
  frame(FRAME_TYPES.rstStream, 0, stream, Buffer.of(0, 0, 0, 8))

/** A message as gRPC frames it. `announced` is the length that its prefix gives. */
export function grpcMessage(payload: Uint8Array, { flag = 0, announced = payload.length } = {}): Buffer {
  const prefix = Buffer.alloc(5)
  prefix.writeUInt8(flag, 0)
  prefix.writeUInt32BE(announced, 1)
  return Buffer.concat([prefix, payload])
}
