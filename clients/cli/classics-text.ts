/** The gallery as text: the list, the diagram of a run, an exploration, and a run outside the bound. */
import type {
  GalleryBreak,
  GalleryEntry,
  GalleryExploration,
  GalleryRun,
  RunParameters,
} from '../../src/simulator/classics/gallery/entry.ts'
import type { Exhibit } from '../../src/simulator/classics/gallery/exhibit.ts'
import type { DiagramEvent } from '../../src/simulator/classics/space-time.ts'
import { tableText } from './table.ts'
import { reflow } from './terminal.ts'

const LIST_WORDS = new Set([0, 1, 2, 3, 4, 5, 6])

export function listText(entries: readonly GalleryEntry[]): string {
  const rows = entries.map(({ name, room, model, faults, bound, rounds, messages }) => [
    name,
    room,
    model,
    faults,
    bound,
    rounds,
    messages,
  ])
  const headings = ['algorithm', 'room', 'model', 'faults', 'bound', 'rounds', 'messages']
  return tableText([headings, ...rows], { words: LIST_WORDS })
}

/** A line for each algorithm: its counts, the number of its explored runs, and both verdicts. */
export function tableOfAll(exhibits: readonly Exhibit[]): string {
  const headings = ['algorithm', 'n', 'messages', 'closed form', 'runs explored', 'within', 'outside']
  const rows = exhibits.map(({ facts, run, exploration, broken }) => [
    facts.name,
    `${run.n}`,
    `${run.messages}`,
    run.expectedMessages === null ? '-' : `${run.expectedMessages}`,
    exploration.runs,
    exploration.violation === null ? 'holds' : 'BREAKS',
    broken.run.violation === null ? 'HOLDS' : 'broke, as it must',
  ])
  return tableText([headings, ...rows], { words: new Set([0, 5, 6]) })
}

export function runText(entry: GalleryEntry, parameters: RunParameters, run: GalleryRun): string {
  const { n, faults, seed } = parameters
  return [
    headingText(entry),
    `n = ${n}, f = ${faults}, seed ${seed}${run.faulty.length === 0 ? '' : `; faulty: ${processNames(run)}`}`,
    '',
    diagramText(run),
    '',
    ...countLines(entry, run),
    verdictLine(run),
  ].join('\n')
}

export function explorationText(entry: GalleryEntry, exploration: GalleryExploration): string {
  const { bounds, runs, states, violation } = exploration
  const head = [headingText(entry), `All runs with ${bounds}:`]
  if (violation === null)
    return [...head, `${runs} runs through ${states} states: every run holds.`].join('\n')
  return [
    ...head,
    `${states} states, then a violation:`,
    '',
    diagramText(violation.run),
    '',
    verdictLine(violation.run),
  ].join('\n')
}

export function breakText(entry: GalleryEntry, { condition, run }: GalleryBreak): string {
  return [
    headingText(entry),
    ...reflow(`Bound: ${entry.bound}. Here ${condition}.`).split('\n'),
    ...(run.faulty.length === 0 ? [] : [`Faulty: ${processNames(run)}.`]),
    '',
    diagramText(run),
    '',
    run.violation === null ? 'It did not break.' : `broke, as it must: ${run.violation}`,
  ].join('\n')
}

const processNames = ({ faulty }: GalleryRun): string => faulty.map((id) => `P${id}`).join(', ')

const headingText = ({ title, source, idea, model, faults }: GalleryEntry): string =>
  [`${title} (${source})`, reflow(idea), `${model}; faults: ${faults}`].join('\n')

function countLines({ messages, rounds }: GalleryEntry, run: GalleryRun): readonly string[] {
  const { expectedMessages } = run
  const compared =
    expectedMessages === null
      ? 'no closed form for this run'
      : expectedMessages === run.messages
        ? `= ${expectedMessages} by the closed form`
        : `but the closed form gives ${expectedMessages}`
  return [`messages: ${run.messages} (${compared}: ${messages})`, `rounds: ${run.rounds} (${rounds})`]
}

const verdictLine = ({ violation }: GalleryRun): string =>
  violation === null ? 'holds' : `VIOLATED: ${violation}`

/** Returns a line for each event: a column for each process, the two clocks, and the event. */
export function diagramText({ n, events }: GalleryRun): string {
  const lanes = Array.from({ length: n }, (_, id) => `P${id}`.padEnd(4)).join('')
  const vectorWidth = Math.max(6, ...events.map((event) => vectorText(event).length))
  const lines = events.map((event) => {
    const marks = Array.from({ length: n }, (_, id) => markOf(event, id).padEnd(4)).join('')
    const clock = String(event.lamport).padStart(3)
    return `${marks}${clock}  ${vectorText(event).padEnd(vectorWidth)}  ${eventText(event)}`
  })
  return [`${lanes}  L  ${'vector'.padEnd(vectorWidth)}  event`, ...lines].join('\n')
}

const vectorText = ({ vector }: DiagramEvent): string => `[${vector.join(' ')}]`

function markOf({ kind, process }: DiagramEvent, lane: number): string {
  if (process !== lane || kind === 'lost') return '│'
  return { send: '●', receive: '○', local: '■' }[kind]
}

function eventText({ kind, process, peer, label }: DiagramEvent): string {
  switch (kind) {
    case 'send':
      return `P${process} → P${peer}  ${label}`
    case 'receive':
      return `P${process} ← P${peer}  ${label}`
    case 'lost':
      return `P${process} ⇸ P${peer}  ${label} is lost`
    case 'local':
      return `P${process} ${label}`
  }
}
