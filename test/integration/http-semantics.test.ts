/** HTTP and the command line treat keys, conditions, parameters and methods as the standards demand. */
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keyName, keyOfName } from '../../clients/api/key-name.ts'
import { encodeKey } from '../../clients/api/key-path.ts'
import { createRandom } from '../../src/base/random.ts'
import { runCommand } from './command-run.ts'
import { rawHttp } from './http-kit.ts'
import { ProcessKit } from './process-kit.ts'

const kit = new ProcessKit()
const random = createRandom(14)
let url = ''
let directory = ''

beforeAll(async () => {
  directory = kit.directory()
  url = (await kit.up(directory)).gateway.url
})
afterAll(() => kit.cleanUp())

const cli = (...args: readonly string[]) => runCommand(kit, ...args, '--dir', directory)
const put = (path: string, body = 'v', headers: Record<string, string> = {}) =>
  rawHttp(url, path, { method: 'PUT', body, headers })
const get = (path: string, headers: Record<string, string> = {}) => rawHttp(url, path, { headers })
const textOf = async (path: string): Promise<string> => (await get(path)).bytes.toString('utf8')

interface List {
  readonly items: readonly { readonly key: string; readonly text: string }[]
}

/** Keys that something on the way could take for another one. */
const ODD_KEYS: readonly (string | readonly number[])[] = [
  ...[
    '.',
    '..',
    '/',
    '//',
    '/a',
    'a/',
    'a//b',
    './a',
    '../a',
    'a/.',
    'a/..',
    'a/./b',
    'a/../b',
    'a/%2e%2e/b',
  ],
  ...[
    '%2F',
    '%FF',
    '%',
    '\\',
    '\\xFF',
    'a\\..\\b',
    '?',
    'a?b=c',
    '#',
    'a#b',
    '&',
    'a+b',
    'a b',
    ' ',
    ';',
    '*',
  ],
  ...['\n', 'a\nb', '\r\n', '\t', '\uFEFFa', 'a', 'e\u0301', '\u00e9', '-', '--name', '__proto__'],
  [0],
  [0xff],
  [0xff, 0xfe],
  [0xc0, 0xaf],
  [0x61, 0, 0x62],
]
const oddKeys = ODD_KEYS.map((key) => Uint8Array.from(typeof key === 'string' ? Buffer.from(key) : key))
const randomKeys = Array.from({ length: 60 }, () =>
  Uint8Array.from({ length: 1 + random.below(12) }, () => random.below(256)),
)
/** Each once. */
const keys = [...new Map([...oddKeys, ...randomKeys].map((key) => [keyName(key), key])).values()]
/** In the path, everything but letters and digits encoded, as a careful client writes it. */
const wholePath = (key: Uint8Array): string =>
  `/v1/kv/${[...key].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')}`

describe('a key goes through every door as it is', () => {
  test('any bytes: in the path, in the query and by name it is the same key, and a list names each of them', async () => {
    const all = (act: (key: Uint8Array, index: number) => Promise<void>) => Promise.all(keys.map(act))
    await all(async (key, index) => expect((await put(wholePath(key), `${index}`)).status).toBe(200))
    await all(async (key, index) => {
      const byQuery = await get(`/v1/kv?key=${encodeKey(key)}`, { accept: 'application/json' })
      expect(byQuery.json).toMatchObject({ key: keyName(key), text: `${index}`, version: 1 })
      expect(await textOf(`/v1/kv?name=${encodeURIComponent(keyName(key))}`)).toBe(`${index}`)
    })
    const { items } = (await get('/v1/kv?limit=1000')).json as unknown as List
    const listed = new Map(
      items.map(({ key, text }) => [Buffer.from(keyOfName(key) ?? []).toString('hex'), text]),
    )
    expect(listed.size).toBe(items.length)
    for (const [index, key] of keys.entries())
      expect(listed.get(Buffer.from(key).toString('hex'))).toBe(`${index}`)
  })

  test('`fetch` and browsers resolve dots in a path before they send it, and leave a query alone', async () => {
    for (const key of ['..', 'cfg/old/../app', '/', 'a//b']) {
      await fetch(`${url}/v1/kv?${new URLSearchParams({ key })}`, { method: 'PUT', body: `of ${key}` })
      expect(await textOf(wholePath(Buffer.from(key)))).toBe(`of ${key}`)
    }
    expect((await get('/v1/kv/cfg/app')).status).toBe(404)
  })

  test('the command line puts, lists, gets and deletes the key that it was given', async () => {
    const { status } = await put('/v1/kv/cfg/app', 'safe')
    expect(status).toBe(200)
    expect((await cli('put', 'cfg/old/../app', 'other')).code).toBe(0)
    expect((await cli('del', 'cfg/nonexistent/../app')).stdout).toBe('no such key existed\n')
    expect(await textOf('/v1/kv/cfg/app')).toBe('safe')
    expect(await textOf('/v1/kv/cfg%2Fold%2F..%2Fapp')).toBe('other')
    const odd = '/../\n%FF\uFEFFa+b?c#d'
    expect((await cli('put', odd, 'odd')).code).toBe(0)
    expect(await textOf(wholePath(Buffer.from(odd)))).toBe('odd')
    expect((await cli('get', odd)).stdout).toBe('odd')
  })

  test('what the command line lists is one line for a key, and --name takes it back', async () => {
    const { stdout, code } = await cli('list', '--all')
    const lines = stdout.trimEnd().split('\n')
    const { items } = (await get('/v1/kv?limit=1000')).json as unknown as List
    expect([code, lines]).toEqual([0, items.map(({ key }) => key)])
    const key = Uint8Array.from([0x61, 0x0a, 0xff, 0])
    expect((await cli('put', '--name', keyName(key), 'named')).code).toBe(0)
    expect(await textOf(wholePath(key))).toBe('named')
    expect((await cli('get', '--name', 'a\\b')).code).toBe(2)
    // Node.js replaces bytes that are not UTF-8 by this character, so they are lost.
    expect((await cli('put', 'a\uFFFD', 'x')).code).toBe(2)
  })

  test('list gives values on request, and pages as far as it is asked', async () => {
    for (const name of ['1', '2', '3']) await put(`/v1/kv/paged/${name}`, `v\n${name}`)
    expect((await cli('list', 'paged/', '--values')).stdout).toBe(
      'paged/1\tv\\n1\npaged/2\tv\\n2\npaged/3\tv\\n3\n',
    )
    const first = await cli('list', 'paged/', '--limit', '2')
    expect(first.stdout).toBe('paged/1\npaged/2\n')
    const cursor = /--cursor (\w+)/.exec(first.stderr)?.[1] ?? ''
    expect((await cli('list', 'paged/', '--cursor', cursor)).stdout).toBe('paged/3\n')
  })
})

describe('a condition is evaluated or refused', () => {
  /** Makes a new key at a revision. */
  const fresh = async (name: string): Promise<{ path: string; tag: string }> => {
    const path = `/v1/kv/condition/${name}`
    return { path, tag: `${(await put(path, 'first')).headers['etag']}` }
  }
  const status = async (answer: Promise<{ status: number }>): Promise<number> => (await answer).status

  test('If-Match lets a write through at that revision only', async () => {
    const { path, tag } = await fresh('match')
    expect(await put(path, 'x', { 'if-match': '"1"' })).toMatchObject({
      status: 412,
      json: { code: 'revision-moved', modRevision: Number(tag.slice(1, -1)) },
    })
    expect(await status(put(path, 'x', { 'if-match': `W/${tag}` }))).toBe(412)
    expect(await textOf(path)).toBe('first')
    const second = await put(path, 'second', { 'if-match': `"1", ${tag}` })
    expect(second.status).toBe(200)
    expect(await status(put(path, 'third', { 'if-match': tag }))).toBe(412)
    expect(await status(put(path, 'third', { 'if-match': '*' }))).toBe(200)
    const remove = (headers: Record<string, string>) => rawHttp(url, path, { method: 'DELETE', headers })
    expect(await status(remove({ 'if-match': tag }))).toBe(412)
    expect(await status(remove({ 'if-match': '*' }))).toBe(200)
    expect(await status(put(path, 'x', { 'if-match': '*' }))).toBe(412)
    expect(await status(remove({ 'if-match': '*' }))).toBe(412)
    expect(await status(get(path))).toBe(404)
  })

  test('If-None-Match: * creates and never overwrites, and a list of tags keeps those revisions', async () => {
    const { path, tag } = await fresh('none-match')
    expect(await status(put(path, 'x', { 'if-none-match': '*' }))).toBe(412)
    expect(await status(put(path, 'x', { 'if-none-match': `"1", W/${tag}` }))).toBe(412)
    expect(await textOf(path)).toBe('first')
    expect(await status(put(path, 'y', { 'if-none-match': '"1"' }))).toBe(200)
    expect(await status(put(`${path}/new`, 'x', { 'if-none-match': '*' }))).toBe(200)
    expect(await status(put(path, 'x', { 'if-match': tag, 'if-none-match': '*' }))).toBe(412)
  })

  test('of many that ask for the same, one gets it', async () => {
    const { path, tag } = await fresh('contended')
    const race = async (of: string, headers: Record<string, string>): Promise<number> => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => put(of, `${index}`, headers)),
      )
      expect(answers.every((answer) => answer.status === 200 || answer.status === 412)).toBe(true)
      return answers.filter((answer) => answer.status === 200).length
    }
    expect(await race(`${path}/new`, { 'if-none-match': '*' })).toBe(1)
    expect(await race(path, { 'if-match': tag })).toBe(1)
    // A condition with a list of tags reads first; a change between the read and the write is detected.
    const { headers } = await get(path)
    expect(await race(path, { 'if-match': `"1", ${headers['etag']}` })).toBe(1)
  })

  test('a reader that knows the value gets 304, and 412 if it asked for another', async () => {
    const { path, tag } = await fresh('read')
    const known = await get(path, { 'if-none-match': `"1", W/${tag}` })
    expect([known.status, known.bytes.length, known.headers['etag']]).toEqual([304, 0, tag])
    expect(await status(get(path, { 'if-none-match': '"1"' }))).toBe(200)
    expect(await status(get(path, { 'if-match': '"1"' }))).toBe(412)
    expect(await status(get(path, { 'if-match': tag }))).toBe(200)
    expect(await status(get(`${path}/missing`, { 'if-match': tag }))).toBe(404)
    const head = await rawHttp(url, path, { method: 'HEAD', headers: { 'if-none-match': tag } })
    expect(head.status).toBe(304)
  })

  test('what cannot be evaluated is refused, and nothing is written', async () => {
    const { path, tag } = await fresh('refused')
    const refused: readonly (readonly [string, Record<string, string>, RegExp])[] = [
      ['?ifrevision=1', {}, /ifRevision/],
      ['?cas=1', {}, /ifRevision/],
      ['?ttl=5', {}, /ifRevision/],
      ['?ifRevision=', {}, /whole number/],
      ['', { 'if-none-macth': '*' }, /if-none-match/],
      ['', { 'if-match': tag.slice(1, -1) }, /double quotes/],
      ['', { 'if-unmodified-since': 'Sat, 28 Nov 2026 00:00:00 GMT' }, /If-Match/],
      ['', { 'idempotency-key': 'a b' }, /visible characters/],
      ['', { 'content-range': 'bytes 0-0/9' }, /not supported/],
    ]
    for (const [query, headers, saying] of refused) {
      const { status, json } = await put(`${path}${query}`, 'x', headers)
      expect([query, headers, status]).toEqual([query, headers, 400])
      expect(json['detail']).toMatch(saying)
    }
    expect(await status(put(path, 'x', { 'content-encoding': 'gzip' }))).toBe(415)
    expect(await textOf(path)).toBe('first')
  })

  test('no route passes over a parameter that it does not know', async () => {
    const paths = [
      '/v1/kv/a',
      '/v1/kv',
      '/v1/status',
      '/v1/evidence',
      '/healthz',
      '/readyz',
      '/metrics',
      '/openapi.json',
    ]
    for (const path of paths) {
      const { status, json } = await get(`${path}?limti=3`)
      expect([path, status, json['code']]).toEqual([path, 400, 'bad-request'])
    }
    expect((await get('/v1/kv?limti=3')).json['detail']).toMatch(/did you mean limit/)
    const flag = await cli('put', 'a', 'x', '--if-revison', '3')
    expect([flag.code, /--if-revision/.test(flag.stderr)]).toEqual([2, true])
  })
})

describe('metrics', () => {
  test('count answers by route, never by key, and show the reports of the replicas', async () => {
    await put('/v1/kv/measured', 'x')
    await get('/v1/kv/measured-too')
    const { status, headers, bytes } = await rawHttp(url, '/metrics')
    const text = bytes.toString()
    expect([status, headers['content-type']]).toEqual([200, expect.stringMatching(/^text\/plain/)])
    expect(text).toMatch(
      /^strategos_http_requests_total\{method="PUT",route="\/v1\/kv\/\{key\}",status="200"\} \d+$/m,
    )
    expect(text).toMatch(
      /^strategos_http_request_duration_seconds_count\{.*route="\/v1\/kv\/\{key\}"\} \d+$/m,
    )
    expect(text).toMatch(/^strategos_cluster_stalled 0$/m)
    expect(text).toMatch(/^strategos_replica_voting\{replica="3"\} 1$/m)
    expect(text).not.toContain('measured')
    expect(text.endsWith('\n')).toBe(true)
  })
})

describe('methods and routes', () => {
  test.each([
    ['POST', '/v1/kv/a', 'GET, HEAD, PUT, DELETE, OPTIONS'],
    ['PATCH', '/v1/kv/a?x=1', 'GET, HEAD, PUT, DELETE, OPTIONS'],
    ['PROPFIND', '/v1/kv', 'GET, HEAD, PUT, DELETE, OPTIONS'],
    ['PUT', '/v1/status', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/healthz', 'GET, HEAD, OPTIONS'],
  ])('%s %s is 405 and says what the route takes', async (method, path, allow) => {
    const { status, headers, json } = await rawHttp(url, path, { method })
    expect([status, json['code'], headers['allow']]).toEqual([405, 'no-such-method', allow])
  })

  test('a body of any size does not hide that the method is wrong', async () => {
    const { status } = await rawHttp(url, '/v1/status', { method: 'POST', body: Buffer.alloc(100_000) })
    expect(status).toBe(405)
  })

  test('a wrong route and a missing key have different codes, and no internal name is shown', async () => {
    expect((await get('/v1/kv/never-there')).json).toMatchObject({ status: 404, code: 'not-found' })
    for (const path of ['/v1/key', '/v1/keys', '/v2/kv/a', '/', '/v1/kv%2Fa', '/v1/%6bv/a']) {
      const { json } = await get(path)
      expect([path, json['status'], json['code']]).toEqual([path, 404, 'no-such-route'])
    }
    const { json } = await rawHttp(url, '/v1/kv/a', { method: 'POST', body: '{' })
    expect(json['detail']).toMatch(/^\/v1\/kv\/\{key\} takes/)
  })

  test('OPTIONS lists the methods, HEAD answers like GET without the body', async () => {
    const options = await rawHttp(url, '/v1/kv/a', { method: 'OPTIONS' })
    expect([options.status, options.headers['allow']]).toEqual([204, 'GET, HEAD, PUT, DELETE, OPTIONS'])
    expect((await rawHttp(url, '*', { method: 'OPTIONS' })).status).toBe(204)
    expect((await rawHttp(url, '/v1/nothing', { method: 'OPTIONS' })).status).toBe(404)
    await put('/v1/kv/headed', 'twelve bytes')
    const head = await rawHttp(url, '/v1/kv/headed', { method: 'HEAD' })
    const whole = await get('/v1/kv/headed')
    expect([head.status, head.bytes.length, head.headers['content-length']]).toEqual([200, 0, '12'])
    expect(head.headers['etag']).toBe(whole.headers['etag'])
    const missing = await rawHttp(url, '/v1/kv/never-there', { method: 'HEAD' })
    expect([missing.status, missing.bytes.length]).toEqual([404, 0])
  })

  test('a target with a host in it is that host', async () => {
    await put('/v1/kv/absolute', 'v')
    expect(await textOf(`http://localhost/v1/kv/absolute`)).toBe('v')
    expect((await get('http://evil.example/v1/kv/absolute')).status).toBe(403)
  })

  test('JSON is sent to callers that prefer it', async () => {
    await put('/v1/kv/liked', 'v')
    const typeFor = async (accept: string) => (await get('/v1/kv/liked', { accept })).headers['content-type']
    expect(await typeFor('application/json')).toMatch(/^application\/json/)
    expect(await typeFor('text/html, application/json;q=0.9, */*;q=0.8')).toMatch(/^application\/json/)
    expect(await typeFor('application/octet-stream, application/json;q=0.1')).toBe('application/octet-stream')
    expect(await typeFor('application/json;q=0')).toBe('application/octet-stream')
    expect(await typeFor('*/*')).toBe('application/octet-stream')
  })

  test.each([
    [
      'a head that is too long',
      `GET /${'a'.repeat(70_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      431,
      'long-head',
    ],
    ['not HTTP', 'HELLO\r\n\r\n', 400, 'bad-request'],
  ])('%s is a problem document too', async (_what, bytes, status, code) => {
    const { hostname, port } = new URL(url)
    const answer = await new Promise<string>((resolve, reject) => {
      let text = ''
      const socket = connect(Number(port), hostname, () => socket.write(bytes))
      socket.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      socket.once('close', () => resolve(text))
      socket.once('error', (error) => (text === '' ? reject(error) : resolve(text)))
    })
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(answer).toContain(`"code":"${code}"`)
  })
})
