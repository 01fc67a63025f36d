/** The guided first minute: captions, each at a moment of the run. It can be skipped, and is not shown again. */
import { useState } from 'preact/hooks'
import { beginningOf, type Game } from './game.ts'
import type { Recording } from './recording.ts'

interface Caption {
  readonly text: string
  /** The event that it is about. */
  readonly at: (recording: Recording) => number
}

/** The event at which the first message of a kind is on its way. */
const firstSent =
  (kind: string) =>
  ({ frames, stops }: Recording): number => {
    const sent = frames.find((frame) => frame.kind === kind)?.sentAt ?? 0
    return stops.find((stop) => stop >= sent) ?? 0
  }

const CAPTIONS: readonly Caption[] = [
  {
    text: 'Four replicas keep one store. Any one of them may lie, stall or crash, and clients must not notice. Replica 0, with the crown, is the primary.',
    at: beginningOf,
  },
  {
    text: 'A client in the middle asks for something: its REQUEST goes to the primary.',
    at: firstSent('request'),
  },
  {
    text: 'The primary proposes a place in the order: PRE-PREPARE, to everybody. It might tell each of them something else.',
    at: firstSent('pre-prepare'),
  },
  {
    text: 'So the backups repeat to each other what they were told: PREPARE. Three that agree fix the place for this view.',
    at: firstSent('prepare'),
  },
  {
    text: 'COMMIT says: I know that three agree. Three COMMITs decide, whatever happens to the primary after that.',
    at: firstSent('commit'),
  },
  {
    text: 'Each replica executes and REPLIES. The client believes what two replicas say alike: one of them is honest.',
    at: firstSent('reply'),
  },
  {
    text: 'Now you: choose a message to read, delay or drop it; choose a replica to stop it or make it lie. The arrow keys step through time, both ways.',
    at: firstSent('request'),
  },
]

const SEEN = 'strategos playground tour'

/** A page from disk may have no memory: then the tour is offered each time. */
function wasSeen(): boolean {
  try {
    return localStorage.getItem(SEEN) !== null
  } catch {
    return false
  }
}

function remember(): void {
  try {
    localStorage.setItem(SEEN, 'seen')
  } catch {
    // Then it is offered again.
  }
}

export function Tour({ game }: { readonly game: Game }) {
  const [step, setStep] = useState<number | null>(() =>
    wasSeen() || location.hash.length > 1 || game.level?.name !== 'crash' ? null : 0,
  )
  const show = (next: number | null): void => {
    const caption = next === null ? undefined : CAPTIONS[next]
    setStep(caption === undefined ? null : next)
    if (caption === undefined) remember()
    else game.seek(caption.at(game.recording))
  }
  if (step === null) {
    return (
      <button type="button" class="quiet" onClick={() => show(0)}>
        Guided minute
      </button>
    )
  }
  return (
    <aside class="tour" aria-label="guided minute">
      <p aria-live="polite">
        <span class="faint">
          {step + 1}/{CAPTIONS.length}
        </span>{' '}
        {CAPTIONS[step]?.text}
      </p>
      <div class="buttons">
        <button type="button" class="primary" onClick={() => show(step + 1)}>
          {step + 1 < CAPTIONS.length ? 'Next' : 'Play'}
        </button>
        <button type="button" onClick={() => show(null)}>
          Skip
        </button>
      </div>
    </aside>
  )
}
