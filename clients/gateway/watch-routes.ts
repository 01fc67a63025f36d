/** The route of watches: a stream of server-sent events, one for each revision. */
import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import { given } from '../../src/base/given.ts'
import type { Change, ChangedEntry } from '../../src/store/changes-result.ts'
import { oneKey } from '../../src/store/key-range.ts'
import { keyName } from '../api/key-name.ts'
import { type WatchedChangeDocument, type WatchedEvent, watchKeys } from '../api/watch.ts'
import { type Watch, WatchFailure, type WatchQuery, type WatchStep } from '../library/watch.ts'
import type { Admission } from './admission.ts'
import type { Call, EndpointRoutes } from './endpoint-routes.ts'
import { leaseJson, valueJson } from './key-json.ts'
import { keyOf, namesOneKey } from './key-value-routes.ts'
import { Problem, problemJson } from './problem.ts'
import { rangeOf } from './range-query.ts'

export interface WatchAccess {
  /** Begins a watch; throws a `WatchFailure`. */
  readonly watch: (query: WatchQuery) => Watch
  readonly admission: Pick<Admission, 'beginWatch'>
}

/**
 * Milliseconds to wait for the first answer of the replicas. After them the stream begins, and the watch keeps trying.
 */
const OPEN_MS = 3_000
/** Milliseconds without an event after which a comment keeps the connection alive. */
const TICK_MS = 10_000
/** Milliseconds after which a browser reconnects. */
const RETRY_MS = 1_000

type WatchCall = Call<typeof watchKeys>

export function watchRoutes(routes: EndpointRoutes, { watch: begin, admission }: WatchAccess): void {
  routes.add(watchKeys, async ({ parameters, headers, reply }) => {
    const query = queryOf(parameters, headers)
    reply.type('text/event-stream').header('cache-control', 'no-store').header('x-accel-buffering', 'no')
    if (reply.request.method === 'HEAD') return reply.send()
    try {
      if (!admission.beginWatch(reply.request.raw)) {
        throw new Problem('too-many-watches', 'the maximum number of connections with watches is reached')
      }
      const watch = begin(query)
      reply.raw.once('close', () => watch.close())
      await within(OPEN_MS, watch.opened)
      return reply.send(Readable.from(eventsOf(watch)))
    } catch (error) {
      reply.removeHeader('content-type').removeHeader('cache-control')
      throw problemOf(error)
    }
  })
}

function queryOf(parameters: WatchCall['parameters'], headers: IncomingHttpHeaders): WatchQuery {
  const { prefix, start, end, previous, only } = parameters
  const isRange = prefix !== undefined || start !== undefined || end !== undefined
  const isKey = namesOneKey(parameters)
  if (isKey && isRange) {
    throw new Problem('bad-request', 'key and name stand for one key, and prefix, start and end for a range')
  }
  const range = isKey ? oneKey(keyOf(parameters)) : rangeOf(parameters)
  const after = lastEventId(headers) ?? parameters.after
  return { range, progress: true, ...given({ after, previous, only }) }
}

/** The revision in `Last-Event-ID`; null if the header is absent, or empty because the reader has no event yet. */
function lastEventId(headers: IncomingHttpHeaders): number | null {
  const id = headers['last-event-id']
  if (id === undefined || id === '') return null
  const revision = typeof id === 'string' && /^\d{1,16}$/.test(id) ? Number(id) : Number.NaN
  if (Number.isSafeInteger(revision)) return revision
  throw new Problem(
    'bad-request',
    'Last-Event-ID is not a revision, so it is not the id of an event of this stream',
  )
}

/** Waits for a promise, up to a time limit. */
async function within(ms: number, promise: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | null = null
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([promise, timeout]).finally(() => timer !== null && clearTimeout(timer))
}

/** Yields the text of the stream. */
async function* eventsOf(watch: Watch): AsyncGenerator<string, void, undefined> {
  yield `retry: ${RETRY_MS}\n\n`
  try {
    for (let next = watch.next(); ; ) {
      const isQuiet = await isQuietFor(TICK_MS, next)
      if (isQuiet) {
        yield ':\n\n'
        continue
      }
      const { done, value } = await next
      if (done === true) return
      yield eventText(value)
      next = watch.next()
    }
  } catch (error) {
    yield `event: end\ndata: ${problemJson(problemOf(error))}\n\n`
  } finally {
    watch.close()
  }
}

/** True if a promise is not settled after this time. */
async function isQuietFor(ms: number, promise: Promise<unknown>): Promise<boolean> {
  let isSettled = false
  const settled = promise.then(
    () => {
      isSettled = true
    },
    () => {
      isSettled = true
    },
  )
  await within(ms, settled)
  return !isSettled
}

function eventText(step: WatchStep): string {
  const { revision } = step
  if (step.kind === 'progress')
    return `event: progress\nid: ${revision}\ndata: ${JSON.stringify({ revision })}\n\n`
  const changes = step.changes.map(changeJson)
  const event: WatchedEvent = step.isWhole ? { revision, changes } : { revision, changes, more: true }
  const id = step.isWhole ? `id: ${revision}\n` : ''
  return `${id}data: ${JSON.stringify(event)}\n\n`
}

function changeJson({ main, key, put, previous }: Change): WatchedChangeDocument {
  const before = previous === null || previous === 'omitted' ? null : { previous: entryJson(previous) }
  const name = keyName(key)
  if (put === null) return { type: 'delete', key: name, modRevision: main, ...before }
  return { type: 'put', key: name, ...entryJson(put), ...before }
}

const entryJson = ({ version, createRevision, modRevision, lease, value }: ChangedEntry) => ({
  version,
  createRevision,
  modRevision,
  ...leaseJson(lease),
  ...valueJson(value),
})

/** The problem for the failure of a watch; other errors are returned unchanged. */
function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (!(error instanceof WatchFailure)) throw error
  const { code, message, revision, floor } = error
  return new Problem(code, message, code === 'compacted' ? { revision, floor } : {})
}
