/** The cluster's events over HTTP: a stream of server-sent events that many readers share one poll for. */
import { Readable } from 'node:stream'
import { watchCluster } from '../api/events.ts'
import type { Admission } from './admission.ts'
import type { ClusterFeed, FeedReader } from './cluster-feed.ts'
import type { EndpointRoutes } from './endpoint-routes.ts'
import { Problem } from './problem.ts'

/** Milliseconds without an event after which a comment keeps the connection alive. */
const TICK_MS = 5_000
/** Milliseconds after which a browser reconnects. */
const RETRY_MS = 1_000

export interface FeedAccess {
  readonly feed: ClusterFeed
  readonly admission: Pick<Admission, 'beginWatch'>
}

export function feedRoutes(routes: EndpointRoutes, { feed, admission }: FeedAccess): void {
  routes.add(watchCluster, async ({ headers, reply }) => {
    reply.type('text/event-stream').header('cache-control', 'no-store').header('x-accel-buffering', 'no')
    if (reply.request.method === 'HEAD') return reply.send()
    const lastId = headers['last-event-id']
    const reader = feed.open(typeof lastId === 'string' ? lastId : null)
    if (reader === null || !admission.beginWatch(reply.request.raw)) {
      reader?.close()
      reply.removeHeader('content-type').removeHeader('cache-control')
      throw new Problem('too-many-watches', 'the maximum number of readers of this stream is reached')
    }
    reply.raw.once('close', () => reader.close())
    return reply.send(Readable.from(textOf(feed.name, reader)))
  })
}

/** Yields the text of the stream. */
async function* textOf(name: string, reader: FeedReader): AsyncGenerator<string, void, undefined> {
  yield `retry: ${RETRY_MS}\n\n`
  try {
    for (;;) {
      const events = await reader.next(TICK_MS)
      if (events === null) return
      if (events.length === 0) yield ':\n\n'
      for (const event of events) {
        yield `event: ${event.name}\nid: ${name}-${event.number}\ndata: ${event.data}\n\n`
      }
    }
  } finally {
    reader.close()
  }
}
