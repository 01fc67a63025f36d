/** The stream of what happens in the cluster: its events, ids and bounds, on replicas of the test's own making. */
import Fastify from 'fastify'
import { afterEach, expect, test, vi } from 'vitest'
import type { ServerEvent } from '../../clients/api/event-block.ts'
import type { StatusAnswer } from '../../clients/api/status.ts'
import { ClusterFeed, FEED_READERS_MAX } from '../../clients/gateway/cluster-feed.ts'
import { EndpointRoutes } from '../../clients/gateway/endpoint-routes.ts'
import { feedRoutes } from '../../clients/gateway/feed-routes.ts'
import { PathEnds } from '../../clients/gateway/path-ends.ts'
import { type Problem, sendProblem } from '../../clients/gateway/problem.ts'
import { openSecurity } from '../../clients/gateway/security.ts'
import { ServiceMeter } from '../../clients/gateway/service-meter.ts'
import { eventsIn } from '../../clients/library/event-stream.ts'
import { PATIENT } from '../kit/patience.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

const EXECUTED = { kind: 'executed', at: 5, view: 0, sequence: 9, peer: null, digest: 0x0a0b0c0d }

async function serve() {
  const asked: { readonly replica: number; readonly recording: number; readonly next: number }[] = []
  const measured: boolean[] = []
  const meter = new ServiceMeter()
  const feed = new ClusterFeed(
    {
      n: 4,
      status: async () => ({ view: 3 }) as StatusAnswer,
      service: () => meter.figures(),
      measure: (isOn) => measured.push(isOn),
      ask: (replica, since, deliver) => {
        asked.push({ replica, ...since })
        // Replica 3 never answers.
        if (replica < 3) {
          const occurrences = since.next === 0 ? [EXECUTED] : []
          const answer = { recording: 77, first: since.next, omitted: 2, timerMs: null, occurrences }
          queueMicrotask(() => deliver(answer as never))
        }
        return () => {}
      },
    },
    { name: 'feed', pollMs: 20 },
  )
  const server = Fastify({ forceCloseConnections: true })
  server.setErrorHandler((error, _request, reply) => sendProblem(reply, error as Problem))
  openSecurity('127.0.0.1', {}, () => {}).doorkeeper.guard(server)
  feedRoutes(new EndpointRoutes(server, new PathEnds()), {
    feed,
    admission: { beginWatch: () => true },
  })
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  closers.push(async () => {
    feed.close()
    await server.close()
  })
  return { feed, asked, measured, url }
}

async function read(url: string, headers: Readonly<Record<string, string>> = {}) {
  const controller = new AbortController()
  const response = await fetch(`${url}/v1/events`, { headers, signal: controller.signal })
  const events = eventsIn(response.body as unknown as AsyncIterable<Uint8Array>)
  return { response, events, end: () => controller.abort() }
}

async function until(
  events: AsyncGenerator<ServerEvent, void>,
  isLast: (event: ServerEvent) => boolean,
): Promise<readonly ServerEvent[]> {
  const seen: ServerEvent[] = []
  for (;;) {
    const { value, done } = await events.next()
    if (done === true) return seen
    seen.push(value)
    if (isLast(value)) return seen
  }
}

test("sends the status, the service and each replica's occurrences, under numbered ids", async () => {
  const { url, asked } = await serve()
  const { response, events, end } = await read(url)
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const seen = await until(
    events,
    ({ event, data }) => event === 'occurrences' && data.includes('"replica":2'),
  )
  const told = seen.filter(({ event }) => event === 'occurrences').map(({ data }) => JSON.parse(data))
  expect(told[0]).toEqual({
    replica: 0,
    timerMs: null,
    omitted: 2,
    occurrences: [{ ...EXECUTED, digest: '0a0b0c0d' }],
  })
  expect(seen.map(({ event }) => event)).toContain('service')
  const numbers = seen.map(({ id }) => Number(id?.replace('feed-', '')))
  expect(numbers).toEqual(numbers.map((_, index) => index + 1))
  await vi.waitFor(() => expect(asked).toContainEqual({ replica: 0, recording: 77, next: 1 }), PATIENT)
  end()
})

test('many readers share one poll, which ends with the last of them', async () => {
  const { url, feed, measured } = await serve()
  const readers = await Promise.all([read(url), read(url), read(url)])
  await vi.waitFor(() => expect(feed.readers).toBe(3), PATIENT)
  expect(measured).toEqual([true])
  for (const { end } of readers) end()
  await vi.waitFor(() => expect(measured).toEqual([true, false]), PATIENT)
})

test('goes on behind the id that a reader has, and begins anew for an id of another process', async () => {
  const { url } = await serve()
  const first = await read(url)
  const seen = await until(first.events, ({ event }) => event === 'occurrences')
  const again = await read(url, { 'last-event-id': 'feed-1' })
  const [next] = await until(again.events, () => true)
  expect(next?.id).toBe('feed-2')
  const other = await read(url, { 'last-event-id': 'gone-1' })
  const [present] = await until(other.events, () => true)
  expect(Number(present?.id?.replace('feed-', ''))).toBeGreaterThan(seen.length - 1)
  for (const { end } of [first, again, other]) end()
})

test('refuses one reader too many, and a page of another origin', async () => {
  const { url, feed } = await serve()
  const foreign = await fetch(`${url}/v1/events`, { headers: { origin: 'http://evil.example' } })
  expect(foreign.status).toBe(403)
  expect(feed.readers).toBe(0)
  const readers = Array.from({ length: FEED_READERS_MAX }, () => feed.open())
  const refused = await fetch(`${url}/v1/events`)
  expect(refused.status).toBe(429)
  expect(await refused.json()).toMatchObject({ code: 'too-many-watches' })
  readers[0]?.close()
  const { response, end } = await read(url)
  expect(response.status).toBe(200)
  end()
})

test('a slow reader misses the oldest events and holds no more than its queue', async () => {
  const { feed } = await serve()
  const reader = feed.open()
  for (let number = 1; number <= 1_000; number++) reader?.take({ number, name: 'status', data: '{}' })
  const waiting = (await reader?.next(1)) ?? []
  expect(waiting.length).toBe(256)
  expect(waiting.at(-1)?.number).toBe(1_000)
  reader?.close()
  expect(await reader?.next(1)).toBeNull()
})

test('the meter gives throughput, times and the longest gap while it is on, and keeps nothing while it is off', () => {
  let now = 10_000
  const meter = new ServiceMeter(() => now)
  meter.begin()(true)
  expect(meter.figures()).toMatchObject({ throughput: 0, p50Ms: null, longestGapMs: 0 })
  meter.turn(true)
  for (const took of [10, 20, 30, 400]) {
    const end = meter.begin()
    now += took
    end(true)
  }
  const lost = meter.begin()
  now += 50
  lost(false)
  meter.begin()
  now += 500
  expect(meter.figures()).toMatchObject({
    throughput: 4,
    failed: 1,
    waiting: 1,
    p50Ms: 30,
    p99Ms: 400,
    longestGapMs: 500,
  })
  now += 2_000
  expect(meter.figures().longestGapMs).toBe(2_500)
})
