/**
 * A recording of what happens in a replica's protocol, for clients that look. It begins with a question and ends some
 * seconds after the last one, so that it costs nothing while nobody looks. It keeps the latest occurrences only. Under
 * load it follows every 2nd, 4th, 8th … sequence number: each that is followed is shown whole, and replicas under the
 * same load follow the same ones.
 */
import type { Sequence } from '../../base/ids.ts'
import {
  OCCURRENCES_PER_ANSWER_MAX,
  type Occurrence,
  type OccurrenceInquiry,
  type OccurrencesContent,
} from '../../messages/occurrence.ts'
import type { Effect, Event } from '../../pbft/effects.ts'
import type { ReplicaState } from '../../pbft/state.ts'
import { TICK_MS } from '../tick.ts'
import { type Noted, type Outlook, occurrencesOf, outlookAfter, outlookOf } from './occurrences.ts'

/** The ticks after the last question at which the recording ends. */
export const RECORDING_TICKS = 500
/** The number of occurrences that are kept. */
export const OCCURRENCES_MAX = 1_024
/** The ticks of one window, and the occurrences in it above which fewer, and below which more sequence numbers are followed. */
const WINDOW_TICKS = 25
const PER_WINDOW = { most: 160, least: 40 }
/** The largest distance of two sequence numbers that are followed. */
const STRIDE_MAX = 1_024

export class OccurrenceRecorder {
  readonly #now: () => number
  /** Null while nobody looks. */
  #recording: Recording | null = null

  constructor(now: () => number) {
    this.#now = now
  }

  /** Notes a step after it was made; does nothing while nobody looks. */
  note(event: Event, effects: readonly Effect[], state: ReplicaState): void {
    this.#recording?.note(event, effects, state)
  }

  tick(): void {
    if (this.#recording !== null && !this.#recording.tick()) this.#recording = null
  }

  /** Answers a question, which begins the recording or prolongs it. */
  answer(inquiry: OccurrenceInquiry, state: ReplicaState): OccurrencesContent {
    this.#recording ??= new Recording(this.#now, state)
    return this.#recording.answer(inquiry, state)
  }
}

class Recording {
  readonly #now: () => number
  /** The time of its beginning, which names it; never 0, which names none. */
  readonly #name: number
  readonly #kept: Occurrence[] = []
  /** The number of the first kept occurrence. */
  #first = 0
  #omitted = 0
  #stride = 1
  #inWindow = 0
  #windowTicks = 0
  #idleTicks = 0
  #outlook: Outlook

  constructor(now: () => number, state: ReplicaState) {
    this.#now = now
    this.#name = Math.max(1, now())
    this.#outlook = outlookOf(state)
  }

  note(event: Event, effects: readonly Effect[], state: ReplicaState): void {
    const before = this.#outlook
    const after = outlookAfter(before, event, state)
    this.#outlook = after
    for (const noted of occurrencesOf(event, effects, { before, after })) this.#add(noted)
  }

  /** Returns false if nobody has asked for too long. */
  tick(): boolean {
    if (++this.#windowTicks >= WINDOW_TICKS) this.#closeWindow()
    return ++this.#idleTicks < RECORDING_TICKS
  }

  answer({ nonce, recording, next }: OccurrenceInquiry, state: ReplicaState): OccurrencesContent {
    this.#idleTicks = 0
    const isFollowed = recording === this.#name && next >= this.#first
    const skipped = isFollowed ? Math.min(next - this.#first, this.#kept.length) : 0
    return {
      kind: 'occurrences',
      nonce,
      recording: this.#name,
      first: this.#first + skipped,
      omitted: this.#omitted,
      timerMs: timerMsOf(state),
      occurrences: this.#kept.slice(skipped, skipped + OCCURRENCES_PER_ANSWER_MAX),
    }
  }

  #add(noted: Noted): void {
    if (isOfSlot(noted)) {
      if (!this.#isFollowed(noted.sequence)) {
        this.#omitted++
        return
      }
      this.#inWindow++
      if (this.#inWindow > 2 * PER_WINDOW.most) this.#widen()
    }
    this.#kept.push({ ...noted, at: this.#now() as Occurrence['at'] })
    if (this.#kept.length > OCCURRENCES_MAX) {
      // A quarter at once, so that a step costs the same on average however long the recording is.
      const dropped = OCCURRENCES_MAX / 4
      this.#kept.splice(0, dropped)
      this.#first += dropped
    }
  }

  #isFollowed(sequence: Sequence): boolean {
    return sequence % this.#stride === 0
  }

  #closeWindow(): void {
    if (this.#inWindow > PER_WINDOW.most) this.#widen()
    else if (this.#inWindow < PER_WINDOW.least && this.#stride > 1) this.#stride /= 2
    this.#windowTicks = 0
    this.#inWindow = 0
  }

  #widen(): void {
    this.#stride = Math.min(2 * this.#stride, STRIDE_MAX)
    this.#inWindow = 0
  }
}

/** Returns the milliseconds until the timer of a request, or of a view change, ends; null while neither runs. */
function timerMsOf({ views, requests, patience, clock }: ReplicaState): number | null {
  const startedTick = views.isActive ? requests.timer?.startedTick : views.viewChangeTick
  if (startedTick === undefined || startedTick === null) return null
  return Math.max(0, startedTick + patience.timeoutTicks - clock.ticks) * TICK_MS
}

/** True for the occurrences that every sequence number has, of which there are many under load. */
function isOfSlot({ kind }: Noted): boolean {
  switch (kind) {
    case 'proposed':
    case 'accepted':
    case 'prepared':
    case 'committed':
    case 'executed':
    case 'prepare-vote':
    case 'commit-vote':
      return true
    default:
      return false
  }
}
