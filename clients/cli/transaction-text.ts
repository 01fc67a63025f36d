/**
 * The text form of transactions: one comparison or step per line.
 *
 *   if                             comparisons; without them the transaction begins with `then`
 *     FACT KEY RELATION OPERAND    FACT is value, version, create, mod or lease; RELATION is =, !=, < or >
 *   then                           steps if all comparisons hold
 *     put KEY VALUE
 *     put KEY VALUE --lease ID
 *     get KEY
 *     list PREFIX
 *     del KEY
 *     del --prefix PREFIX
 *     txn                          a nested transaction, up to its `end`
 *       …
 *     end
 *   else                           steps if one of them does not
 *
 * A word with spaces stands in double quotes. Keys and values have the escaped form that `list` prints: \xFF for a
 * byte, \n, \t, \\ for a backslash, and \" for a quote within quotes. A line that begins with # is a comment.
 */
import { OperatorError } from '../../src/base/operator-error.ts'
import { COMPARE_RELATIONS_SHOWN, type ShownRelation } from '../api/compare-relations.ts'
import { keyOfName } from '../api/key-name.ts'

/** A step in the JSON document of the gateway, with keys in escaped form. */
export interface StepDocument {
  readonly put?: { readonly key: string; readonly value: string; readonly lease?: string }
  readonly get?: { readonly key: string }
  readonly range?: { readonly prefix: string }
  readonly delete?: { readonly key?: string; readonly prefix?: string }
  readonly txn?: TransactionDocument
}

export interface CompareDocument {
  readonly key: string
  readonly relation: ShownRelation
  readonly value?: string
  readonly version?: number
  readonly createRevision?: number
  readonly modRevision?: number
  readonly lease?: string
}

export interface TransactionDocument {
  readonly compare: readonly CompareDocument[]
  readonly success: readonly StepDocument[]
  readonly failure: readonly StepDocument[]
}

interface Line {
  readonly number: number
  readonly words: readonly string[]
}

/** Reads a transaction; throws an `OperatorError` that names the first wrong line. */
export function transactionOf(text: string): TransactionDocument {
  const lines = text.split('\n').flatMap((line, index): readonly Line[] => {
    const words = wordsOf(line, index + 1)
    return words.length === 0 ? [] : [{ number: index + 1, words }]
  })
  const reader = { lines, at: 0 }
  const transaction = readTransaction(reader, null)
  const rest = lines[reader.at]
  if (rest !== undefined) throw wrong(rest.number, `"${rest.words[0]}" is not expected here`)
  return transaction
}

interface Reader {
  readonly lines: readonly Line[]
  at: number
}

const SECTIONS = ['if', 'then', 'else'] as const

/** Reads a transaction up to the end of the text, or a nested one up to its `end`. */
function readTransaction(reader: Reader, begunIn: number | null): TransactionDocument {
  const compare: CompareDocument[] = []
  const success: StepDocument[] = []
  const failure: StepDocument[] = []
  let section: (typeof SECTIONS)[number] | null = null
  for (; reader.at < reader.lines.length; ) {
    const line = reader.lines[reader.at] as Line
    const [word = ''] = line.words
    if (word === 'end' && begunIn !== null && line.words.length === 1) break
    reader.at++
    const next = SECTIONS.find((each) => each === word && line.words.length === 1)
    if (next !== undefined) {
      if (section !== null && SECTIONS.indexOf(next) <= SECTIONS.indexOf(section)) {
        throw wrong(line.number, `"${next}" stands after "${section}"; the order is if, then, else`)
      }
      section = next
    } else if (section === null) throw wrong(line.number, 'a transaction must begin with "if" or "then"')
    else if (section === 'if') compare.push(readCompare(line))
    else (section === 'then' ? success : failure).push(readStep(reader, line))
  }
  if (begunIn !== null && reader.at++ >= reader.lines.length) {
    throw wrong(begunIn, 'the txn that begins here has no "end"')
  }
  return { compare, success, failure }
}

const FACTS: Readonly<Record<string, 'value' | 'version' | 'createRevision' | 'modRevision' | 'lease'>> = {
  value: 'value',
  version: 'version',
  create: 'createRevision',
  mod: 'modRevision',
  lease: 'lease',
}

function readCompare({ number, words }: Line): CompareDocument {
  const [fact = '', key, relation, operand, more] = words
  const member = FACTS[fact]
  if (member === undefined) throw wrong(number, `"${fact}" is not one of ${Object.keys(FACTS).join(', ')}`)
  if (key === undefined || relation === undefined || operand === undefined || more !== undefined) {
    throw wrong(number, `expected ${fact} KEY = OPERAND`)
  }
  const known = COMPARE_RELATIONS_SHOWN.find((each) => each === relation)
  if (known === undefined) {
    throw wrong(number, `"${relation}" is not one of ${COMPARE_RELATIONS_SHOWN.join(', ')}`)
  }
  const common = { key: nameIn(number, key), relation: known }
  if (member === 'value') return { ...common, value: valueIn(number, operand) }
  if (member === 'lease') return { ...common, lease: leaseIn(number, operand) }
  if (!/^\d{1,15}$/.test(operand)) throw wrong(number, `"${operand}" is not a whole number`)
  return { ...common, [member]: Number(operand) }
}

const VERBS: readonly string[] = ['put', 'get', 'list', 'del', 'txn']
const STEPS =
  'put KEY VALUE, put KEY VALUE --lease ID, get KEY, list PREFIX, del KEY, del --prefix PREFIX, or txn'

function readStep(reader: Reader, { number, words }: Line): StepDocument {
  const [verb = '', first, second, ...more] = words
  if (verb === 'txn' && first === undefined) return { txn: readTransaction(reader, number) }
  if (!VERBS.includes(verb)) throw wrong(number, `"${verb}" is not a step; expected ${STEPS}`)
  const isPair = verb === 'put' || (verb === 'del' && first === '--prefix')
  const [option, lease, ...rest] = more
  const isAttached = verb === 'put' && option === '--lease' && lease !== undefined && rest.length === 0
  const isWhole =
    first !== undefined && (more.length === 0 || isAttached) && (second !== undefined) === isPair
  if (!isWhole) throw wrong(number, `expected ${STEPS}`)
  switch (verb) {
    case 'put':
      return {
        put: {
          key: nameIn(number, first),
          value: valueIn(number, second ?? ''),
          ...(lease === undefined ? {} : { lease: leaseIn(number, lease) }),
        },
      }
    case 'get':
      return { get: { key: nameIn(number, first) } }
    case 'list':
      return { range: { prefix: nameIn(number, first) } }
    default:
      return isPair
        ? { delete: { prefix: nameIn(number, second ?? '') } }
        : { delete: { key: nameIn(number, first) } }
  }
}

function nameIn(number: number, word: string): string {
  bytesIn(number, word)
  return word
}

function leaseIn(number: number, word: string): string {
  if (/^[0-9a-f]{1,16}$/i.test(word)) return word
  throw wrong(number, `"${word}" is not the id of a lease, which is up to 16 hexadecimal digits`)
}

/** Returns a value in base64. */
const valueIn = (number: number, word: string): string =>
  Buffer.from(bytesIn(number, word)).toString('base64')

function bytesIn(number: number, word: string): Uint8Array {
  if (word.includes('\uFFFD')) {
    throw wrong(
      number,
      'a word contains bytes that are not UTF-8, or the character U+FFFD: write \\xFF for a byte',
    )
  }
  const bytes = keyOfName(word)
  if (bytes !== null) return bytes
  throw wrong(
    number,
    `in "${word}" a backslash must be followed by x and two hexadecimal digits, n, r, t or a backslash`,
  )
}

/** A word, in quotes or without spaces. */
const WORD = /[ \t]*(?:"((?:[^"\\]|\\.)*)"(?=[ \t\r]|$)|([^\s"]\S*))/y

/** Returns the words of a line; none for a comment. A quote within quotes loses its backslash. */
function wordsOf(line: string, number: number): readonly string[] {
  const words: string[] = []
  const text = line.trimEnd()
  if (/^\s*#/.test(text)) return words
  WORD.lastIndex = 0
  for (let end = 0; end < text.length; end = WORD.lastIndex) {
    const match = WORD.exec(text)
    if (match === null) throw wrong(number, 'a quote is not closed, or something follows it without a space')
    words.push(match[1]?.replaceAll('\\"', '"') ?? match[2] ?? '')
  }
  return words
}

const wrong = (number: number, why: string): OperatorError =>
  new OperatorError(`Line ${number} of the transaction is wrong: ${why}.`)
