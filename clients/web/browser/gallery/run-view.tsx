/** A run: its diagram, its dialogue, and a slider through its events. */
import { useEffect, useState } from 'preact/hooks'
import type { GalleryRun } from '../../../../src/simulator/classics/gallery/entry.ts'
import { ButtonRow } from '../kit/button-row.tsx'
import { Slider } from '../kit/slider.tsx'
import { Dialogue } from './dialogue.tsx'
import { eventText, happenedBefore, typesOf } from './event-text.ts'
import { LetterLegend } from './letter-looks.tsx'
import { SpaceTimeDiagram } from './space-time-diagram.tsx'

const NARROW = '(max-width: 44rem)'
const STEP_MS = 700

/** True on a narrow page. */
function useNarrow(): boolean {
  const [isNarrow, setNarrow] = useState(() => matchMedia(NARROW).matches)
  useEffect(() => {
    const query = matchMedia(NARROW)
    const onChange = (): void => setNarrow(query.matches)
    query.addEventListener('change', onChange)
    return () => query.removeEventListener('change', onChange)
  }, [])
  return isNarrow
}

export function RunView({ run, label }: { readonly run: GalleryRun; readonly label: string }) {
  const { events, n, faulty } = run
  const last = events.length
  const [step, setStep] = useState(last)
  const [isPlaying, setPlaying] = useState(false)
  const isNarrow = useNarrow()
  useEffect(() => {
    if (!isPlaying) return
    if (step >= last) return setPlaying(false)
    const timer = setTimeout(() => setStep(step + 1), STEP_MS)
    return () => clearTimeout(timer)
  }, [isPlaying, step, last])
  const go = (to: number): void => {
    setPlaying(false)
    setStep(Math.max(0, Math.min(last, to)))
  }
  const play = (): void => {
    if (!isPlaying && step >= last) setStep(0)
    setPlaying(!isPlaying)
  }
  const view = { step, isNarrow, onStep: go }
  return (
    <div class="run">
      <Slider label="Event" value={step} max={last} text={`${step} of ${last}`} onInput={go} />
      <ButtonRow
        label="steps"
        buttons={[
          { label: 'Back', key: 'ArrowLeft', isDisabled: step === 0, onPress: () => go(step - 1) },
          { label: isPlaying ? 'Pause' : 'Play', key: ' ', onPress: play },
          { label: 'Forward', key: 'ArrowRight', isDisabled: step === last, onPress: () => go(step + 1) },
        ]}
      />
      <p class="present" aria-live="polite">
        {presentText(run, step)}
      </p>
      <div class="wide">
        <div class="drawing">
          <SpaceTimeDiagram label={label} n={n} events={events} faulty={faulty} {...view} />
          <Dialogue events={events} {...view} />
        </div>
      </div>
      <LetterLegend types={typesOf(events)} />
      <p class="faint small">
        A filled dot sends, a hollow one receives, a square is an event of the process itself. The number
        beside it is its Lamport clock.
      </p>
    </div>
  )
}

/** The event at which the slider stands, and its place in the order of causes. */
function presentText({ events }: GalleryRun, step: number): string {
  const current = events[step - 1]
  if (step === events.length) return 'Choose an event, or move the slider, to see what happened before it.'
  if (current === undefined) return 'Nothing has happened yet.'
  const earlier = events.slice(0, step - 1).filter(({ kind }) => kind !== 'lost')
  const before = earlier.filter((event) => happenedBefore(event, current)).length
  const concurrent = earlier.length - before
  const are = concurrent === 1 ? 'one in italics is' : `${concurrent} in italics are`
  return `${eventText(current)}. Events that happened before it: ${before}${concurrent === 0 ? '.' : `; ${are} concurrent with it.`}`
}
