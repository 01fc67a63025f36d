/**
 * Keys as strings in which each char is one byte (0 .. 255). Code-unit order is then byte order, and engines store such
 * a string in one byte per char.
 */

/** Keys of at most this many bytes are converted through a scratch array instead of a view. */
const SHORT_TEXT_BYTES = 64

const scratches = Array.from({ length: SHORT_TEXT_BYTES + 1 }, (_, length) =>
  new Array<number>(length).fill(0),
)

/** Returns the bytes from .. to (exclusive) as text. At most 64 KiB, because the bytes are passed as arguments. */
export function byteText(bytes: Uint8Array, from: number, to: number): string {
  const length = to - from
  const scratch = scratches[length]
  // Making a view costs more than copying a short key.
  if (scratch === undefined) {
    return String.fromCharCode.apply(null, bytes.subarray(from, to) as unknown as number[])
  }
  for (let index = 0; index < length; index++) scratch[index] = bytes[from + index] as number
  return String.fromCharCode(...scratch)
}
