/** The reader that cuts a byte stream into frames. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, toHex, writeU32 } from '../../src/base/bytes.ts'
import { FrameReader, type FrameShape } from '../../src/io/frame-reader.ts'

const KIB = 1024
const MIB = 1024 * KIB
const SHAPE: FrameShape = { lengthMax: 8 * MIB, tagBytes: 16 }

function lengthField(length: number): Uint8Array {
  const bytes = new Uint8Array(4)
  writeU32(bytes, 0, length)
  return bytes
}

/** A frame and its tag, filled with a number. */
function unit(number: number, length: number) {
  const frame = concatBytes(lengthField(length), new Uint8Array(length).fill(number))
  return { frame, tag: new Uint8Array(16).fill(255 - number) }
}

/** Everything that the reader gives after one chunk. */
function readAll(reader: FrameReader, chunk: Uint8Array, shape = SHAPE) {
  reader.push(chunk)
  const units: { frame: string; tag: string }[] = []
  for (;;) {
    const read = reader.next(shape)
    if (read.kind !== 'frame') return { units, last: read.kind }
    units.push({ frame: toHex(read.frame), tag: toHex(read.tag) })
  }
}

describe('the frame reader', () => {
  it('gives the same frames however the stream is cut, and holds little', () => {
    const lengths = fc.array(fc.oneof(fc.nat(30), fc.nat(20_000)), { minLength: 1, maxLength: 6 })
    const cuts = fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 40 })
    const property = fc.property(lengths, cuts, (sizes, steps) => {
      const sent = sizes.map((length, number) => unit(number, length))
      const stream = concatBytes(...sent.flatMap(({ frame, tag }) => [frame, tag]))
      const reader = new FrameReader()
      const received: { frame: string; tag: string }[] = []
      for (let at = 0, step = 0; at < stream.length; step++) {
        const size = steps[step % steps.length] as number
        received.push(...readAll(reader, stream.subarray(at, at + size)).units)
        at += size
        expect(reader.heldBytes).toBeLessThanOrEqual(2 * at + 4 * KIB)
      }
      expect(received).toEqual(sent.map(({ frame, tag }) => ({ frame: toHex(frame), tag: toHex(tag) })))
      expect(reader.heldBytes).toBe(0)
    })
    fc.assert(property, { numRuns: 100 })
  })

  it('sets aside what arrived of a frame, not what it announces', () => {
    const reader = new FrameReader()
    expect(readAll(reader, lengthField(8 * MIB)).last).toBe('incomplete')
    expect(reader.heldBytes).toBeLessThanOrEqual(4 * KIB)
    readAll(reader, new Uint8Array(100 * KIB))
    expect(reader.heldBytes).toBeLessThanOrEqual(201 * KIB)
    for (let chunks = 0; chunks < 8 * 16 - 3; chunks++) readAll(reader, new Uint8Array(64 * KIB))
    expect(reader.heldBytes).toBeLessThanOrEqual(8 * MIB + 20)
  })

  it.each([1, 3, 4, 1000])('refuses a length above the limit, in chunks of %i bytes', (size) => {
    const reader = new FrameReader()
    const stream = concatBytes(lengthField(8 * MIB + 1), new Uint8Array(996))
    let refusedAt = 0
    for (let at = 0; at < stream.length && refusedAt === 0; at += size) {
      if (readAll(reader, stream.subarray(at, at + size)).last === 'too-large') refusedAt = at + size
    }
    expect(refusedAt).toBe(Math.ceil(4 / size) * size)
    expect(reader.heldBytes).toBe(0)
  })

  it('refuses a length above the limit even where the whole frame is there', () => {
    const { frame } = unit(1, 11)
    expect(readAll(new FrameReader(), frame, { lengthMax: 10, tagBytes: 0 }).last).toBe('too-large')
    expect(readAll(new FrameReader(), frame, { lengthMax: 11, tagBytes: 0 }).units).toHaveLength(1)
  })

  it('changes its shape between two frames of one chunk', () => {
    const reader = new FrameReader()
    const { frame, tag } = unit(1, 10)
    reader.push(concatBytes(frame, frame, tag))
    const first = reader.next({ lengthMax: 10, tagBytes: 0 })
    const second = reader.next(SHAPE)
    expect(first.kind === 'frame' && toHex(first.frame)).toBe(toHex(frame))
    expect(second.kind === 'frame' && [toHex(second.frame), toHex(second.tag)]).toEqual([
      toHex(frame),
      toHex(tag),
    ])
  })

  it('gives frames that share nothing with the chunk', () => {
    const reader = new FrameReader()
    const chunk = concatBytes(unit(5, 10).frame, unit(5, 10).tag)
    reader.push(chunk)
    const read = reader.next(SHAPE)
    chunk.fill(0)
    expect(read.kind === 'frame' && toHex(read.frame)).toBe(toHex(unit(5, 10).frame))
    expect(read.kind === 'frame' && read.frame.buffer.byteLength).toBe(14)
  })
})
