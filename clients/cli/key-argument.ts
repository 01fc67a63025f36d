/** Keys and values as they stand on a command line. */
import { OperatorError } from '../../src/base/operator-error.ts'
import { keyOfName } from '../api/key-name.ts'

/** The bytes of a key: the text as it is, or what it is the name of. */
export function keyOf(text: string, { name }: { readonly name?: true }): Uint8Array {
  const whole = wholeText(text, 'The key', 'write it with --name, with \\xFF for a byte')
  if (name !== true) return Buffer.from(whole)
  const key = keyOfName(whole)
  if (key === null) {
    throw new OperatorError(
      `"${text}" is no name of a key: behind a backslash stands x and two digits, n, r, t or a backslash.`,
    )
  }
  return key
}

/** Throws an `OperatorError` for bytes that were no UTF-8: Node replaces them, and what they were is lost. */
export function wholeText(text: string, said: string, instead: string): string {
  if (!text.includes('\uFFFD')) return text
  throw new OperatorError(`${said} has bytes that are no UTF-8, or the character U+FFFD: ${instead}.`)
}
