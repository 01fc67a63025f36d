/** The history through the HTTP routes, on a store of this process: older revisions, ranges, deletion, compaction. */
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { StoreServer } from './store-server.ts'

const local = new StoreServer()
const { server } = local
afterAll(() => server.close())

interface Answered {
  readonly status: number
  readonly headers: object
  readonly [member: string]: unknown
}

const call = async (
  method: 'GET' | 'PUT' | 'POST' | 'DELETE',
  url: string,
  payload?: string | object,
): Promise<Answered> => {
  const answer = await server.inject({
    ...{ method, url, headers: { accept: 'application/json', 'content-type': 'application/json' } },
    ...(payload === undefined ? {} : { payload }),
  })
  return { status: answer.statusCode, headers: answer.headers, ...(answer.json() as Record<string, unknown>) }
}
const get = (url: string) => call('GET', url)
const keysOf = async (query: string): Promise<readonly string[]> => {
  const { items } = (await get(`/v1/kv?${query}`)) as unknown as { items: readonly { key: string }[] }
  return items.map(({ key }) => key)
}

/** Revisions: a 2, b 3, c 4, a again 5, b deleted 6, b again 7. */
beforeEach(async () => {
  local.clear()
  for (const [key, value] of ['a3', 'b2', 'c1', 'a9'] as const) await call('PUT', `/v1/kv/${key}`, value)
  await call('DELETE', '/v1/kv/b')
  await call('PUT', '/v1/kv/b', '5')
})

describe('a key at a revision', () => {
  test.each([
    [2, { status: 200, text: '3', version: 1, createRevision: 2, modRevision: 2, revision: 7 }],
    [4, { status: 200, text: '3', version: 1, createRevision: 2, modRevision: 2, revision: 7 }],
    [5, { status: 200, text: '9', version: 2, createRevision: 2, modRevision: 5, revision: 7 }],
    [0, { status: 200, text: '9', version: 2, createRevision: 2, modRevision: 5, revision: 7 }],
    [1, { status: 404, code: 'not-found', revision: 7 }],
    [8, { status: 400, code: 'future-revision', revision: 7 }],
  ])('%i', async (revision, expected) => {
    expect(await get(`/v1/kv/a?revision=${revision}`)).toMatchObject(expected)
    expect(await get(`/v1/kv?key=a&revision=${revision}`)).toMatchObject(expected)
  })

  test('that was deleted then is not there, and its tag is that of the revision', async () => {
    expect(await get('/v1/kv/b?revision=6')).toMatchObject({ status: 404 })
    const { headers } = await get('/v1/kv/b?revision=3')
    expect(headers).toMatchObject({
      ...{ etag: '"3"', 'strategos-revision': '7', 'strategos-version': '1' },
      'strategos-create-revision': '3',
    })
  })
})

describe('a range', () => {
  test.each([
    ['', ['a', 'b', 'c']],
    ['revision=3', ['a', 'b']],
    ['revision=6', ['a', 'c']],
    ['start=b', ['b', 'c']],
    ['end=c', ['a', 'b']],
    ['start=b&end=c', ['b']],
    ['order=desc', ['c', 'b', 'a']],
    ['sort=value', ['c', 'b', 'a']],
    ['sort=version&order=desc&limit=1', ['a']],
    ['sort=create', ['a', 'c', 'b']],
    ['sort=mod&order=desc', ['b', 'a', 'c']],
    ['minModRevision=5', ['a', 'b']],
    ['maxModRevision=5', ['a', 'c']],
    ['minCreateRevision=3&maxCreateRevision=4', ['c']],
    ['countOnly=true', []],
    ['limit=0', []],
  ])('with "%s" gives %j', async (query, keys) => {
    expect(await keysOf(query)).toEqual(keys)
  })

  test('counts all of it whatever is shown, and leaves values out when asked', async () => {
    expect(await get('/v1/kv?countOnly')).toMatchObject({ count: 3, items: [], more: false, cursor: null })
    expect(await get('/v1/kv?limit=0')).toMatchObject({ count: 3, items: [], cursor: null })
    const page = await get('/v1/kv?keysOnly=true&limit=1')
    expect(page['items']).toEqual([{ key: 'a', version: 2, createRevision: 2, modRevision: 5 }])
  })

  test.each(['', 'order=desc', 'revision=5', 'start=a&end=c', 'minModRevision=3'])(
    'in pages of one with "%s" is the range at once',
    async (query) => {
      const paged: string[] = []
      let cursor: unknown = ''
      while (cursor !== null) {
        const page = await get(`/v1/kv?${query}&limit=1&cursor=${cursor}`)
        expect(page).toMatchObject({ count: (await get(`/v1/kv?${query}`))['count'] })
        paged.push(...(page['items'] as { key: string }[]).map(({ key }) => key))
        cursor = page['cursor']
      }
      expect(paged).toEqual(await keysOf(query))
      expect(paged.length).toBeGreaterThan(1)
    },
  )

  test('after the longest key continues with the next one', async () => {
    const longest = 'k'.repeat(4096)
    for (const key of [longest, 'l']) await call('PUT', `/v1/kv/${key}`, 'v')
    const cursor = (await get('/v1/kv?start=k&limit=1'))['cursor']
    expect(await keysOf(`start=k&cursor=${cursor}`)).toEqual(['l'])
  })

  test.each([
    ['prefix=a&start=b', /prefix excludes start and end/],
    ['start=b&end=a', /end must come after start/],
    ['end=%00', /end must come after start/],
    ['sort=size', /^sort is not one of key, version, create, mod, value$/],
    ['order=up', /^order is not one of asc, desc$/],
    ['keysOnly=1', /^keysOnly is neither true nor false$/],
    ['sort=mod&cursor=61', /a cursor needs the order of the keys/],
    ['key=a&sort=mod', /key and name stand for one key, and sort for a range/],
    ['minModRevison=3', /did you mean minModRevision/],
  ])('with "%s" is refused', async (query, saying) => {
    expect(await get(`/v1/kv?${query}`)).toMatchObject({
      ...{ status: 400, code: 'bad-request', detail: expect.stringMatching(saying) },
    })
  })
})

describe('the deletion of a range', () => {
  test('deletes its keys at one revision, and gives them back when asked', async () => {
    expect(await call('DELETE', '/v1/kv?start=a&end=c&previous=true')).toMatchObject({
      ...{ status: 200, revision: 8, deleted: 2 },
      items: [
        { key: 'a', text: '9', version: 2 },
        { key: 'b', text: '5', version: 1 },
      ],
    })
    expect(await keysOf('')).toEqual(['c'])
    expect(await keysOf('revision=7')).toEqual(['a', 'b', 'c'])
    expect(await call('DELETE', '/v1/kv?prefix=x')).toMatchObject({ status: 200, revision: 8, deleted: 0 })
    expect(await call('DELETE', '/v1/kv?prefix=')).toMatchObject({ status: 200, revision: 9, deleted: 1 })
  })

  test.each([
    ['', 400, 'bad-key'],
    ['previous=true', 400, 'bad-key'],
    ['prefix=a&ifRevision=5', 400, 'bad-request'],
    ['key=a&prefix=a', 400, 'bad-request'],
    ['key=a&previous', 400, 'bad-request'],
  ])('with "%s" deletes nothing', async (query, status, code) => {
    expect(await call('DELETE', `/v1/kv?${query}`)).toMatchObject({ status, code })
    expect(await keysOf('')).toEqual(['a', 'b', 'c'])
  })
})

describe('compaction', () => {
  test('ends reads below the revision, and no others', async () => {
    expect(await call('POST', '/v1/compact', { revision: 5 })).toMatchObject({
      ...{ status: 200, revision: 7, floor: 5 },
    })
    expect(await get('/v1/kv/a?revision=4')).toMatchObject({
      ...{ status: 410, code: 'compacted', floor: 5, revision: 7 },
    })
    expect(await get('/v1/kv?revision=4')).toMatchObject({ status: 410, code: 'compacted', floor: 5 })
    expect(await get('/v1/kv/a?revision=5')).toMatchObject({ status: 200, text: '9' })
    expect(await keysOf('')).toEqual(['a', 'b', 'c'])
  })

  test.each([
    [{ revision: 8 }, 400, 'future-revision'],
    [{ revision: 0 }, 400, 'bad-request'],
    [{ revision: '5' }, 400, 'bad-request'],
    [{}, 400, 'bad-request'],
    [{ revision: 5, physical: true }, 400, 'bad-request'],
  ])('of %j is refused', async (body, status, code) => {
    expect(await call('POST', '/v1/compact', body)).toMatchObject({ status, code })
    expect(await get('/v1/kv/a?revision=2')).toMatchObject({ status: 200 })
  })

  test('of what was compacted already is refused as such', async () => {
    await call('POST', '/v1/compact', { revision: 5 })
    expect(await call('POST', '/v1/compact', { revision: 5 })).toMatchObject({
      ...{ status: 410, code: 'compacted', floor: 5 },
    })
  })
})
