/**
 * The feed of `/v1/events`: one poll of the replicas that all its readers share. It runs only while there are readers,
 * so that it costs the cluster nothing otherwise.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { OccurrenceDelivery } from '../../src/messages/message.ts'
import type { Occurrence } from '../../src/messages/occurrence.ts'
import type { OccurrenceDocument, OccurrencesDocument, ServiceDocument } from '../api/events.ts'
import type { StatusAnswer } from '../api/status.ts'

/** The maximum number of readers of a gateway. */
export const FEED_READERS_MAX = 64
/** The number of events kept for readers that reconnect, and queued for a reader before it misses some. */
export const EVENTS_KEPT = 256
/** Milliseconds between two questions to a replica, and the number of them after which one counts as unanswered. */
const POLL_MS = 250
const PATIENCE_POLLS = 4
/** The polls from one status to the next. */
const POLLS_PER_STATUS = 4

export interface FeedSources {
  /** The number of replicas. */
  readonly n: number
  status(): Promise<StatusAnswer>
  service(): Omit<ServiceDocument, 'listeners'>
  /** True while `service` measures; it does so while somebody reads. */
  measure(isOn: boolean): void
  /** Asks a replica what happened since `next` of a recording; returns a function that stops waiting. */
  ask(
    replica: number,
    since: { readonly recording: number; readonly next: number },
    deliver: (delivery: OccurrenceDelivery) => void,
  ): () => void
}

export interface FeedEvent {
  readonly number: number
  readonly name: 'status' | 'service' | 'occurrences'
  /** JSON. */
  readonly data: string
}

/** The place of the feed in a replica's recording. */
interface Place {
  recording: number
  next: number
  /** The polls since the question that is not answered yet; null while none is. */
  asked: number | null
  cancel: () => void
}

export class ClusterFeed {
  /** Distinguishes the ids of this process from those of one before it. */
  readonly name: string
  readonly #sources: FeedSources
  readonly #pollMs: number
  readonly #readers = new Set<FeedReader>()
  readonly #places: Place[]
  #kept: FeedEvent[] = []
  #last = 0
  #polls = 0
  #timer: NodeJS.Timeout | null = null
  #isAskingStatus = false

  constructor(sources: FeedSources, { name = Date.now().toString(36), pollMs = POLL_MS } = {}) {
    this.name = name
    this.#sources = sources
    this.#pollMs = pollMs
    this.#places = Array.from({ length: sources.n }, () => ({
      recording: 0,
      next: 0,
      asked: null,
      cancel: () => {},
    }))
  }

  get readers(): number {
    return this.#readers.size
  }

  /**
   * Opens the feed after an id, or at the current event if that id is no longer known. Returns null if there are too
   * many readers.
   */
  open(lastId: string | null = null): FeedReader | null {
    if (this.#readers.size >= FEED_READERS_MAX) return null
    const [name, number] = lastId?.split('-') ?? []
    const after = name === this.name ? Number(number) : Number.NaN
    const missed = this.#kept.filter((event) => event.number > after)
    const reader = new FeedReader(missed, () => this.#leave(reader))
    this.#readers.add(reader)
    if (this.#readers.size === 1) this.#begin()
    void this.#sendStatus()
    return reader
  }

  /** Ends the feed for all. */
  close(): void {
    for (const reader of [...this.#readers]) reader.close()
  }

  #begin(): void {
    this.#sources.measure(true)
    this.#timer = setInterval(() => this.#poll(), this.#pollMs)
    this.#poll()
  }

  #leave(reader: FeedReader): void {
    if (!this.#readers.delete(reader) || this.#readers.size > 0) return
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    this.#kept = []
    for (const place of this.#places) {
      place.cancel()
      place.asked = null
    }
    this.#sources.measure(false)
  }

  #poll(): void {
    if (this.#polls++ % POLLS_PER_STATUS === 0) {
      void this.#sendStatus()
      this.#send('service', { ...this.#sources.service(), listeners: this.#readers.size })
    }
    for (const [replica, place] of this.#places.entries()) {
      if (place.asked !== null && ++place.asked < PATIENCE_POLLS) continue
      place.cancel()
      place.asked = 0
      const { recording, next } = place
      place.cancel = this.#sources.ask(replica, { recording, next }, (delivery) =>
        this.#take(replica, place, delivery),
      )
    }
  }

  #take(replica: number, place: Place, delivery: OccurrenceDelivery): void {
    const { recording, first, omitted, timerMs, occurrences } = delivery
    const isNews = occurrences.length > 0 || timerMs !== null || recording !== place.recording
    place.asked = null
    place.recording = recording
    place.next = first + occurrences.length
    if (!isNews || this.#readers.size === 0) return
    const data: OccurrencesDocument = {
      replica,
      timerMs,
      omitted,
      occurrences: occurrences.map(occurrenceJson),
    }
    this.#send('occurrences', data)
  }

  /** Sends the status when it is known: a status that waits for slow replicas delays nothing else. */
  async #sendStatus(): Promise<void> {
    if (this.#isAskingStatus) return
    this.#isAskingStatus = true
    try {
      const status = await this.#sources.status()
      if (this.#readers.size > 0) this.#send('status', status)
    } finally {
      this.#isAskingStatus = false
    }
  }

  #send(name: FeedEvent['name'], data: OccurrencesDocument | ServiceDocument | StatusAnswer): void {
    const event = { number: ++this.#last, name, data: JSON.stringify(data) }
    this.#kept.push(event)
    if (this.#kept.length > EVENTS_KEPT) this.#kept.shift()
    for (const reader of this.#readers) reader.take(event)
  }
}

/** One reader: a queue of events that is bounded, because the reader may be slow. */
export class FeedReader {
  readonly #waiting: FeedEvent[]
  readonly #onClose: () => void
  #wake: (() => void) | null = null
  #isClosed = false

  constructor(first: readonly FeedEvent[], onClose: () => void) {
    this.#waiting = [...first]
    this.#onClose = onClose
  }

  take(event: FeedEvent): void {
    this.#waiting.push(event)
    if (this.#waiting.length > EVENTS_KEPT) this.#waiting.shift()
    this.#wake?.()
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#onClose()
    this.#wake?.()
  }

  /** Returns the next events; none if there were none for this many milliseconds; null after the end. */
  async next(quietMs: number): Promise<readonly FeedEvent[] | null> {
    if (this.#waiting.length === 0 && !this.#isClosed) {
      const quiet = new AbortController()
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      await Promise.race([woken, sleep(quietMs, undefined, { signal: quiet.signal }).catch(() => {})])
      this.#wake = null
      quiet.abort()
    }
    return this.#isClosed ? null : this.#waiting.splice(0)
  }
}

function occurrenceJson({ kind, at, view, sequence, peer, digest }: Occurrence): OccurrenceDocument {
  return { kind, at, view, sequence, peer, digest: digest === 0 ? '' : digest.toString(16).padStart(8, '0') }
}
