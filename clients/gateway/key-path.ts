/** Keys in paths: any bytes, percent-encoded, `/` plain or encoded. */
import { KEY_BYTES_MAX } from '../../src/store/operations.ts'

export type KeyFault = 'bad-key' | 'too-large'

/** The bytes that a percent-encoded text stands for. A lone `%` or a character outside ASCII is a fault. */
export function decodeKey(text: string, least = 1): Uint8Array | KeyFault {
  const bytes = new Uint8Array(text.length)
  let length = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x25) {
      const hex = text.slice(at + 1, at + 3)
      if (!/^[0-9a-fA-F]{2}$/.test(hex)) return 'bad-key'
      bytes[length++] = Number.parseInt(hex, 16)
      at += 2
    } else if (code > 0x7e || code < 0x21) {
      return 'bad-key'
    } else {
      bytes[length++] = code
    }
  }
  if (length > KEY_BYTES_MAX) return 'too-large'
  return length < least ? 'bad-key' : bytes.slice(0, length)
}

/** A key as text: itself where it is UTF-8, else percent-encoded bytes. */
export function keyText(key: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(key)
  } catch {
    return encodeKey(key)
  }
}

/** The path form of a key: everything but letters, digits, `-._~` and `/` is percent-encoded. */
export function encodeKey(key: Uint8Array): string {
  let text = ''
  for (const byte of key) {
    const character = String.fromCharCode(byte)
    text += /[A-Za-z0-9\-._~/]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return text
}
