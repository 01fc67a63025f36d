/** A watch as a caller reads it: the changes of a range, revision by revision, without a gap. */
import { given } from '../../src/base/given.ts'
import type { KeyRange } from '../../src/store/key-range.ts'
import { Change, Entry } from './entry.ts'
import type { ResumableQuery, StoreTransport, WatchSteps } from './store-transport.ts'
import type { WatchStep } from './watch-steps.ts'

export interface WatchOptions {
  /** The revision after which the changes begin, which may be yet to come; the present if it is not given. */
  readonly after?: number
  /** True to get the entry before each change. */
  readonly previous?: boolean
  /** Leaves out deletions, or puts. */
  readonly only?: 'put' | 'delete'
  /** True to get marks of progress too: revisions without changes, up to which everything was given. */
  readonly progress?: boolean
  /** Ends the watch. */
  readonly signal?: AbortSignal
}

/** The changes of one revision. */
export interface WatchedRevision {
  readonly revision: number
  /** The changes in their order; none in a mark of progress. */
  readonly changes: readonly Change[]
  /** False if more changes of this revision follow in the next item, because it is too large for one. */
  readonly isWhole: boolean
}

const DONE = { done: true, value: undefined } as const

export class StoreWatch implements AsyncIterableIterator<WatchedRevision> {
  /** Resolved when the watch has its place; rejected if that fails. */
  readonly opened: Promise<void>
  readonly #steps: Promise<WatchSteps>
  readonly #signal: AbortSignal | null
  #revision: number
  #isClosed = false
  readonly #stop = (): void => this.close()

  constructor(
    transport: StoreTransport,
    range: KeyRange,
    { options, present }: { readonly options: WatchOptions; readonly present: () => Promise<number> },
  ) {
    const { after, previous, only, progress = false, signal = null } = options
    this.#signal = signal
    this.#revision = after ?? 0
    this.#steps = this.#begin(transport, { range, progress, ...given({ previous, only }) }, async () =>
      after === undefined ? await present() : after,
    )
    this.opened = this.#steps.then(() => {})
    // A reader who only iterates learns of the failure there.
    this.opened.catch(() => {})
    signal?.addEventListener('abort', this.#stop)
    if (signal?.aborted === true) this.close()
  }

  async #begin(
    transport: StoreTransport,
    query: Omit<ResumableQuery, 'after'>,
    place: () => Promise<number>,
  ): Promise<WatchSteps> {
    this.#revision = await place()
    const steps = transport.watch({ ...query, after: this.#revision })
    if (this.#isClosed) steps.close()
    return steps
  }

  /** The revision up to which everything was given: a later watch goes on from here with `after`. */
  get revision(): number {
    return this.#revision
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<WatchedRevision, undefined>> {
    if (this.#isClosed) return this.#end()
    const { done, value } = await (await this.#steps).next()
    if (done === true) return this.#end()
    const item = itemOf(value)
    if (item.isWhole) this.#revision = item.revision
    return { done: false, value: item }
  }

  async return(): Promise<IteratorResult<WatchedRevision, undefined>> {
    this.close()
    return DONE
  }

  /** Ends the watch. What waits for the reader is dropped. */
  close(): void {
    this.#isClosed = true
    this.#signal?.removeEventListener('abort', this.#stop)
    this.#steps.then(
      (steps) => steps.close(),
      () => {},
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  /** A watch that its signal ended rejects with the reason; one that was closed is done. */
  #end(): typeof DONE {
    this.#signal?.throwIfAborted()
    return DONE
  }
}

function itemOf(step: WatchStep): WatchedRevision {
  const { revision } = step
  if (step.kind === 'progress') return { revision, changes: [], isWhole: true }
  const changes = step.changes.map(({ key, main, put, previous }) => {
    const before = previous === null || previous === 'omitted' ? null : new Entry({ key, ...previous })
    return new Change(key.slice(), main, {
      entry: put === null ? null : new Entry({ key, ...put }),
      previous: before,
    })
  })
  return { revision, changes, isWhole: step.isWhole }
}
