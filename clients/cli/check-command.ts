/** The command check: it decides whether a recorded history is linearizable. */
import { createReadStream } from 'node:fs'
import { OperatorError } from '../../src/base/operator-error.ts'
import { checkHistory, type Verdict } from '../../src/linearizability/check-history.ts'
import type { History } from '../../src/linearizability/history.ts'
import { HistoryReader, shown } from '../../src/linearizability/history-reader.ts'
import { timeline } from '../../src/linearizability/timeline.ts'

const EXIT_CODES: Readonly<Record<Verdict['kind'], number>> = {
  linearizable: 0,
  'not-linearizable': 1,
  undecided: 3,
}
const CHUNK_BYTES = 1024 * 1024
const LINE_BYTES_MAX = 16 * 1024 * 1024
/** The maximum number of undecided keys that are printed. */
const NAMED_MAX = 10

export interface CheckFlags {
  readonly maxConfigurations?: number
  readonly json?: true
}

export async function check(file: string, flags: CheckFlags): Promise<void> {
  const history = await readHistory(file)
  const verdict = checkHistory(
    history,
    flags.maxConfigurations === undefined ? {} : { configurationsMax: flags.maxConfigurations },
  )
  console.log(flags.json ? JSON.stringify(verdict, null, 2) : describe(verdict))
  process.exitCode = EXIT_CODES[verdict.kind]
}

/** Reads a history. Rejects with an `OperatorError` that names the wrong line. */
export async function readHistory(file: string): Promise<History> {
  const name = file === '-' ? 'Standard input' : file
  const reader = new HistoryReader()
  const refuse = (why: string): never => {
    throw new OperatorError(`${name} cannot be used: ${why}.`)
  }
  const readLines = (bytes: Uint8Array): void => {
    for (const line of decodeLines(bytes)) {
      const fault = line === null ? 'it is not UTF-8' : reader.line(line)
      if (fault !== null) refuse(`line ${reader.lines + (line === null ? 1 : 0)}: ${fault}`)
    }
  }
  let rest: Uint8Array[] = []
  let restBytes = 0
  const take = (chunk: Buffer): void => {
    const end = chunk.lastIndexOf(0x0a) + 1
    if (end > 0) {
      readLines(Buffer.concat([...rest, chunk.subarray(0, end - 1)]))
      rest = []
      restBytes = 0
    }
    rest.push(chunk.subarray(end))
    restBytes += chunk.length - end
    if (restBytes > LINE_BYTES_MAX)
      refuse(`line ${reader.lines + 1}: it is longer than ${LINE_BYTES_MAX} bytes`)
  }
  const stream = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: CHUNK_BYTES })
  try {
    for await (const chunk of stream) take(chunk as Buffer)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (error instanceof OperatorError || code === undefined) throw error
    refuse(code === 'ENOENT' ? 'it does not exist' : `it cannot be read (${code})`)
  }
  if (restBytes > 0) readLines(Buffer.concat(rest))
  if (reader.history.operations === 0) refuse('it contains no operation')
  return reader.history
}

/** The lines of these bytes; null for a line that is not UTF-8. */
function decodeLines(bytes: Uint8Array): readonly (string | null)[] {
  const text = decode(bytes)
  if (text !== null) return text.split('\n')
  const lines: (string | null)[] = []
  for (let start = 0; start <= bytes.length; ) {
    const newline = bytes.indexOf(0x0a, start)
    const end = newline < 0 ? bytes.length : newline
    lines.push(decode(bytes.subarray(start, end)))
    start = end + 1
  }
  return lines
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

function describe(verdict: Verdict): string {
  const { operations, keys, configurations } = verdict
  const extent = `${operations} operations over ${keys} keys, ${configurations} configurations`
  switch (verdict.kind) {
    case 'linearizable':
      return `Linearizable: ${extent}.`
    case 'not-linearizable':
      return `Not linearizable: ${extent}.\n\n${timeline(verdict.offence)}`
    case 'undecided': {
      const named = verdict.undecided
        .slice(0, NAMED_MAX)
        .map(
          ({ key, operations: ofKey, because }) => `  ${shown(key)}: ${ofKey} operations, out of ${because}`,
        )
      const more = verdict.undecided.length - named.length
      return [
        `Undecided: ${extent}. The other keys are linearizable; these are undecided:`,
        ...named,
        ...(more > 0 ? [`  and ${more} more`] : []),
        'Search longer with --max-configurations.',
      ].join('\n')
    }
  }
}
