/**
 * A watch: the changes of a range from a revision on, as an async iterable. Its queue is bounded. When the queue is
 * full, the watch pauses until its reader has emptied it, and then catches up from the history.
 */
import { endOfRevision } from '../../src/store/changes-operation.ts'
import type { ChangeRevision } from '../../src/store/key-entry.ts'
import {
  comparePlaces,
  type Group,
  heldBytes,
  isWhole,
  type WatchQuery,
  type WatchStep,
  wants,
} from './watch-steps.ts'

export type { WatchQuery, WatchStep } from './watch-steps.ts'

/**
 * The failure that ends a watch. `compacted`: the next changes are no longer kept, and `floor` is the oldest revision
 * that can still be read. `too-many-watches`: it was not started. The other codes are those of operations that cannot
 * be retried.
 */
export class WatchFailure extends Error {
  override readonly name = 'WatchFailure'
  readonly code: 'compacted' | 'too-many-watches' | 'refused' | 'key-shared' | 'no-timestamps'
  /** The store's revision and the floor of the history; both 0 unless the code is `compacted`. */
  readonly revision: number
  readonly floor: number

  constructor(code: WatchFailure['code'], message: string, { revision = 0, floor = 0 } = {}) {
    super(message)
    this.code = code
    this.revision = revision
    this.floor = floor
  }
}

/** The bytes of steps that wait for the reader or are in its hand, beyond which a watch takes nothing more. */
export const QUEUE_BYTES_MAX = 1024 * 1024

/** The callbacks of a watch to its source. */
export interface WatchOwner {
  /** The reader has done with everything that waited. */
  drained(watch: Watch): void
  /** The number of bytes that wait for the reader, or that it has in hand, has changed. */
  held(watch: Watch, bytes: number): void
  closed(watch: Watch): void
}

interface Reader {
  readonly resolve: (result: IteratorResult<WatchStep, undefined>) => void
  readonly reject: (failure: Error) => void
}

const DONE = { done: true, value: undefined } as const

export class Watch implements AsyncIterableIterator<WatchStep> {
  readonly query: WatchQuery
  /** Resolves when the replicas have answered for the first time; rejects with the failure that ended the watch. */
  readonly opened: Promise<void>
  readonly #owner: WatchOwner
  readonly #settleOpened: { readonly resolve: () => void; readonly reject: (failure: Error) => void }
  readonly #readers: Reader[] = []
  #queue: WatchStep[] = []
  /** The bytes of the queue, and of the step that the reader has in hand: it has done with one when it asks for the next. */
  #bytes = 0
  #inHand = 0
  #place: ChangeRevision | null
  /** The highest revision delivered to the reader, in a complete step or a mark. */
  #marked: number
  /** The revision of which only a part was delivered; otherwise 0. */
  #partial = 0
  #failure: Error | null = null
  #isEnded = false

  constructor(query: WatchQuery, owner: WatchOwner) {
    this.query = query
    this.#owner = owner
    this.#marked = query.after ?? 0
    this.#place = query.after === undefined ? null : endOfRevision(query.after)
    let settle: { resolve: () => void; reject: (failure: Error) => void } | null = null
    this.opened = new Promise((resolve, reject) => {
      settle = { resolve, reject }
    })
    // A reader that only iterates gets the failure from the iteration.
    this.opened.catch(() => {})
    this.#settleOpened = settle as unknown as { resolve: () => void; reject: (failure: Error) => void }
  }

  /**
   * The place up to which all changes were queued; null while a watch from the current revision does not know that
   * revision.
   */
  get place(): ChangeRevision | null {
    return this.#place
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  /** True if nothing waits for the reader, and it has done with everything that it took. */
  get isDrained(): boolean {
    return this.#bytes === 0
  }

  /** The reader cannot be reached, and what it holds is needed. Ends the watch unless it is set to end more. */
  abandon: () => void = () => this.close()

  get hasRoom(): boolean {
    return this.#bytes < QUEUE_BYTES_MAX
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<WatchStep, undefined>> {
    const wasHeld = this.#inHand > 0
    this.#putDown()
    const step = this.#queue.shift()
    if (step !== undefined) {
      this.#inHand = heldBytes(step)
      return Promise.resolve({ done: false, value: step })
    }
    if (wasHeld && !this.#isEnded) this.#owner.drained(this)
    const failure = this.#failure
    this.#failure = null
    if (failure !== null) return Promise.reject(failure)
    if (this.#isEnded) return Promise.resolve(DONE)
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }))
  }

  return(): Promise<IteratorResult<WatchStep, undefined>> {
    this.close()
    return Promise.resolve(DONE)
  }

  /** Ends the watch, and drops the queue. */
  close(): void {
    const dropped = this.#queue.splice(0)
    this.#hold(-dropped.reduce((sum, step) => sum + heldBytes(step), 0))
    this.#putDown()
    this.#failure = null
    this.#end(null)
  }

  /** Ends the watch with a failure, which the reader gets after the queued steps. */
  fail(failure: Error): void {
    this.#end(failure)
  }

  /** Notes that the replicas answered. A watch from the current revision begins at this one. */
  open(revision: number): void {
    this.#place ??= endOfRevision(revision)
    this.#settleOpened.resolve()
  }

  /** Queues the changes of an answer that lie after the place of the watch. */
  take(groups: readonly Group[]): void {
    for (const group of groups) if (!this.#isEnded) this.#takeGroup(group)
  }

  #takeGroup({ through, changes }: Group): void {
    const { query } = this
    const place = this.#place
    if (place === null || comparePlaces(through, place) <= 0) return
    const wanted = changes.filter((change) => comparePlaces(change, place) > 0 && wants(query, change))
    const own = query.previous === true ? wanted : wanted.map((change) => ({ ...change, previous: null }))
    this.#place = through
    const revision = through.main
    // The end of a revision is delivered even if its remaining changes are not selected.
    if (this.#partial !== 0 && this.#partial !== revision) this.#give(this.#partial, [], true)
    if (own.length > 0 || (this.#partial !== 0 && isWhole(through)))
      this.#give(revision, own, isWhole(through))
  }

  #give(revision: number, changes: (WatchStep & { kind: 'changes' })['changes'], isLast: boolean): void {
    this.#partial = isLast ? 0 : revision
    if (isLast) this.#marked = revision
    this.#push({ kind: 'changes', revision, changes, isWhole: isLast })
  }

  /** Queues a mark of progress if the queue is empty and the mark is new. */
  mark(): void {
    const { main = 0, sub = 0 } = this.#place ?? {}
    const revision = isWhole({ main, sub }) ? main : main - 1
    if (!this.isDrained || this.#partial !== 0 || revision <= this.#marked || this.#isEnded) return
    this.#marked = revision
    this.#push({ kind: 'progress', revision })
  }

  #push(step: WatchStep): void {
    const bytes = heldBytes(step)
    this.#hold(bytes)
    const reader = this.#readers.shift()
    if (reader === undefined) return void this.#queue.push(step)
    this.#inHand = bytes
    reader.resolve({ done: false, value: step })
  }

  /** The reader has done with the step that it took. */
  #putDown(): void {
    const bytes = this.#inHand
    this.#inHand = 0
    this.#hold(-bytes)
  }

  #hold(bytes: number): void {
    if (bytes === 0) return
    this.#bytes += bytes
    this.#owner.held(this, bytes)
  }

  #end(failure: Error | null): void {
    if (this.#isEnded) return
    this.#isEnded = true
    if (failure === null) this.#settleOpened.resolve()
    else this.#settleOpened.reject(failure)
    const [first, ...others] = this.#readers.splice(0)
    if (failure !== null && first !== undefined) first.reject(failure)
    else {
      this.#failure = failure
      first?.resolve(DONE)
    }
    for (const reader of others) reader.resolve(DONE)
    this.#owner.closed(this)
  }
}
