/**
 * etcd's Watch service: many watches on one stream. The stream continues after the end of its requests, until its
 * caller disconnects.
 */

import { given } from '../../../src/base/given.ts'
import { EVERY_KEY, oneKey } from '../../../src/store/key-range.ts'
import { type Watch, WatchFailure } from '../../library/watch.ts'
import { executeOk, headerOf, type ServiceStore } from './answers.ts'
import type { StreamCaller } from './handlers.ts'
import { Outbox } from './outbox.ts'
import { safeNumber } from './range-reading.ts'
import {
  eventOf,
  passing,
  type WatchCreateRequest,
  type WatchRequest,
  watchedRange,
} from './watch-messages.ts'

/** The watch id of answers that belong to no watch. */
const NO_WATCH = -1n
/** Watches on one stream, so that one caller does not have all that a gateway has. */
const WATCHES_PER_STREAM_MAX = 2_000
/** Milliseconds between looks at how far the watches are, after a request for their progress. */
const LOOK_MS = 20

export class WatchService {
  readonly #store: ServiceStore

  constructor(store: ServiceStore) {
    this.#store = store
  }

  /** Answers the requests of one stream until the signal says that its caller has left. */
  async *watch(requests: AsyncIterable<WatchRequest>, caller: StreamCaller): AsyncGenerator<object> {
    const { signal } = caller
    const stream = new WatchStream(this.#store, () => caller.cut())
    const close = (): void => stream.close()
    signal.addEventListener('abort', close)
    if (signal.aborted) close()
    let failure: unknown = null
    stream.read(requests).catch((error: unknown) => {
      failure = error
      close()
    })
    try {
      yield* stream.outbox
      if (failure !== null && !signal.aborted) throw failure
    } finally {
      signal.removeEventListener('abort', close)
      close()
    }
  }
}

class WatchStream {
  readonly outbox = new Outbox<object>()
  readonly #store: ServiceStore
  readonly #watches = new Map<bigint, Watch>()
  readonly #cut: () => void
  #nextId = 0n
  #isClosed = false

  constructor(store: ServiceStore, cut: () => void) {
    this.#store = store
    this.#cut = cut
  }

  async read(requests: AsyncIterable<WatchRequest>): Promise<void> {
    for await (const { createRequest, cancelRequest, progressRequest } of requests) {
      if (this.#isClosed) return
      if (createRequest) await this.#create(createRequest)
      else if (cancelRequest) await this.#cancel(cancelRequest.watchId)
      else if (progressRequest) void this.#sayProgress()
    }
  }

  close(): void {
    this.#isClosed = true
    for (const watch of this.#watches.values()) watch.close()
    this.#watches.clear()
    this.outbox.close()
  }

  /** Begins a watch at the requested revision, or at the revision that its first answer names. */
  async #create(request: WatchCreateRequest): Promise<void> {
    const revision = await this.#revision()
    const header = headerOf(this.#store, revision)
    const refuse = (cancelReason: string): Promise<void> =>
      this.outbox.push({ header, watchId: NO_WATCH, created: true, canceled: true, cancelReason })
    const range = watchedRange(request)
    if (range === null) return refuse('mvcc: watcher range is empty')
    if (this.#watches.size >= WATCHES_PER_STREAM_MAX)
      return refuse('etcdserver: too many watches on one stream')
    if (this.#watches.has(request.watchId) && request.watchId !== 0n) {
      return refuse('mvcc: duplicate watch ID provided on the WatchStream')
    }
    const { startRevision, prevKv, progressNotify } = request
    const passed = passing(request)
    const only = passed === 'put' || passed === 'delete' ? passed : null
    const after = startRevision > 0n ? safeNumber(startRevision) - 1 : revision
    const query = { range, after, previous: prevKv, progress: progressNotify, ...given({ only }) }
    let watch: Watch
    try {
      watch = this.#store.watch(query)
    } catch (error) {
      return refuse(error instanceof Error ? error.message : 'the watch could not begin')
    }
    if (this.#isClosed) return watch.close()
    watch.abandon = this.#cut
    const id = this.#idFor(request)
    this.#watches.set(id, watch)
    await this.outbox.push({ header, watchId: id, created: true })
    void this.#follow(id, watch, request)
  }

  #idFor({ watchId }: WatchCreateRequest): bigint {
    if (watchId !== 0n) return watchId
    while (this.#watches.has(this.#nextId)) this.#nextId++
    return this.#nextId++
  }

  /** Forwards the steps of a watch until it ends. A revision is split only if the request allows it. */
  async #follow(watchId: bigint, watch: Watch, request: WatchCreateRequest): Promise<void> {
    const isSilent = passing(request) === 'none'
    let events: object[] = []
    try {
      for await (const step of watch) {
        const header = headerOf(this.#store, step.revision)
        if (step.kind === 'progress') {
          await this.outbox.push({ header, watchId })
          continue
        }
        if (!isSilent) events.push(...step.changes.map(eventOf))
        if ((!step.isWhole && !request.fragment) || events.length === 0) continue
        await this.outbox.push({ header, watchId, events, fragment: !step.isWhole })
        events = []
      }
    } catch (error) {
      if (this.#watches.get(watchId) === watch) this.#watches.delete(watchId)
      await this.outbox.push({ watchId, canceled: true, ...this.#reasonOf(error) })
    }
  }

  /** As in etcd, the end of a watch because of compaction has no revision in its header and no reason in words. */
  #reasonOf(error: unknown): object {
    const { clusterId, memberId, view } = this.#store
    const header = { clusterId, memberId, raftTerm: BigInt(view + 1) }
    if (error instanceof WatchFailure && error.code === 'compacted') {
      return { header, compactRevision: BigInt(error.floor) }
    }
    return { header, cancelReason: error instanceof Error ? error.message : 'the watch has ended' }
  }

  async #cancel(watchId: bigint): Promise<void> {
    const watch = this.#watches.get(watchId)
    if (watch === undefined) return
    this.#watches.delete(watchId)
    watch.close()
    const header = headerOf(this.#store, await this.#revision())
    await this.outbox.push({ header, watchId, canceled: true })
  }

  /** Answers when every watch has forwarded all changes up to the current revision. */
  async #sayProgress(): Promise<void> {
    const revision = await this.#revision().catch(() => null)
    if (revision === null) return
    const isBehind = (watch: Watch): boolean =>
      !watch.isEnded && (!watch.isDrained || (watch.place !== null && watch.place.main < revision))
    while (!this.#isClosed && [...this.#watches.values()].some(isBehind)) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
    await this.outbox.push({ header: headerOf(this.#store, revision), watchId: NO_WATCH })
  }

  async #revision(): Promise<number> {
    const count = { kind: 'range', ...oneKey(EVERY_KEY.key), countOnly: true } as const
    return (await executeOk(this.#store, count)).revision
  }
}
