/** Keys in URLs: any bytes, percent-encoded, `/` plain or encoded. */
import { KEY_BYTES_MAX } from '../../src/store/operations.ts'

export type KeyFault = 'bad-key' | 'too-large'

/** Decodes the bytes of a percent-encoded key. A lone `%` or a character outside ASCII is an error. */
export function decodeKey(text: string, least = 1): Uint8Array | KeyFault {
  const bytes = percentDecoded(text)
  if (bytes === null) return 'bad-key'
  if (bytes.length > KEY_BYTES_MAX) return 'too-large'
  return bytes.length < least ? 'bad-key' : bytes
}

/** Decodes any number of percent-encoded bytes; returns null for a lone `%` or a character outside ASCII. */
function percentDecoded(text: string): Uint8Array | null {
  const bytes = new Uint8Array(text.length)
  let length = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x25) {
      const hex = text.slice(at + 1, at + 3)
      if (!/^[0-9a-fA-F]{2}$/.test(hex)) return null
      bytes[length++] = Number.parseInt(hex, 16)
      at += 2
    } else if (code > 0x7e || code < 0x21) {
      return null
    } else {
      bytes[length++] = code
    }
  }
  return bytes.slice(0, length)
}

/** Decodes percent-encoded text; returns null if its bytes are not UTF-8. */
export function decodedText(encoded: string): string | null {
  const bytes = percentDecoded(encoded)
  if (bytes === null) return null
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

/**
 * The percent-encoded form of a key, for a query: everything but letters, digits, `-._~` and `/` is encoded. Clients
 * and proxies resolve the segments `.` and `..` of a path, encoded or not, but never touch a query.
 */
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
