/** The space-time diagram of a run: a lane for each process, a row for each event, an arrow for each message. */
import type { ProcessId } from '../../../../src/classics/process.ts'
import type { DiagramEvent } from '../../../../src/simulator/classics/space-time.ts'
import { FAMILY_PATHS } from '../kit/message-families.ts'
import { isCrash, isRestart, typeOf, typesOf } from './event-text.ts'
import { lookOf } from './letter-looks.tsx'

/** The height of a row, the same as that of a line of the dialogue beside it. */
export const ROW = 26
const HEAD = 28
const DOT = 4.5
/** The width of a letter of a label. */
const LETTER = 6
/** Lanes that are narrower carry no labels: the dialogue beside the diagram has them. */
const LABELLED_LANE = 80
const SIDE = 26
/** The width for the labels of the last lane. */
const LAST_LABEL = 96

export interface SpaceTimeProps {
  readonly label: string
  readonly n: number
  readonly events: readonly DiagramEvent[]
  readonly faulty: readonly ProcessId[]
  /** The number of events that have happened; the others are faint. */
  readonly step: number
  readonly isNarrow: boolean
  onStep(step: number): void
}

interface Letter {
  readonly message: number
  readonly sent: DiagramEvent
  readonly sentRow: number
  /** The row of its receipt or of its loss; null if it is under way at the end. */
  readonly endRow: number | null
  readonly isLost: boolean
}

interface Layout {
  readonly lane: number
  readonly width: number
  readonly height: number
  xOf(process: ProcessId): number
  yOf(row: number): number
}

const narrowLane = (n: number): number => (n <= 3 ? 48 : n <= 4 ? 36 : 27)
const wideLane = (n: number): number => (n <= 3 ? 160 : n <= 4 ? 124 : n <= 6 ? 92 : 48)

function layoutOf({ n, events, isNarrow }: SpaceTimeProps): Layout {
  const lane = isNarrow ? narrowLane(n) : wideLane(n)
  const right = lane >= LABELLED_LANE ? LAST_LABEL : 0
  return {
    lane,
    width: SIDE * 2 + (n - 1) * lane + right,
    height: HEAD + events.length * ROW,
    xOf: (process) => SIDE + process * lane,
    yOf: (row) => HEAD + (row + 0.5) * ROW,
  }
}

function lettersOf(events: readonly DiagramEvent[]): readonly Letter[] {
  return events.flatMap((sent, sentRow): readonly Letter[] => {
    const { kind, message } = sent
    if (kind !== 'send' || message === null) return []
    const endRow = events.findIndex(
      (event, row) => row > sentRow && event.message === message && event.kind !== 'send',
    )
    const isLost = events[endRow]?.kind === 'lost'
    return [{ message, sent, sentRow, endRow: endRow < 0 ? null : endRow, isLost }]
  })
}

export function SpaceTimeDiagram(props: SpaceTimeProps) {
  const { n, events, faulty, step } = props
  const layout = layoutOf(props)
  const types = typesOf(events)
  return (
    <svg
      class="space-time"
      viewBox={`0 0 ${layout.width} ${layout.height}`}
      width={layout.width}
      height={layout.height}
      role="img"
      aria-label={props.label}
    >
      {Array.from({ length: n }, (_, id) => (
        <Lane key={id} id={id} isFaulty={faulty.includes(id)} events={events} layout={layout} />
      ))}
      {lettersOf(events).map((letter) => (
        <LetterArrow
          key={letter.message}
          letter={letter}
          look={lookOf(types, typeOf(letter.sent))}
          layout={layout}
          step={step}
        />
      ))}
      {events.map((event, row) => (
        <EventMark key={row} event={event} row={row} layout={layout} props={props} />
      ))}
    </svg>
  )
}

/** The line of a process, dotted while it is down. */
function Lane(props: {
  readonly id: ProcessId
  readonly isFaulty: boolean
  readonly events: readonly DiagramEvent[]
  readonly layout: Layout
}) {
  const { id, isFaulty, events, layout } = props
  const turns = events
    .map((event, row) => ({ event, row }))
    .filter(({ event }) => event.process === id && (isCrash(event) || isRestart(event)))
  const ends = [...turns.map(({ row }) => layout.yOf(row)), layout.height]
  const starts = [HEAD, ...ends]
  return (
    <g class={`lane ${isFaulty ? 'faulty' : ''}`}>
      <text x={layout.xOf(id)} y={14}>
        {`P${id}`}
      </text>
      {isFaulty && <title>{`P${id} is faulty`}</title>}
      {ends.map((end, index) => (
        <line
          key={end}
          class={index > 0 && isCrash((turns[index - 1] as (typeof turns)[number]).event) ? 'down' : ''}
          x1={layout.xOf(id)}
          x2={layout.xOf(id)}
          y1={starts[index]}
          y2={end}
        />
      ))}
    </g>
  )
}

function LetterArrow(props: {
  readonly letter: Letter
  readonly look: keyof typeof FAMILY_PATHS
  readonly layout: Layout
  readonly step: number
}) {
  const { letter, look, layout, step } = props
  const { sent, sentRow, endRow, isLost } = letter
  const { xOf, yOf, height } = layout
  const [x1, y1] = [xOf(sent.process), yOf(sentRow)]
  const toX = xOf(sent.peer ?? sent.process)
  // A letter that is lost, or still under way at the end, is drawn for a part of its way.
  const share = endRow === null ? 0.7 : isLost ? 0.5 : 1
  const x2 = x1 + (toX - x1) * share
  const y2 = endRow === null ? height : yOf(endRow)
  const length = Math.hypot(x2 - x1, y2 - y1) || 1
  const [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length]
  const gap = share === 1 ? DOT + 1 : 0
  const [tipX, tipY] = [x2 - dx * gap, y2 - dy * gap]
  const traits = [sentRow >= step && 'ahead', endRow === null && 'unending'].filter(Boolean).join(' ')
  return (
    <g class={`arrow family ${look} ${traits}`}>
      <title>{sent.label}</title>
      <line class="way" x1={x1} y1={y1} x2={tipX} y2={tipY} />
      {isLost && <path class="cross" d="M-5-5 5 5M-5 5 5-5" transform={`translate(${x2} ${y2})`} />}
      {share === 1 && (
        <path
          class="head"
          d="M0 0-9-3.6V3.6z"
          transform={`translate(${tipX} ${tipY}) rotate(${(Math.atan2(dy, dx) * 180) / Math.PI})`}
        />
      )}
      <path d={FAMILY_PATHS[look]} transform={`translate(${x1 + dx * 17} ${y1 + dy * 17}) scale(.62)`} />
    </g>
  )
}

/** The mark of an event on its lane, its Lamport clock, and what is written on its letter. */
function EventMark(props: {
  readonly event: DiagramEvent
  readonly row: number
  readonly layout: Layout
  readonly props: SpaceTimeProps
}) {
  const { event, row, layout } = props
  const { step, n, events, onStep } = props.props
  const { kind, process, peer, lamport } = event
  if (kind === 'lost') return null
  const x = layout.xOf(process)
  const y = layout.yOf(row)
  // The label stands on the side of the letter's other end, the clock on the other one.
  const isLeft =
    kind === 'local' ? process === n - 1 && n > 1 && layout.lane < LABELLED_LANE : (peer ?? 0) < process
  const side = isLeft ? -1 : 1
  const traits = [
    row >= step && 'ahead',
    row === step - 1 && step < events.length && 'current',
    isCrash(event) && 'crash',
  ]
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the slider and the dialogue do the same by keys.
    <g
      class={`moment ${kind} ${traits.filter(Boolean).join(' ')}`}
      transform={`translate(${x} ${y})`}
      onClick={() => onStep(row + 1)}
    >
      {kind === 'local' ? <rect x={-DOT} y={-DOT} width={2 * DOT} height={2 * DOT} /> : <circle r={DOT} />}
      <text class="clock" x={-side * 8} y={4} text-anchor={isLeft ? 'start' : 'end'}>
        {lamport}
      </text>
      {kind !== 'receive' && layout.lane >= LABELLED_LANE && (
        <text class="label" x={side * 10} y={kind === 'send' ? -3 : 4} text-anchor={isLeft ? 'end' : 'start'}>
          {shortened(event.label, spaceOf(event, layout, n))}
        </text>
      )}
    </g>
  )
}

/** The space for a label, in letters. */
function spaceOf({ kind, process, peer }: DiagramEvent, layout: Layout, n: number): number {
  if (kind === 'local') return Math.floor((process === n - 1 ? LAST_LABEL + 12 : layout.lane - 36) / LETTER)
  return Math.floor((Math.abs((peer ?? process) - process) * layout.lane - 26) / LETTER)
}

const shortened = (text: string, letters: number): string =>
  text.length <= letters ? text : `${text.slice(0, Math.max(1, letters - 1))}…`
