/** Leases through the HTTP routes, on a store of this process. */
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { StoreServer } from './store-server.ts'

const local = new StoreServer()
const { server } = local
afterAll(() => server.close())
beforeEach(() => local.clear())

interface Answered {
  readonly status: number
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
  const body = answer.json() as Readonly<Record<string, unknown>>
  return { status: answer.statusCode, ...body } as Answered
}
const ID = '00000000000000ab'

describe('a lease', () => {
  test('is granted, shown, kept, and ends with its keys', async () => {
    const granted = await call('POST', '/v1/leases', { ttl: 10, id: 'ab' })
    expect(granted).toEqual({ status: 200, id: ID, ttl: 10, revision: 1 })
    for (const key of ['a', 'b']) {
      expect(await call('PUT', `/v1/kv/${key}?lease=${ID}`, '1')).toMatchObject({ status: 200 })
    }
    expect(await call('PUT', '/v1/kv?key=c&lease=AB', '1')).toMatchObject({ status: 200 })
    expect(await call('PUT', '/v1/kv/c', '2')).toMatchObject({ status: 200, revision: 5 })
    local.store.now += 4_500
    local.store.batch([])
    const shown = { status: 200, id: ID, ttl: 10, left: 5.5, keys: ['a', 'b'], more: false, revision: 5 }
    expect(await call('GET', '/v1/leases/ab')).toEqual(shown)
    expect(await call('GET', '/v1/leases/ab?after=a')).toEqual({ ...shown, keys: ['b'] })
    const kept = { status: 200, id: ID, ttl: 10, revision: 5 }
    expect(await call('POST', '/v1/leases/ab/keep-alive')).toEqual(kept)
    local.store.now += 9_999
    expect(await call('GET', '/v1/leases')).toEqual({ status: 200, leases: [ID], revision: 5 })
    local.store.now += 1
    expect(await call('GET', '/v1/leases')).toEqual({ status: 200, leases: [], revision: 6 })
    expect(await call('GET', '/v1/kv/a')).toMatchObject({ status: 404, code: 'not-found' })
    expect(await call('GET', '/v1/kv/c')).toMatchObject({ status: 200 })
  })

  test('is revoked with its keys, at one revision', async () => {
    const { id } = await call('POST', '/v1/leases', { ttl: 0 })
    await call('PUT', `/v1/kv/a?lease=${id}`, '1')
    await call('PUT', `/v1/kv/b?lease=${id}`, '1')
    expect(await call('DELETE', `/v1/leases/${id}`)).toEqual({ status: 200, id, deleted: 2, revision: 4 })
  })
})

describe('a request', () => {
  test.each([
    ['GET', '/v1/leases/7', undefined, 404, 'lease-not-found'],
    ['DELETE', '/v1/leases/7', undefined, 404, 'lease-not-found'],
    ['POST', '/v1/leases/7/keep-alive', undefined, 404, 'lease-not-found'],
    ['PUT', '/v1/kv/a?lease=7', '1', 404, 'lease-not-found'],
    ['GET', '/v1/leases/7g', undefined, 400, 'bad-request'],
    ['POST', '/v1/leases/7/8/keep-alive', undefined, 400, 'bad-request'],
    ['POST', '/v1/leases', { ttl: 9_000_000_001 }, 400, 'bad-request'],
    ['POST', '/v1/leases', { ttl: 5, id: 'x' }, 400, 'bad-request'],
    ['POST', '/v1/leases', { ttl: 5, id: '5' }, 409, 'lease-exists'],
  ] as const)('%s %s with %j is refused', async (method, url, body, status, code) => {
    await call('POST', '/v1/leases', { ttl: 5, id: '5' })
    expect(await call(method, url, body)).toMatchObject({ status, code })
  })

  test('for a key whose name ends like a path of leases reaches the key', async () => {
    expect(await call('PUT', '/v1/kv/leases/7/keep-alive', '1')).toMatchObject({ status: 200 })
    expect(await call('GET', '/v1/kv/leases/7/keep-alive')).toMatchObject({ key: 'leases/7/keep-alive' })
  })
})
