/**
 * The watches of one client. A watch first reads the history with its own operations until it reaches the current
 * revision. From then on, repeated reads that all such watches share bring new changes. f + 1 replicas agree on each
 * answer, so no replica can withhold or invent a change. History and new changes are joined by revision.
 */
import { assertNever } from '../../src/base/assert.ts'
import { type ChangesOperation, endOfRevision } from '../../src/store/changes-operation.ts'
import type { Change, ChangesResult } from '../../src/store/changes-result.ts'
import type { ChangeRevision } from '../../src/store/key-entry.ts'
import { EVERY_KEY, oneKey } from '../../src/store/key-range.ts'
import type { Operation } from '../../src/store/operations-writer.ts'
import type { Result } from '../../src/store/results.ts'
import { OperationFailure } from './operation-failure.ts'
import { Watch, WatchFailure, type WatchOwner } from './watch.ts'
import { comparePlaces, groupsOf, hullOf, ownCopy, type WatchQuery } from './watch-steps.ts'

/** The maximum number of watches of one client. */
export const WATCHES_MAX = 10_000
/** The maximum bytes that wait for all readers together or are in their hands, beyond which no watch takes more. */
const HELD_BYTES_MAX = 64 * 1024 * 1024
/** The maximum number of concurrent reads of the history. */
const PAST_READS_MAX = 8
/** The number of changes after which an answer ends. */
const ANSWER_CHANGES = 1_000

/**
 * Milliseconds: of the pause between two shared reads, which grows while nothing is new; between marks; and that a reader
 * may leave a step lying when the room is needed.
 */
export interface WatchTiming {
  readonly pauseMin: number
  readonly pauseMax: number
  readonly progress: number
  readonly stuck: number
}

const TIMING: WatchTiming = { pauseMin: 20, pauseMax: 1_000, progress: 10_000, stuck: 5_000 }
const PAUSE_GROWTH = 1.5

export interface WatchedStore {
  execute(operation: Operation): Promise<Result>
}

export class Watches implements WatchOwner {
  readonly #store: WatchedStore
  readonly #timing: WatchTiming
  readonly #heldBytesMax: number
  readonly #all = new Set<Watch>()
  /** The watches whose next changes are all after the place of the shared reads. */
  readonly #present = new Set<Watch>()
  /** The watches that wait for their own read. */
  readonly #past = new Set<Watch>()
  #pastReads = 0
  #heldBytes = 0
  /** The watches with steps that wait or are in hand, the one that has not put any down for longest first, and since when. */
  readonly #holding = new Map<Watch, number>()
  #waitingForRoom: NodeJS.Timeout | null = null
  #place: ChangeRevision = endOfRevision(0)
  /** The highest known revision of the store. */
  #known = 0
  #isReading = false
  #pause: number
  #timer: NodeJS.Timeout | null = null
  #marking: NodeJS.Timeout | null = null

  constructor(store: WatchedStore, timing: Partial<WatchTiming> = {}, heldBytesMax = HELD_BYTES_MAX) {
    this.#store = store
    this.#heldBytesMax = heldBytesMax
    this.#timing = { ...TIMING, ...timing }
    this.#pause = this.#timing.pauseMin
  }

  get count(): number {
    return this.#all.size
  }

  /** The bytes that wait for readers or are in their hands. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Begins a watch. */
  open(query: WatchQuery): Watch {
    if (this.#all.size >= WATCHES_MAX) {
      throw new WatchFailure('too-many-watches', `there are ${WATCHES_MAX} watches already`)
    }
    const watch = new Watch(query, this)
    this.#all.add(watch)
    this.#marking ??= setInterval(() => this.#markAll(), this.#timing.progress)
    this.#readPastOf(watch)
    return watch
  }

  /** Notes a revision that the store has reached, so that new changes are read at once. */
  learn(revision: number): void {
    if (revision <= this.#known) return
    this.#known = revision
    if (revision > this.#place.main && this.#present.size > 0) this.#readSoon(0)
  }

  close(): void {
    for (const watch of this.#all) watch.close()
  }

  held(watch: Watch, bytes: number): void {
    this.#heldBytes += bytes
    if (bytes < 0) this.#holding.delete(watch)
    if (!watch.isDrained && !this.#holding.has(watch)) this.#holding.set(watch, performance.now())
  }

  drained(watch: Watch): void {
    if (!this.#present.has(watch)) this.#readPastOf(watch)
  }

  closed(watch: Watch): void {
    this.#all.delete(watch)
    this.#present.delete(watch)
    this.#past.delete(watch)
    this.#holding.delete(watch)
    if (this.#present.size === 0) this.#stopTimer()
    if (this.#all.size > 0 || this.#marking === null) return
    clearInterval(this.#marking)
    this.#marking = null
  }

  #markAll(): void {
    for (const watch of this.#present) this.#mark(watch)
  }

  /** A watch from a future revision gets no marks: its reader would believe that earlier revisions had passed. */
  #mark(watch: Watch): void {
    const { place, query } = watch
    if (query.progress === true && place !== null && comparePlaces(place, this.#place) <= 0) watch.mark()
  }

  #readPastOf(watch: Watch): void {
    this.#present.delete(watch)
    this.#past.add(watch)
    this.#startPastReads()
  }

  #startPastReads(): void {
    for (const watch of this.#past) {
      if (this.#pastReads >= PAST_READS_MAX) return
      // The first read of a watch from now brings no changes.
      if (this.#isFull && watch.place !== null) continue
      this.#past.delete(watch)
      this.#pastReads++
      this.#readPast(watch).then(
        () => {
          this.#pastReads--
          this.#startPastReads()
        },
        (error) => {
          this.#pastReads--
          this.#startPastReads()
          this.#missed(error, [watch], () => {
            if (!watch.isEnded) this.#readPastOf(watch)
          })
        },
      )
    }
    if (this.#past.size > 0 && this.#isFull) this.#waitForRoom()
  }

  get #isFull(): boolean {
    return this.#heldBytes > this.#heldBytesMax
  }

  /** Looks again for room, and takes it from a reader who leaves a step lying. */
  #waitForRoom(): void {
    this.#waitingForRoom ??= setTimeout(() => {
      this.#waitingForRoom = null
      const now = performance.now()
      for (const [watch, since] of this.#holding) {
        if (!this.#isFull || this.#past.size === 0 || now - since < this.#timing.stuck) break
        this.#holding.delete(watch)
        watch.abandon()
      }
      this.#startPastReads()
    }, this.#timing.pauseMin)
  }

  async #readPast(watch: Watch): Promise<void> {
    const { place, query } = watch
    const isKnown = place !== null
    const result = await this.#store.execute(
      isKnown ? changesAfter(place, query) : { kind: 'range', ...oneKey(EVERY_KEY.key), countOnly: true },
    )
    if (watch.isEnded) return
    if (result.status === 'ok' && result.kind === 'range') {
      watch.open(result.revision)
      return this.#joinPresent(watch, result.revision)
    }
    if (result.status === 'future') {
      watch.open(result.revision)
      return this.#joinPresent(watch, result.revision)
    }
    const answer = await this.#changesIn(result, query.previous === true)
    if (watch.isEnded) return
    watch.open(answer.revision)
    watch.take(groupsOf(answer.changes, answer.through))
    const isAtPresent = comparePlaces(answer.through, endOfRevision(answer.revision)) >= 0
    if (isAtPresent) this.#joinPresent(watch, answer.revision)
    else if (watch.isDrained) this.#readPastOf(watch)
  }

  /** Joins the shared reads if they are not ahead of the watch. `revision` is the store's. */
  #joinPresent(watch: Watch, revision: number): void {
    this.#known = Math.max(this.#known, revision)
    const place = endOfRevision(revision)
    if (this.#present.size === 0 && !this.#isReading) this.#place = place
    if (comparePlaces(place, this.#place) < 0) {
      if (watch.isDrained) this.#readPastOf(watch)
      return
    }
    this.#present.add(watch)
    if (watch.query.progress === true && comparePlaces(watch.place ?? place, place) <= 0) watch.mark()
    this.#readSoon(this.#pause)
  }

  /** Returns the answer to a read of changes, with every previous entry in it; throws if there is none. */
  async #changesIn(result: Result, previous: boolean): Promise<ChangesResult> {
    if (result.status === 'compacted') {
      const { revision, floor } = result
      const message = `the changes before revision ${floor} were compacted`
      throw new WatchFailure('compacted', message, { revision, floor })
    }
    if (result.status !== 'ok' || result.kind !== 'changes') throw new Missed(result.status)
    const changes: Change[] = []
    for (const change of result.changes) {
      const isShort = previous && change.previous === 'omitted'
      changes.push(ownCopy(isShort ? await this.#withPrevious(change) : change))
    }
    return { ...result, changes }
  }

  /** Reads the previous entry of a change if it did not fit into the same answer. */
  async #withPrevious(change: Change): Promise<Change> {
    const { key, main } = change
    const result = await this.#store.execute({ kind: 'range', ...oneKey(key), revision: main - 1 })
    if (result.status === 'compacted') return { ...change, previous: null }
    if (result.status !== 'ok' || result.kind !== 'range') throw new Missed(result.status)
    return { ...change, previous: result.items[0] ?? null }
  }

  #readSoon(pause: number): void {
    if (this.#isReading) return
    this.#stopTimer()
    this.#timer = setTimeout(() => {
      this.#timer = null
      const participants = [...this.#present]
      if (participants.length === 0) return
      this.#isReading = true
      this.#readShared(participants).then(
        () => this.#readNext(),
        (error) => {
          this.#isReading = false
          this.#missed(error, participants, () => this.#readNext())
        },
      )
    }, pause)
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #readNext(): void {
    this.#isReading = false
    if (this.#present.size === 0) return
    if (this.#known > this.#place.main) return this.#readSoon(0)
    this.#readSoon(this.#pause)
    this.#pause = Math.min(this.#timing.pauseMax, this.#pause * PAUSE_GROWTH)
  }

  async #readShared(participants: readonly Watch[]): Promise<void> {
    const previous = participants.some(({ query }) => query.previous === true)
    const range = hullOf(participants.map(({ query }) => query.range))
    const result = await this.#store.execute(changesAfter(this.#place, { range, previous }))
    if (result.status === 'compacted') {
      // Watches whose changes are compacted learn it from their own reads.
      for (const watch of participants) if (!watch.isEnded) this.#readPastOf(watch)
      return
    }
    const { changes, through, revision } = await this.#changesIn(result, previous)
    const groups = groupsOf(changes, through)
    this.#known = Math.max(this.#known, revision)
    this.#place = through
    if (changes.length > 0) this.#pause = this.#timing.pauseMin
    const asked = new Set(participants)
    for (const watch of this.#present) {
      if (asked.has(watch)) this.#pass(watch, groups)
      // It joined during the read, which may already be past its place.
      else if (comparePlaces(watch.place ?? through, through) < 0) this.#leavePresent(watch)
    }
  }

  #pass(watch: Watch, groups: ReturnType<typeof groupsOf>): void {
    if (!watch.hasRoom || this.#isFull) this.#leavePresent(watch)
    else watch.take(groups)
  }

  #leavePresent(watch: Watch): void {
    this.#present.delete(watch)
    if (watch.isDrained) this.#readPastOf(watch)
  }

  /** Ends watches that cannot go on. Otherwise, or for others, tries again after a pause. */
  #missed(error: unknown, watches: readonly Watch[], again: () => void): void {
    const failure = failureOf(error)
    if (failure !== null) for (const watch of watches) watch.fail(failure)
    setTimeout(again, this.#timing.pauseMax)
  }
}

const changesAfter = (
  after: ChangeRevision,
  { range, previous = false }: Pick<WatchQuery, 'range' | 'previous'>,
): ChangesOperation => ({ kind: 'changes', ...range, after, previous, limit: ANSWER_CHANGES })

/** A failed read that is retried. */
class Missed extends Error {}

/** Returns the failure that ends a watch; null if a retry may succeed. */
function failureOf(error: unknown): Error | null {
  if (error instanceof Missed) return null
  if (!(error instanceof OperationFailure)) return error instanceof Error ? error : new Error(String(error))
  const { code, message } = error
  switch (code) {
    case 'unknown':
    case 'stalled':
    case 'busy':
      return null
    case 'refused':
    case 'key-shared':
    case 'no-timestamps':
      return new WatchFailure(code, message)
    default:
      return assertNever(code)
  }
}
