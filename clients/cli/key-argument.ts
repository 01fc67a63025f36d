/** Keys and values on a command line. */
import { OperatorError } from '../../src/base/operator-error.ts'
import { keyOfName } from '../api/key-name.ts'

/** The bytes of a key: the text itself, or with --name the key that the text names. */
export function keyOf(text: string, { name }: { readonly name?: true }): Uint8Array {
  const whole = wholeText(text, 'The key', 'write it with --name, with \\xFF for a byte')
  if (name !== true) return Buffer.from(whole)
  const key = keyOfName(whole)
  if (key === null) {
    throw new OperatorError(
      `"${text}" is not the name of a key: a backslash must be followed by x and two hexadecimal digits, n, r, t or a backslash.`,
    )
  }
  return key
}

/** Throws an `OperatorError` for arguments that were not UTF-8: Node.js replaces such bytes, and they are lost. */
export function wholeText(text: string, said: string, instead: string): string {
  if (!text.includes('\uFFFD')) return text
  throw new OperatorError(`${said} contains bytes that are not UTF-8, or the character U+FFFD: ${instead}.`)
}
