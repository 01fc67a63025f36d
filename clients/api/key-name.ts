/**
 * The name of a key: its escaped form, one line of text that stands for exactly these bytes. Printable text is its own
 * name. Invisible characters, line ends and the backslash are escaped:
 *
 *   `\\` a backslash · `\n` `\r` `\t` line feed, carriage return, tab · `\xHH` one byte
 *
 * The byte FF is `\xFF`, the text `%FF` is `%FF`, and a byte order mark is `\xEF\xBB\xBF`. Answers and `list` contain
 * names; `?name=` and `--name` accept them.
 */

import { concatBytes, fromHex, utf8 } from '../../src/base/bytes.ts'

/** Characters that are escaped: control characters, line separators, and marks without a glyph. */
const HIDDEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\u00AD\u200B\u2060\uFEFF\\]/u
const EVERY_HIDDEN = new RegExp(HIDDEN, 'gu')
/** A backslash escape, or a lone surrogate, which is not valid text. */
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|([\\nrt])|())|\p{Surrogate}/gu

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}
const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\', n: '\n', r: '\r', t: '\t' }

const NO_BYTES = new Uint8Array(0)

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The name of a key, or of any bytes. */
export function keyName(key: Uint8Array): string {
  const whole = textOf(key)
  if (whole !== null) return whole.replace(EVERY_HIDDEN, escapeCharacter)
  let name = ''
  for (let at = 0; at < key.length; ) {
    const length = sequenceLength(key[at] as number)
    const character = textOf(key.subarray(at, at + length))
    if (character === null) {
      name += escapeByte(key[at] as number)
      at++
    } else {
      name += HIDDEN.test(character) ? escapeCharacter(character) : character
      at += length
    }
  }
  return name
}

/** Returns the bytes of a name; null if the text has an unknown backslash escape. */
export function keyOfName(name: string): Uint8Array | null {
  const parts: Uint8Array[] = []
  let from = 0
  for (const match of name.matchAll(ESCAPE)) {
    const [whole, byte, short] = match
    parts.push(utf8(name.slice(from, match.index)))
    if (byte !== undefined) parts.push(fromHex(byte.toLowerCase()) ?? NO_BYTES)
    else if (short !== undefined) parts.push(utf8(ESCAPED[short] ?? ''))
    else return null
    from = match.index + whole.length
  }
  parts.push(utf8(name.slice(from)))
  return concatBytes(...parts)
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
}

const escapeCharacter = (character: string): string =>
  SHORT_ESCAPES[character] ?? [...utf8(character)].map(escapeByte).join('')

const escapeByte = (byte: number): string => `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`

/** The length of the UTF-8 sequence that begins with this byte; 1 if none does. */
function sequenceLength(first: number): number {
  if (first < 0xc0) return 1
  if (first < 0xe0) return 2
  return first < 0xf0 ? 3 : 4
}
