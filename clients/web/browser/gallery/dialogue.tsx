/** The dialogue beside the diagram: a line for each event, in words and with its clocks. */
import type { DiagramEvent } from '../../../../src/simulator/classics/space-time.ts'
import { briefText, eventText, happenedBefore, isCrash } from './event-text.ts'

export function Dialogue(props: {
  readonly events: readonly DiagramEvent[]
  readonly step: number
  readonly isNarrow: boolean
  onStep(step: number): void
}) {
  const { events, step, isNarrow, onStep } = props
  // At the end of the run no event is chosen.
  const current = step < events.length ? events[step - 1] : undefined
  return (
    <ol class="dialogue" aria-label="events">
      <li class="heading">
        <span>event</span>
        <span class="clocks">Lamport, vector clock</span>
      </li>
      {events.map((event, row) => (
        <li key={row} class={traitsOf(event, row, step, current)}>
          <button type="button" title={eventText(event)} onClick={() => onStep(row + 1)}>
            <span>{isNarrow ? briefText(event) : eventText(event)}</span>
            <span class="clocks">{`${event.lamport}, [${event.vector.join(' ')}]`}</span>
          </button>
        </li>
      ))}
    </ol>
  )
}

function traitsOf(event: DiagramEvent, row: number, step: number, current: DiagramEvent | undefined): string {
  const isCurrent = event === current
  const isConcurrent = current !== undefined && row < step - 1 && !happenedBefore(event, current)
  const traits = [
    isCurrent && 'current',
    row >= step && 'ahead',
    isConcurrent && 'concurrent',
    (event.kind === 'lost' || isCrash(event)) && 'fault',
  ]
  return traits.filter(Boolean).join(' ')
}
