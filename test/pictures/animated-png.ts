/**
 * Animated PNG (W3C, Portable Network Graphics, third edition, section 11.3.4): frames that are PNG images become one
 * image. Browsers without animation show the first frame.
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib'

/** A picture drawn over a rectangle of the picture before it; where it is transparent, that one stays. */
export interface Frame {
  /** A PNG image. All frames have the colour type and depth of the first, which covers the whole picture. */
  readonly png: Uint8Array
  readonly left: number
  readonly top: number
  readonly ms: number
}

const SIGNATURE_BYTES = 8
/** The blend operation of a frame that is drawn over the one before it. */
const DRAWN_OVER = 1

interface Chunk {
  readonly kind: string
  readonly data: Buffer
}

function chunksOf(png: Uint8Array): readonly Chunk[] {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength)
  const chunks: Chunk[] = []
  for (let at = SIGNATURE_BYTES; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    const kind = bytes.toString('latin1', at + 4, at + 8)
    chunks.push({ kind, data: bytes.subarray(at + 8, at + 8 + length) })
    at += length + 12
  }
  return chunks
}

function chunk(kind: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), data])
  const around = Buffer.alloc(8)
  around.writeUInt32BE(data.length, 0)
  around.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([around.subarray(0, 4), body, around.subarray(4)])
}

const u32 = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index)
  return bytes
}

/** Joins frames into one image that repeats without end. */
export function animatedPng(frames: readonly Frame[]): Buffer {
  const [first] = frames
  if (first === undefined) throw new Error('An animation has at least one frame.')
  const header = chunksOf(first.png).find(({ kind }) => kind === 'IHDR') as Chunk
  const parts = [Buffer.from(first.png.subarray(0, SIGNATURE_BYTES)), chunk('IHDR', header.data)]
  parts.push(chunk('acTL', u32(frames.length, 0)))
  let sequence = 0
  for (const { png, left, top, ms } of frames) {
    const chunks = chunksOf(png)
    const size = (chunks.find(({ kind }) => kind === 'IHDR') as Chunk).data.subarray(0, 8)
    const timing = Buffer.alloc(6)
    timing.writeUInt16BE(ms, 0)
    timing.writeUInt16BE(1_000, 2)
    timing[5] = DRAWN_OVER
    parts.push(chunk('fcTL', Buffer.concat([u32(sequence++), size, u32(left, top), timing])))
    const pixels = Buffer.concat(chunks.filter(({ kind }) => kind === 'IDAT').map((each) => each.data))
    const data = deflateSync(inflateSync(pixels), { level: 9 }) // A browser compresses fast rather than well.
    parts.push(
      png === first.png ? chunk('IDAT', data) : chunk('fdAT', Buffer.concat([u32(sequence++), data])),
    )
  }
  return Buffer.concat([...parts, chunk('IEND', new Uint8Array(0))])
}
