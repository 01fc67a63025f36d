/** An explained run as lines for a terminal, and as JSON. */
import type { AuthenticationMode } from '../../src/messages/cluster.ts'
import type { Part } from '../../src/simulator/trace/decisive-part.ts'
import type { ExplainedEntry } from '../../src/simulator/trace/explanation.ts'
import { type Phrase, replicasText } from '../../src/simulator/trace/phrase.ts'
import { outputColumns, wrapWords } from './terminal.ts'

export interface Explanation {
  readonly title: string
  readonly auth: AuthenticationMode
  readonly traitors: readonly number[]
  readonly part: Part
  /** All steps of the run. */
  readonly steps: number
  readonly outcome: string
  /** The command of this explanation, without a range of steps. */
  readonly replay: string
}

const STEP_WIDTH = 6
const MS_WIDTH = 9
/** Columns before the sentences: the number of the step, the time, the mark. */
const MARGIN = STEP_WIDTH + MS_WIDTH + 3

export function explanationText(explanation: Explanation, columns = outputColumns()): string {
  const { title, auth, traitors, part, outcome } = explanation
  const wrap = (line: string): string => wrapWords(line, columns)
  const liars = traitors.length === 0 ? 'No replica is a traitor.' : `Traitors: ${replicasText(traitors)}.`
  const cut = (text: string): string =>
    text
      .split('\n')
      .flatMap((line) => foldLine(line, columns))
      .join('\n')
  return cut(
    [
      wrap(`${title}.`),
      wrap(
        `Authentication: ${auth}. ${liars}${traitors.length === 0 ? '' : ' "!" marks what they falsify.'}`,
      ),
      wrap(rangeText(explanation)),
      wrap('Rules in brackets are those of src/PROTOCOL.md.'),
      '',
      `${'step'.padStart(STEP_WIDTH)}${'ms'.padStart(MS_WIDTH)}`,
      ...part.entries.flatMap((entry, index) => [
        wrapWords(entryText(entry), columns, MARGIN),
        ...(part.gap?.after === index ? [wrap(gapText(explanation, index))] : []),
      ]),
      '',
      wrap(outcome),
      ...leftOut(explanation).map(wrap),
    ].join('\n'),
  )
}

/** Breaks a line inside a word that is wider than the output. */
const foldLine = (line: string, columns: number): readonly string[] =>
  line.length <= columns ? [line] : [line.slice(0, columns), ...foldLine(line.slice(columns), columns)]

export function explanationJson({ part, ...facts }: Explanation): string {
  const { entries, gap, begins, ends } = part
  const [first, last] = [entries[0]?.steps ?? null, entries.at(-1)?.steps ?? null]
  return JSON.stringify({ ...facts, begins, ends, first, last, leftOutBetween: gap, entries }, null, 2)
}

function rangeText({ part, steps }: Explanation): string {
  const [first, last] = rangeOf(part)
  if (first === null) return `Nothing is to be explained in this range of the ${steps} steps.`
  return `Steps ${first} to ${last} of ${steps}: from ${part.begins} to ${part.ends}.`
}

const rangeOf = ({ entries }: Part): readonly [number, number] | readonly [null, null] => {
  const [first, last] = [entries[0], entries.at(-1)]
  return first === undefined || last === undefined ? [null, null] : [first.steps, last.steps]
}

/** "replica 2 accepts it (rule 1.2). It sends PREPARE to all (rule 1.3)." */
export function entryText(entry: ExplainedEntry): string {
  const { step, atMs, replica, isTraitor, event, effects, acts, times } = entry
  const mark = acts > 0 ? '!' : ' '
  const head = `${`${step ?? '-'}`.padStart(STEP_WIDTH)}${atMs.toFixed(1).padStart(MS_WIDTH)} ${mark} `
  const name = replica === null ? '' : `replica ${replica}${isTraitor ? ' (traitor)' : ''} `
  const isBare = effects.length === 0
  const rule = isBare && event.rule !== null ? ` (rule ${event.rule})` : ''
  const often = times === 1 ? '' : `, ${times} times`
  const follows = isBare ? '' : `: it ${listOf(effects)}`
  const falsified =
    acts === 0
      ? ''
      : ` Here it lies: ${acts} ${acts === 1 ? 'act departs' : 'acts depart'} from its protocol.`
  return `${head}${name}${event.text}${rule}${often}${follows}.${falsified}`
}

/** The tag of several parts that follow one rule stands after the last of them; what is sent alike is listed. */
function listOf(effects: readonly Phrase[]): string {
  const isAlike = (one: Phrase | undefined, other: Phrase): boolean =>
    one?.sent !== undefined && other.sent !== undefined && leadOf(one) === leadOf(other)
  const parts: string[] = []
  for (const [index, effect] of effects.entries()) {
    const { text, rule, sent } = effect
    const tag = effects[index + 1]?.rule === rule ? '' : ` (rule ${rule})`
    if (isAlike(effects[index - 1], effect)) parts[parts.length - 1] += `, ${sent}${tag}`
    else parts.push(`${text}${tag}`)
  }
  return parts.length === 1 ? (parts[0] as string) : `${parts.slice(0, -1).join('; ')}; and ${parts.at(-1)}`
}

const leadOf = ({ text, sent = '' }: Phrase): string => text.slice(0, text.length - sent.length)

function gapText({ part: { entries, gap }, replay }: Explanation, index: number): string {
  const [before, after] = [entries[index]?.steps ?? 0, entries[index + 1]?.steps ?? 0]
  return `... ${gap?.count} entries are left out: ${replay} --from ${before + 1} --to ${after - 1}`
}

function leftOut({ part, steps, replay }: Explanation): readonly string[] {
  const [first, last] = rangeOf(part)
  if (first === null) return []
  return [
    ...(first > 1 ? [`Before: ${replay} --from 1 --to ${first - 1}`] : []),
    ...(last < steps ? [`After: ${replay} --from ${last + 1} --to ${steps}`] : []),
  ]
}
