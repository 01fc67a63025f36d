/** The command txn: it executes a transaction from standard input or a file, and prints the result of each step. */
import { readFileSync } from 'node:fs'
import { OperatorError } from '../../src/base/operator-error.ts'
import { keyName } from '../api/key-name.ts'
import type { runTransaction, StepAnswer, TransactionAnswer } from '../api/transaction.ts'
import { answerReader, parsedJson } from '../library/answer-reader.ts'
import { callGateway, type WriteFlags, withGateway, writeHeaders } from './gateway-call.ts'
import { readInput } from './standard-input.ts'
import { transactionOf } from './transaction-text.ts'

const readDone = answerReader<Omit<TransactionAnswer, 'results'> & { results: readonly object[] }>()({
  revision: 'number',
  succeeded: 'boolean',
  results: [{}],
})

/** Text that begins with { is sent to the gateway unchanged; other text is read as a transaction in text form. */
export const txn = (file: string, flags: WriteFlags): Promise<void> =>
  withGateway(async () => {
    const text = file === '-' ? (await readInput()).toString('utf8') : readFile(file)
    const isDocument = text.trimStart().startsWith('{')
    if (isDocument && parsedJson(text) === undefined) {
      throw new OperatorError('The transaction begins with { but is not JSON.')
    }
    const body = isDocument ? text : JSON.stringify(transactionOf(text))
    const answer = await callGateway<typeof runTransaction>(flags, {
      method: 'POST',
      path: '/v1/txn',
      body,
      ...writeHeaders(flags),
    })
    const done = readDone(answer) as TransactionAnswer
    // The exit code shows a script which branch was executed.
    if (!done.succeeded) process.exitCode = 1
    if (flags.json) return console.log(answer.toString('utf8'))
    for (const line of linesOf(done, '')) console.log(line)
  })

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new OperatorError(`The transaction in ${file} cannot be read (${code}).`)
  }
}

function linesOf({ succeeded, revision, results }: TransactionAnswer, indent: string): readonly string[] {
  const which = succeeded ? 'all comparisons hold: then' : 'a comparison does not hold: else'
  return [
    `${indent}${which}, revision ${revision}`,
    ...results.flatMap((each) => stepLines(each, `${indent}  `)),
  ]
}

function stepLines(step: StepAnswer, indent: string): readonly string[] {
  const { put, get, range, delete: deletion, txn: inner } = step
  if (put !== undefined) return [`${indent}put: version ${put.version}`]
  if (get === null) return [`${indent}get: there is no such key`]
  if (get !== undefined) return [`${indent}get: ${get.key}\t${shownValue(get)}`]
  if (range !== undefined) {
    const items = range.items.map((item) => `${indent}  ${item.key}\t${shownValue(item)}`)
    return [`${indent}list: ${range.count} ${range.count === 1 ? 'key' : 'keys'}`, ...items]
  }
  if (deletion !== undefined) {
    return [`${indent}del: ${deletion.deleted} ${deletion.deleted === 1 ? 'key' : 'keys'}`]
  }
  return inner === undefined ? [] : linesOf(inner, indent)
}

interface ValueForms {
  readonly text?: string | undefined
  readonly value?: string | undefined
}

/** A value on one line, in the escaped form of a key. */
const shownValue = ({ text, value = '' }: ValueForms): string =>
  keyName(text === undefined ? Buffer.from(value, 'base64') : Buffer.from(text))
