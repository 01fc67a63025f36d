/** The header Idempotency-Key through the HTTP routes, on a store of this process. */
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { StoreServer } from './store-server.ts'

const local = new StoreServer()
const { server } = local
afterAll(() => server.close())
beforeEach(() => local.clear())

type Headers = Readonly<Record<string, string>>

const call = async (method: 'PUT' | 'POST' | 'DELETE', url: string, payload: string, headers: Headers) => {
  const answer = await server.inject({
    method,
    url,
    payload,
    headers: { 'content-type': 'application/json', ...headers },
  })
  return {
    status: answer.statusCode,
    etag: answer.headers.etag,
    ...(answer.json() as Record<string, unknown>),
  }
}
const marked = (key: string): Headers => ({ 'idempotency-key': key })

describe('a write with Idempotency-Key', () => {
  test.each<['PUT' | 'POST' | 'DELETE', string, string]>([
    ['PUT', '/v1/kv/a', 'x'],
    ['PUT', '/v1/kv?key=a&ifRevision=2', 'x'],
    ['DELETE', '/v1/kv/a', ''],
    ['DELETE', '/v1/kv?prefix=&previous', ''],
    ['POST', '/v1/txn', '{"success":[{"put":{"key":"a","text":"1"}},{"get":{"key":"a"}}]}'],
    ['POST', '/v1/leases', '{"ttl":60}'],
    ['DELETE', '/v1/leases/ab', ''],
    ['POST', '/v1/compact', '{"revision":2}'],
  ])('has the same answer when it comes again: %s %s', async (method, url, payload) => {
    await call('PUT', '/v1/kv/a', 'before', {})
    await call('POST', '/v1/leases', '{"ttl":60,"id":"ab"}', {})
    const first = await call(method, url, payload, marked('k'))
    expect(first.status).toBe(200)
    await call('PUT', '/v1/kv/b', 'between', {})
    const { revision } = local.store.store
    expect(await call(method, url, payload, marked('k'))).toEqual(first)
    // Quotes are a form of the same key.
    expect(await call(method, url, payload, marked('"k"'))).toEqual(first)
    expect(local.store.store.revision).toBe(revision)
    const other = method === 'POST' ? 'PUT' : method
    expect(await call(other, '/v1/kv/c', 'y', marked('k'))).toMatchObject({
      status: 422,
      code: 'idempotency-key-reused',
    })
  })

  test.each(['', ' ', '""', 'a"b', 'ä', 'x'.repeat(65)])(
    'is refused with a key that is none: %j',
    async (key) => {
      const answer = await call('PUT', '/v1/kv/a', 'x', marked(key))
      expect(answer).toMatchObject({ status: 400, code: 'bad-request' })
      expect(local.store.store.revision).toBe(1)
    },
  )

  test('goes with a condition that names one revision, and no other', async () => {
    await call('PUT', '/v1/kv/a', 'x', {})
    const first = await call('PUT', '/v1/kv/a', 'y', { ...marked('k'), 'if-match': '"2"' })
    expect(first.status).toBe(200)
    expect(await call('PUT', '/v1/kv/a', 'y', { ...marked('k'), 'if-match': '"2"' })).toEqual(first)
    for (const condition of [{ 'if-match': '"1", "2"' }, { 'if-match': '*' }, { 'if-none-match': '"9"' }]) {
      const answer = await call('PUT', '/v1/kv/a', 'z', { ...marked('m'), ...condition } as Headers)
      expect(answer).toMatchObject({ status: 400, detail: expect.stringContaining('one revision') })
    }
  })
})
