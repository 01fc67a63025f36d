/** The message diagram of the run around the present. */
import { useMemo, useState } from 'preact/hooks'
import { type DiagramArrow, type DiagramMark, MessageDiagram } from '../kit/message-diagram.tsx'
import { familyOf } from '../kit/message-families.ts'
import { Panel } from '../kit/page-frame.tsx'
import type { Game } from './game.ts'
import { isQuiet, type RecordedFrame, type Recording } from './recording.ts'
import type { Choice } from './stage.tsx'

/** Virtual milliseconds that the diagram shows. */
const SPANS = [40, 80, 200, 600] as const
/** The share of the diagram above the present. */
const PAST = 0.7
/** More arrows than this are not drawn: nobody could read them. */
const ARROWS_MAX = 600

export function RunDiagram(props: {
  readonly game: Game
  readonly choice: Choice
  readonly showsQuiet: boolean
  choose(choice: Choice): void
}) {
  const { game, choice, showsQuiet, choose } = props
  const { recording, nowMs } = game
  const [span, setSpan] = useState<number>(SPANS[1])
  const from = Math.max(0, nowMs - span * PAST)
  const until = from + span
  const lanes = useMemo(
    () => ['clients', ...Array.from({ length: recording.plan.n }, (_, id) => `R${id}`)],
    [recording],
  )
  const arrows = arrowsOf(recording, { from, until, nowMs, showsQuiet })
  return (
    <Panel
      title="Message diagram"
      class="diagram-panel"
      aside={
        <label class="inline">
          shows
          <select value={span} onChange={(event) => setSpan(Number(event.currentTarget.value))}>
            {SPANS.map((each) => (
              <option key={each} value={each}>
                {each} ms
              </option>
            ))}
          </select>
        </label>
      }
    >
      <MessageDiagram
        label={`messages between ${from.toFixed(0)} and ${until.toFixed(0)} ms`}
        lanes={lanes}
        arrows={arrows}
        marks={marksOf(recording, from, until)}
        from={from}
        until={until}
        now={nowMs}
        chosen={choice?.kind === 'message' ? choice.id : null}
        onChoose={(id) => choose({ kind: 'message', id: Number(id) })}
      />
    </Panel>
  )
}

const laneOf = ({ kind, id }: RecordedFrame['from']): number => (kind === 'replica' ? id + 1 : 0)

function arrowsOf(
  { frames }: Recording,
  window: {
    readonly from: number
    readonly until: number
    readonly nowMs: number
    readonly showsQuiet: boolean
  },
): readonly DiagramArrow[] {
  const { from, until, nowMs, showsQuiet } = window
  return frames
    .filter(({ kind, sentAtMs, arrivedAtMs }) => {
      if (isQuiet(kind) && !showsQuiet) return false
      return sentAtMs >= from && (arrivedAtMs ?? sentAtMs) <= until
    })
    .slice(0, ARROWS_MAX)
    .map((frame) => ({
      key: frame.number,
      from: laneOf(frame.from),
      to: laneOf(frame.to),
      sentAt: frame.sentAtMs,
      arrivesAt: frame.arrivedAtMs,
      family: familyOf(frame.kind),
      title: `${frame.kind}, sent at ${frame.sentAtMs.toFixed(1)} ms${frame.arrivedAtMs === null ? ', lost' : ''}`,
      isAhead: frame.sentAtMs > nowMs,
    }))
}

/** Crashes, traitors that turn, and new views, at the lane that they are about. */
const marksOf = ({ notes }: Recording, from: number, until: number): readonly DiagramMark[] =>
  notes
    .filter(({ atMs }) => atMs >= from && atMs <= until)
    .flatMap(({ atMs, text }, index): readonly DiagramMark[] => {
      const [, fault, replica] = /^fault (\S+) .*?replica (\d+)/.exec(text) ?? []
      const [, view, primary] = /^new view (\d+), primary replica (\d+)/.exec(text) ?? []
      if (fault !== undefined) {
        const word = fault === 'turn' ? 'lies' : fault
        return [{ key: index, lane: Number(replica) + 1, at: atMs, text: word, tone: 'bad' }]
      }
      if (view === undefined) return []
      return [{ key: index, lane: Number(primary) + 1, at: atMs, text: `view ${view}`, tone: 'good' }]
    })
