/** Base64 (RFC 4648, section 4), for programs that run without Node's Buffer. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const VALUES = new Map([...ALPHABET].map((letter, value) => [letter.charCodeAt(0), value]))
const PADDING = '='

export function toBase64(bytes: Uint8Array): string {
  const parts: string[] = []
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at
    const group =
      ((bytes[at] as number) << 16) | ((left > 1 ? (bytes[at + 1] as number) : 0) << 8) | (bytes[at + 2] ?? 0)
    parts.push(
      ALPHABET.charAt(group >>> 18),
      ALPHABET.charAt((group >>> 12) & 63),
      left > 1 ? ALPHABET.charAt((group >>> 6) & 63) : PADDING,
      left > 2 ? ALPHABET.charAt(group & 63) : PADDING,
    )
  }
  return parts.join('')
}

/** Returns the bytes; null for a text that is not exactly what `toBase64` writes for them. */
export function fromBase64(text: string): Uint8Array | null {
  if (text.length % 4 !== 0) return null
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const letters = text.length - padding
  const bytes = new Uint8Array((text.length / 4) * 3 - padding)
  let at = 0
  let bits = 0
  let held = 0
  for (let index = 0; index < letters; index++) {
    const value = VALUES.get(text.charCodeAt(index))
    if (value === undefined) return null
    held = ((held << 6) | value) & 0xffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = (held >>> bits) & 0xff
  }
  return (held & ((1 << bits) - 1)) === 0 ? bytes : null
}
