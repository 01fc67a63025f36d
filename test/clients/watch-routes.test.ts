/** Watches over HTTP on a store in this process: server-sent events, their ids, and refusals. */
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { ServerEvent } from '../../clients/api/event-block.ts'
import { eventsIn } from '../../clients/library/event-stream.ts'
import { WatchServer } from './watch-server.ts'

const local = new WatchServer()
let url = ''
const opened: AbortController[] = []
afterAll(() => local.close())
beforeEach(async () => {
  url = await local.clear()
  for (const controller of opened.splice(0)) controller.abort()
  for (const [key, value] of ['a3', 'b2', 'a9'] as const) local.put(key ?? '', value ?? '')
  local.remove('b')
})

async function watch(query: string, headers: Readonly<Record<string, string>> = {}) {
  const controller = new AbortController()
  opened.push(controller)
  const response = await fetch(`${url}/v1/watch${query}`, { headers, signal: controller.signal })
  return { response, controller, events: eventsIn(response.body as unknown as AsyncIterable<Uint8Array>) }
}

/** The next events that are no marks. */
async function take(events: AsyncGenerator<ServerEvent, void>, count: number): Promise<readonly unknown[]> {
  const taken: unknown[] = []
  while (taken.length < count) {
    const { value, done } = await events.next()
    if (done === true) break
    if (value.event !== 'progress') taken.push({ ...value, data: JSON.parse(value.data) })
  }
  return taken
}

const problemOf = async (query: string, headers: Readonly<Record<string, string>> = {}) => {
  const { response } = await watch(query, headers)
  expect(response.headers.get('content-type')).toContain('application/problem+json')
  return { status: response.status, ...((await response.json()) as object) }
}

describe('a watch', () => {
  test('has an event for each revision, with the revision as its id', async () => {
    const { response, events } = await watch('?after=2&previous')
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const put = { type: 'put', key: 'a', version: 2, createRevision: 2, modRevision: 4, text: '9' }
    expect(await take(events, 3)).toMatchObject([
      { event: 'message', id: '3', data: { revision: 3, changes: [{ type: 'put', key: 'b', text: '2' }] } },
      { id: '4', data: { changes: [{ ...put, previous: { text: '3', version: 1, modRevision: 2 } }] } },
      { id: '5', data: { changes: [{ type: 'delete', key: 'b', modRevision: 5, previous: { text: '2' } }] } },
    ])
    local.put('later', 'x')
    expect(await take(events, 1)).toMatchObject([{ id: '6', data: { changes: [{ key: 'later' }] } }])
  })

  test('continues after the id that the reader has, whatever the query', async () => {
    const { events } = await watch('?after=0', { 'last-event-id': '4' })
    expect(await take(events, 1)).toMatchObject([{ id: '5' }])
  })

  test.each([
    ['?after=0&key=b', ['3', '5']],
    ['?after=0&name=b&only=delete', ['5']],
    ['?after=0&prefix=a', ['2', '4']],
    ['?after=0&start=b&end=c', ['3', '5']],
    ['?after=0&only=put', ['2', '3', '4']],
  ])('of %s', async (query, ids) => {
    const { events } = await watch(query)
    expect(await take(events, ids.length)).toMatchObject(ids.map((id) => ({ id })))
  })

  test('marks the present at once, so that a reader without an event has an id', async () => {
    const { events } = await watch('?key=none')
    expect((await events.next()).value).toEqual({ event: 'progress', id: '5', data: '{"revision":5}' })
  })

  test('that cannot continue ends with an event that contains the reason', async () => {
    const { events } = await watch('?after=4')
    await take(events, 1)
    local.interrupt('no such client')
    expect(await take(events, 1)).toMatchObject([
      { event: 'end', id: null, data: { code: 'refused', detail: 'no such client', status: 503 } },
    ])
    expect(await take(events, 1)).toEqual([])
  })

  test('is over when its reader goes away', async () => {
    const { controller, events } = await watch('?after=0')
    await take(events, 1)
    expect(local.watches).toBe(1)
    controller.abort()
    await local.idle()
  })

  test('is asked for its head without a watch', async () => {
    const response = await fetch(`${url}/v1/watch`, { method: 'HEAD' })
    expect([response.status, response.headers.get('content-type'), local.watches]).toEqual([
      200,
      'text/event-stream',
      0,
    ])
  })
})

describe('refused is', () => {
  test('what was compacted', async () => {
    local.compact(4)
    expect(await problemOf('?after=1')).toMatchObject({
      status: 410,
      code: 'compacted',
      floor: 4,
      revision: 5,
    })
    expect(await problemOf('', { 'last-event-id': '2' })).toMatchObject({ status: 410 })
  })

  test.each([
    ['?key=a&prefix=b', {}, 'key and name stand for one key'],
    ['?prefix=a&start=b', {}, 'prefix excludes start and end'],
    ['?start=b&end=a', {}, 'end must come after start'],
    ['?after=x', {}, 'after is not a whole number'],
    ['?only=puts', {}, 'only is not one of put, delete'],
    ['?afer=1', {}, 'after'],
    ['', { 'last-event-id': 'x' }, 'Last-Event-ID is not a revision'],
  ])('%s %j', async (query, headers, detail) => {
    const problem = await problemOf(query, headers)
    expect(problem).toMatchObject({ status: 400, code: 'bad-request' })
    expect(problem).toMatchObject({ detail: expect.stringContaining(detail) })
  })

  test('one connection more than there may be', async () => {
    local.room = 1
    await watch('?after=0')
    expect(await problemOf('?after=0')).toMatchObject({ status: 429, code: 'too-many-watches' })
  })
})
