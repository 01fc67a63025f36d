/** The cluster as the page knows it, put together from the events of the stream. No clock and no document in it. */
import type { OccurrenceDocument, OccurrencesDocument, ServiceDocument } from '../../../api/events.ts'
import type { StatusAnswer } from '../../../api/status.ts'
import type { MessageFamily } from '../kit/message-families.ts'
import { isPhase, occurrenceText, PHASES, type Phase } from './occurrence-text.ts'

/** The sequence numbers that the table of phases shows, the lines of the log, and the messages in flight, at most. */
export const SLOTS_MAX = 12
const LINES_MAX = 60
const FLIGHTS_MAX = 90
/** Milliseconds: of a message's flight, and over which the occurrences of one answer are spread. */
export const FLIGHT_MS = 650
const SPREAD_MS = 250

/** One sequence number, as each replica tells it. */
export interface SlotView {
  readonly sequence: number
  /** By replica: the last phase that it reached, null where it told none, and the digest that it has there. */
  readonly phases: (Phase | null)[]
  readonly digests: string[]
}

export interface LogLine {
  readonly key: number
  readonly at: number
  readonly replica: number
  readonly text: string
  readonly isGrave: boolean
}

export interface Flight {
  readonly key: number
  readonly from: number | 'clients'
  readonly to: number | 'clients'
  readonly family: MessageFamily
  readonly title: string
  /** On the page's clock. */
  readonly startsAt: number
}

/** A timer of a replica: what was left of it when it was told, on the page's clock. */
export interface TimerView {
  readonly leftMs: number
  readonly toldAt: number
  /** The longest rest that was told of it: the whole, as far as the page knows. */
  readonly wholeMs: number
}

export class ClusterModel {
  status: StatusAnswer | null = null
  service: ServiceDocument | null = null
  readonly timers = new Map<number, TimerView>()
  readonly omitted = new Map<number, number>()
  /** The oldest first. */
  slots: SlotView[] = []
  /** The newest first. */
  lines: LogLine[] = []
  flights: Flight[] = []
  #keys = 0

  take(name: string, data: unknown, now: number): void {
    if (name === 'status') this.status = data as StatusAnswer
    else if (name === 'service') this.service = data as ServiceDocument
    else if (name === 'occurrences') this.#takeOccurrences(data as OccurrencesDocument, now)
  }

  /** Forgets messages that have arrived. Returns true while some are in flight. */
  land(now: number): boolean {
    if (this.flights.length > 0) {
      this.flights = this.flights.filter(({ startsAt }) => startsAt + FLIGHT_MS > now)
    }
    return this.flights.length > 0
  }

  /** Returns the rest of a replica's timer, and the share of it that has run; null while none runs. */
  timerOf(replica: number, now: number): { readonly leftMs: number; readonly share: number } | null {
    const timer = this.timers.get(replica)
    if (timer === undefined || now - timer.toldAt > 3_000) return null
    const leftMs = Math.max(0, timer.leftMs - (now - timer.toldAt))
    return { leftMs, share: timer.wholeMs === 0 ? 1 : 1 - leftMs / timer.wholeMs }
  }

  #takeOccurrences({ replica, timerMs, omitted, occurrences }: OccurrencesDocument, now: number): void {
    this.#takeTimer(replica, timerMs, now)
    this.omitted.set(replica, omitted)
    const begin = occurrences[0]?.at ?? 0
    for (const occurrence of occurrences) {
      this.#takePhase(replica, occurrence)
      this.#takeFlight(replica, occurrence, now + Math.min(SPREAD_MS, Math.max(0, occurrence.at - begin)))
      this.#takeLine(replica, occurrence)
    }
  }

  #takeTimer(replica: number, leftMs: number | null, now: number): void {
    const last = this.timers.get(replica)
    if (leftMs === null) this.timers.delete(replica)
    else {
      const isAnew = last === undefined || leftMs > last.leftMs
      this.timers.set(replica, { leftMs, toldAt: now, wholeMs: isAnew ? leftMs : last.wholeMs })
    }
  }

  #takePhase(replica: number, { kind, sequence, digest }: OccurrenceDocument): void {
    if (!isPhase(kind) || sequence === 0) return
    const slot = this.#slotOf(sequence)
    if (slot === null) return
    const before = slot.phases[replica] ?? null
    if (before === null || PHASES.indexOf(kind) > PHASES.indexOf(before)) slot.phases[replica] = kind
    if (digest !== '') slot.digests[replica] = digest
  }

  #slotOf(sequence: number): SlotView | null {
    const known = this.slots.find((slot) => slot.sequence === sequence)
    if (known !== undefined) return known
    const [oldest] = this.slots
    if (oldest !== undefined && sequence < oldest.sequence && this.slots.length >= SLOTS_MAX) return null
    const slot: SlotView = { sequence, phases: [], digests: [] }
    this.slots = [...this.slots, slot].sort((a, b) => a.sequence - b.sequence).slice(-SLOTS_MAX)
    return this.slots.includes(slot) ? slot : null
  }

  #takeFlight(replica: number, occurrence: OccurrenceDocument, startsAt: number): void {
    const way = wayOf(replica, occurrence, this.status?.n ?? 4)
    if (way === null || way.from === way.to) return
    const title = `${way.family}, sequence number ${occurrence.sequence}, view ${occurrence.view}`
    this.flights.push({ key: ++this.#keys, startsAt, title, ...way })
    if (this.flights.length > FLIGHTS_MAX) this.flights.shift()
  }

  #takeLine(replica: number, occurrence: OccurrenceDocument): void {
    const told = occurrenceText(occurrence)
    if (told === null) return
    this.lines = [{ key: ++this.#keys, at: occurrence.at, replica, ...told }, ...this.lines].slice(
      0,
      LINES_MAX,
    )
  }
}

type Way = Pick<Flight, 'from' | 'to' | 'family'>

/** The message that an occurrence tells of; null where there is none to draw. */
function wayOf(replica: number, { kind, view, peer }: OccurrenceDocument, n: number): Way | null {
  switch (kind) {
    case 'proposed':
      return { from: 'clients', to: replica, family: 'request' }
    case 'accepted':
      return { from: view % n, to: replica, family: 'pre-prepare' }
    case 'prepare-vote':
    case 'commit-vote':
      return peer === null
        ? null
        : { from: peer, to: replica, family: kind === 'commit-vote' ? 'commit' : 'prepare' }
    case 'executed':
      return { from: replica, to: 'clients', family: 'reply' }
    case 'view-left':
      return { from: replica, to: view % n, family: 'view-change' }
    case 'view-entered':
      return { from: view % n, to: replica, family: 'new-view' }
    default:
      return null
  }
}
