/** A message diagram: a lane for each node, time from top to bottom, an arrow for each message. */
import { FAMILY_PATHS, type MessageFamily } from './message-families.ts'

export interface DiagramArrow {
  readonly key: string | number
  /** Indices of lanes. */
  readonly from: number
  readonly to: number
  readonly sentAt: number
  /** Null for one that never arrives. */
  readonly arrivesAt: number | null
  readonly family: MessageFamily
  readonly title: string
  /** True while it is under way, or has not left yet. */
  readonly isAhead?: boolean
}

export interface DiagramMark {
  readonly key: string | number
  readonly lane: number
  readonly at: number
  readonly text: string
  readonly tone?: 'good' | 'bad' | 'plain'
}

export interface MessageDiagramProps {
  readonly label: string
  readonly lanes: readonly string[]
  readonly arrows: readonly DiagramArrow[]
  readonly marks?: readonly DiagramMark[]
  /** The times at the top and the bottom, in milliseconds. */
  readonly from: number
  readonly until: number
  /** The present, drawn as a line; none where absent. */
  readonly now?: number
  readonly chosen?: string | number | null
  onChoose?(key: string | number): void
}

const HEAD = 26
const HEIGHT = 420
const LEFT = 46
const LANE = 68
const RIGHT = 30
/** A time is written every so many units of the picture, about. */
const TICK_GAP = 60

/** The distance of two labelled times: 1, 2 or 5 times a power of ten. */
function tickOf(span: number): number {
  const raw = (span * TICK_GAP) / HEIGHT
  const power = 10 ** Math.floor(Math.log10(raw))
  return ([1, 2, 5].find((factor) => factor * power >= raw) ?? 10) * power
}

function ticksOf(from: number, until: number): readonly number[] {
  const tick = tickOf(until - from)
  const first = Math.ceil(from / tick)
  return Array.from(
    { length: Math.max(0, Math.floor(until / tick) - first + 1) },
    (_, i) => (first + i) * tick,
  )
}

export function MessageDiagram(props: MessageDiagramProps) {
  const { lanes, arrows, marks = [], from, now, chosen, onChoose } = props
  const until = Math.max(props.until, from + 1e-3)
  const yOf = (at: number): number => HEAD + ((at - from) / (until - from)) * HEIGHT
  const xOf = (lane: number): number => LEFT + LANE / 2 + lane * LANE
  const width = LEFT + lanes.length * LANE + RIGHT
  return (
    <div class="wide">
      <svg
        class="diagram"
        viewBox={`0 0 ${width} ${HEAD + HEIGHT + 12}`}
        width={width}
        role="img"
        aria-label={props.label}
      >
        {ticksOf(from, until).map((at) => (
          <g key={at} class="tick">
            <line x1={LEFT} x2={width - RIGHT} y1={yOf(at)} y2={yOf(at)} />
            <text x={LEFT - 6} y={yOf(at) + 4}>
              {Number(at.toFixed(3))}
            </text>
          </g>
        ))}
        <text class="unit" x={LEFT - 6} y={14}>
          ms
        </text>
        {lanes.map((lane, index) => (
          <g key={lane} class="lane">
            <text x={xOf(index)} y={14}>
              {lane}
            </text>
            <line x1={xOf(index)} x2={xOf(index)} y1={HEAD} y2={HEAD + HEIGHT} />
          </g>
        ))}
        {arrows.map((arrow) => (
          <Arrow
            key={arrow.key}
            arrow={arrow}
            isChosen={chosen === arrow.key}
            points={[xOf(arrow.from), yOf(arrow.sentAt), xOf(arrow.to), yOf(arrow.arrivesAt ?? until)]}
            onPress={onChoose === undefined ? undefined : () => onChoose(arrow.key)}
          />
        ))}
        {marks.map(({ key, lane, at, text, tone = 'plain' }) => (
          <g key={key} class={`event ${tone}`} transform={`translate(${xOf(lane)} ${yOf(at)})`}>
            <circle r={3.5} />
            <text x={6} y={-3}>
              {text}
            </text>
          </g>
        ))}
        {now !== undefined && (
          <line class="now" x1={LEFT - 4} x2={width - RIGHT + 4} y1={yOf(now)} y2={yOf(now)} />
        )}
      </svg>
    </div>
  )
}

/** From the sender's lane to the receiver's, with a head; a cross in the middle of one that never arrives. */
function Arrow(props: {
  readonly arrow: DiagramArrow
  readonly isChosen: boolean
  readonly points: readonly [number, number, number, number]
  readonly onPress: (() => void) | undefined
}) {
  const { arrow, isChosen, onPress } = props
  const [x1, y1, fullX, fullY] = props.points
  const isLost = arrow.arrivesAt === null
  // What is lost is drawn for a part of its way: nobody knows how far it came.
  const x2 = isLost ? x1 + (fullX - x1) * 0.45 : fullX
  const y2 = isLost ? y1 + Math.min(12, fullY - y1) : fullY
  const angle = (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI
  const traits = [isLost && 'lost', arrow.isAhead === true && 'ahead', isChosen && 'chosen'].filter(Boolean)
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: as above.
    <g class={`arrow family ${arrow.family} ${traits.join(' ')}`} onClick={onPress}>
      <title>{arrow.title}</title>
      <line class="grip" x1={x1} y1={y1} x2={x2} y2={y2} />
      <line class="way" x1={x1} y1={y1} x2={x2} y2={y2} />
      {isLost ? (
        <path class="cross" d="M-4-4 4 4M-4 4 4-4" transform={`translate(${x2} ${y2})`} />
      ) : (
        <path class="head" d="M0 0-8-3.5V3.5z" transform={`translate(${x2} ${y2}) rotate(${angle})`} />
      )}
      <path
        d={FAMILY_PATHS[arrow.family]}
        transform={`translate(${x1 + (x2 - x1) * 0.28} ${y1 + (y2 - y1) * 0.28}) scale(.55)`}
      />
    </g>
  )
}
