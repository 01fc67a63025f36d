/** Keys and values on the page. A key is any bytes: it is shown and typed as its name, which leads back to it alone. */
import { bytesOfBase64 } from './document-bytes.ts'

const ESCAPE = /\\x([0-9a-fA-F]{2})|\\([\\nrt])|\\/g
const SHORT: Readonly<Record<string, string>> = { '\\': '%5C', n: '%0A', r: '%0D', t: '%09' }

/** Returns the bytes that a name stands for, percent-encoded for a query; null for a text that is no name. */
export function encodedOfName(name: string): string | null {
  let encoded = ''
  let from = 0
  try {
    for (const match of name.matchAll(ESCAPE)) {
      const [whole, byte, short] = match
      encoded += encodeURIComponent(name.slice(from, match.index))
      if (byte !== undefined) encoded += `%${byte.toUpperCase()}`
      else if (short !== undefined) encoded += SHORT[short] ?? ''
      else return null
      from = match.index + whole.length
    }
    return encoded + encodeURIComponent(name.slice(from))
  } catch {
    return null // a lone surrogate, which is no text
  }
}

export interface ValueForms {
  readonly text?: string | undefined
  readonly value?: string | undefined
}

/** A value as the page shows it: text as it is, other bytes in hexadecimal with what they are before them. */
export function valueText({ text, value }: ValueForms): string {
  if (text !== undefined) return text
  const bytes = bytesOfBase64(value ?? '')
  const rows: string[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)].map((byte) => byte.toString(16).padStart(2, '0'))
    rows.push(row.join(' '))
  }
  return rows.join('\n')
}

export const isText = ({ text }: ValueForms): boolean => text !== undefined

/** A value in one short line, for a table. */
export function shortValue(forms: ValueForms, lettersMax = 60): string {
  const whole = valueText(forms).replaceAll('\n', isText(forms) ? '⏎' : ' ')
  const cut = whole.length > lettersMax ? `${whole.slice(0, lettersMax)}…` : whole
  return isText(forms) ? cut : `bytes ${cut}`
}

export interface DifferenceLine {
  readonly kind: 'same' | 'removed' | 'added'
  readonly text: string
}

/** The lines in which the longest common part is looked for; longer texts are shown one after the other. */
const COMPARED_LINES_MAX = 400

/** Returns the lines of two texts: those that both have, and those that only one has. */
export function differenceOf(before: string, after: string): readonly DifferenceLine[] {
  const [a, b] = [before.split('\n'), after.split('\n')]
  const only = (kind: 'removed' | 'added') => (text: string) => ({ kind, text })
  if (a.length > COMPARED_LINES_MAX || b.length > COMPARED_LINES_MAX) {
    return [...a.map(only('removed')), ...b.map(only('added'))]
  }
  const common = commonLengths(a, b)
  const lines: DifferenceLine[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]]
    if (left !== undefined && left === right) {
      lines.push({ kind: 'same', text: left })
      i++
      j++
    } else if (
      right === undefined ||
      (left !== undefined && lengthAt(common, i + 1, j) >= lengthAt(common, i, j + 1))
    ) {
      lines.push({ kind: 'removed', text: left ?? '' })
      i++
    } else {
      lines.push({ kind: 'added', text: right })
      j++
    }
  }
  return lines
}

const lengthAt = (lengths: readonly (readonly number[])[], i: number, j: number): number =>
  lengths[i]?.[j] ?? 0

/** For each pair of places, the length of the longest common subsequence from there to the ends. */
function commonLengths(a: readonly string[], b: readonly string[]): readonly (readonly number[])[] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0))
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const longer = Math.max(lengthAt(lengths, i + 1, j), lengthAt(lengths, i, j + 1))
      const row = lengths[i]
      if (row !== undefined) row[j] = a[i] === b[j] ? 1 + lengthAt(lengths, i + 1, j + 1) : longer
    }
  }
  return lengths
}
