/** Transactions through the HTTP route, on a store of this process. */
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { openApiDocument } from '../../clients/api/openapi.ts'
import { StoreServer } from './store-server.ts'

const local = new StoreServer()
const { server } = local
afterAll(() => server.close())

const post = async (document: unknown): Promise<Readonly<Record<string, unknown>>> => {
  const payload = typeof document === 'string' ? document : JSON.stringify(document)
  const headers = { 'content-type': 'application/json' }
  const answer = await server.inject({ method: 'POST', url: '/v1/txn', headers, payload })
  return { status: answer.statusCode, ...(answer.json() as Record<string, unknown>) }
}
const valueOfKey = async (key: string) => (await server.inject({ url: `/v1/kv/${key}` })).body

/** Revisions: ann 2, bob 3. */
beforeEach(async () => {
  local.clear()
  for (const [key, payload] of [
    ['ann', '7'],
    ['bob', '3'],
  ] as const) {
    await server.inject({ method: 'PUT', url: `/v1/kv/${key}`, payload })
  }
})

const transfer = {
  compare: [
    { key: 'ann', modRevision: 2 },
    { key: 'bob', relation: '=', text: '3' },
  ],
  success: [{ put: { key: 'ann', text: '5' } }, { put: { key: 'bob', text: '5' } }],
  failure: [{ get: { key: 'ann' } }, { get: { key: 'bob' } }, { get: { key: 'eve' } }],
}

describe('a transaction', () => {
  test('moves something from one key to another at one revision, or shows what there is', async () => {
    expect(await post(transfer)).toEqual({
      ...{ status: 200, succeeded: true, revision: 4 },
      results: [
        { put: { revision: 4, version: 2, createRevision: 2, modRevision: 4 } },
        { put: { revision: 4, version: 2, createRevision: 3, modRevision: 4 } },
      ],
    })
    const ann = { key: 'ann', text: '5', revision: 4, version: 2, createRevision: 2, modRevision: 4 }
    expect(await post(transfer)).toEqual({
      ...{ status: 200, succeeded: false, revision: 4 },
      results: [{ get: ann }, { get: { ...ann, key: 'bob', createRevision: 3 } }, { get: null }],
    })
  })

  test('creates what does not exist, once', async () => {
    const create = {
      compare: [{ key: 'lock', version: 0 }],
      success: [{ put: { key: 'lock', value: 'AP8=' } }],
      failure: [{ get: { key: 'lock' } }],
    }
    expect(await post(create)).toMatchObject({ succeeded: true })
    expect(await post(create)).toMatchObject({ succeeded: false, results: [{ get: { value: 'AP8=' } }] })
  })

  test('has ranges, deletions and transactions inside', async () => {
    const inner = {
      compare: [{ prefix: '', relation: '>', version: 0 }],
      success: [
        { range: { prefix: '', keysOnly: true, limit: 1 } },
        { delete: { start: 'a', end: 'c', previous: true } },
        { delete: { key: 'nothing' } },
        { range: { prefix: '', countOnly: true } },
      ],
    }
    const ann = { key: 'ann', version: 1, createRevision: 2, modRevision: 2 }
    const bob = { key: 'bob', version: 1, createRevision: 3, modRevision: 3 }
    expect(await post({ success: [{ put: { key: 'z', text: '' } }, { txn: inner }] })).toMatchObject({
      succeeded: true,
      results: [
        {},
        {
          txn: {
            succeeded: true,
            results: [
              { range: { items: [ann], count: 3, more: true } },
              {
                delete: {
                  deleted: 2,
                  items: [
                    { ...ann, text: '7' },
                    { ...bob, text: '3' },
                  ],
                },
              },
              { delete: { deleted: 0 } },
              { range: { items: [], count: 1, more: false } },
            ],
          },
        },
      ],
    })
  })

  test('names keys as answers do', async () => {
    await post({ success: [{ put: { key: '\\xFF\\\\', text: 'v' } }] })
    expect(await valueOfKey('%FF%5C')).toBe('v')
  })

  test.each([
    ['{', 'the body is not JSON'],
    [{ otherwise: [] }, 'Unrecognized key: "otherwise"'],
    [{ success: [{}] }, 'a step must have exactly one of put, get, range, delete and txn'],
    [{ success: [{ get: { key: 'a' }, put: { key: 'a', text: '' } }] }, 'exactly one of'],
    [{ success: [{ put: { key: 'a' } }] }, 'give the value either as text or, in base64, as value'],
    [{ success: [{ put: { key: 'a', value: '?' } }] }, 'success.0.put.value'],
    [{ success: [{ put: { key: '', text: '' } }] }, 'the key is empty'],
    [{ success: [{ get: { key: 'a\\q' } }] }, 'backslash'],
    [{ success: [{ delete: {} }] }, 'no key is given'],
    [{ success: [{ delete: { key: 'a', prefix: 'b' } }] }, 'give only one'],
    [{ compare: [{ key: 'a' }] }, 'a comparison names one fact'],
    [{ compare: [{ key: 'a', version: 1, text: '' }] }, 'a comparison names one fact'],
    [{ success: [{ put: { key: 'a', text: '' } }, { delete: { prefix: 'a' } }] }, 'writes a key twice'],
    [{ failure: Array.from({ length: 129 }, () => ({ get: { key: 'a' } })) }, 'at most 128'],
  ])('%j is refused in a sentence', async (document, detail) => {
    const answer = await post(document)
    expect(answer).toMatchObject({ status: 400 })
    expect(answer['detail']).toContain(detail)
  })

  test('that reads what is yet to come changes nothing', async () => {
    const document = { success: [{ put: { key: 'ann', text: '' } }, { range: { prefix: '', revision: 9 } }] }
    expect(await post(document)).toMatchObject({ status: 400, code: 'future-revision', revision: 3 })
    expect(await valueOfKey('ann')).toBe('7')
  })
})

test('the description names the recursive documents and refers to nothing else', () => {
  const text = JSON.stringify(openApiDocument)
  expect(text).toContain('#/components/schemas/Transaction')
  const known = Object.keys(openApiDocument.components.schemas).map((name) => `#/components/schemas/${name}`)
  for (const [, reference] of text.matchAll(/"\$ref":"([^"]*)"/g)) expect(known).toContain(reference)
})
