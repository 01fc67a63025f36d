/** The gateway's HTTP: any bytes in and out, etcd's revisions, clear errors, and nothing else suffers from bad input. */

import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openApiDocument } from '../../clients/api/openapi.ts'
import { StatusDocument } from '../../clients/api/status.ts'
import { IS_DEEP } from '../kit/depth.ts'
import { runCommand } from './command-run.ts'
import { expectDraining } from './drained-gateway.ts'
import { http, ProcessKit, until } from './process-kit.ts'
import { expectRestorable } from './restored-cluster.ts'

const kit = new ProcessKit()
const directory = kit.directory()
let url = ''
let pids: readonly number[] = []

beforeAll(async () => {
  const { gateway, replicas } = await kit.up(directory)
  url = gateway.url
  pids = replicas.map(({ pid }) => pid)
})
afterAll(() => kit.cleanUp())

const put = (path: string, body: string | Uint8Array<ArrayBuffer>) => http(`${url}${path}`, 'PUT', body)

describe('keys and values', () => {
  test('revisions, versions and ETag are those of etcd', async () => {
    const first = (await put('/v1/kv/rev', 'a')).json as { revision: number }
    const second = (await put('/v1/kv/rev', 'b')).json
    expect(second).toEqual({
      key: 'rev',
      revision: first.revision + 1,
      version: 2,
      createRevision: first.revision,
      modRevision: first.revision + 1,
    })
    const response = await fetch(`${url}/v1/kv/rev`)
    expect(response.headers.get('etag')).toBe(`"${first.revision + 1}"`)
    expect((await http(`${url}/v1/kv/rev`, 'DELETE')).json).toMatchObject({ key: 'rev', deleted: true })
    expect((await http(`${url}/v1/kv/rev`, 'DELETE')).json).toMatchObject({ deleted: false })
    expect((await put('/v1/kv/rev', 'c')).json).toMatchObject({ version: 1 })
  })

  test('a value is any bytes', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    await put('/v1/kv/bytes', bytes)
    expect(new Uint8Array(await (await fetch(`${url}/v1/kv/bytes`)).arrayBuffer())).toEqual(bytes)
    const json = (await http(`${url}/v1/kv/bytes`, 'GET', undefined, { accept: 'application/json' })).json
    expect(json['value']).toBe(Buffer.from(bytes).toString('base64'))
    await put('/v1/kv/empty', '')
    const empty = await fetch(`${url}/v1/kv/empty`)
    expect([empty.status, (await empty.arrayBuffer()).byteLength]).toEqual([200, 0])
    await put('/v1/kv/looks-like-json', '{"a": 1}')
    expect((await http(`${url}/v1/kv/looks-like-json`, 'GET')).text).toBe('{"a": 1}')
  })

  test('a key is any bytes: slashes plain or encoded, spaces, percent signs, bytes that are no UTF-8', async () => {
    await put('/v1/kv/a/b%20c', 'slash')
    expect((await http(`${url}/v1/kv/a%2Fb%20c`)).text).toBe('slash')
    await put('/v1/kv/%FF%00%25', 'odd')
    expect((await http(`${url}/v1/kv/%ff%00%25`)).text).toBe('odd')
    const longest = 'k'.repeat(4096)
    expect((await put(`/v1/kv/${longest}`, 'long')).status).toBe(200)
    expect((await http(`${url}/v1/kv/${longest}`)).text).toBe('long')
  })

  test('a list goes by prefix in the order of the bytes, page by page', async () => {
    for (const name of ['c', 'a', 'b', 'a/x']) await put(`/v1/kv/list/${name}`, name)
    const whole = (await http(`${url}/v1/kv?prefix=list/`)).json as { items: { key: string; text: string }[] }
    expect(whole.items.map(({ key }) => key)).toEqual(['list/a', 'list/a/x', 'list/b', 'list/c'])
    const page = (await http(`${url}/v1/kv?prefix=list/&limit=3`)).json as { cursor: string; count: number }
    expect(page.count).toBe(4)
    const rest = (await http(`${url}/v1/kv?prefix=list/&limit=3&cursor=${page.cursor}`)).json
    expect(rest).toMatchObject({ items: [{ key: 'list/c' }], cursor: null })
  })

  test('ifRevision moves a key only from where the caller saw it', async () => {
    const { modRevision } = (await put('/v1/kv/cas?ifRevision=0', '1')).json as { modRevision: number }
    expect((await put('/v1/kv/cas?ifRevision=0', '2')).json).toMatchObject({
      status: 412,
      code: 'revision-moved',
      modRevision,
    })
    expect((await put(`/v1/kv/cas?ifRevision=${modRevision}`, '2')).status).toBe(200)
    expect((await http(`${url}/v1/kv/cas`)).text).toBe('2')
  })

  test('callers at the same moment share requests and each gets its own answer', async () => {
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, index) => put(`/v1/kv/many/${index}`, `${index}`)),
    )
    const revisions = answers.map(({ json }) => json['revision'] as number)
    expect(new Set(revisions).size).toBe(300)
    const values = await Promise.all(
      Array.from({ length: 300 }, (_, index) => http(`${url}/v1/kv/many/${index}`)),
    )
    expect(values.map(({ text }) => text)).toEqual(Array.from({ length: 300 }, (_, index) => `${index}`))
  })

  test('answers that do not fit one result together are fetched again, each alone', async () => {
    const large = 'v'.repeat(900_000)
    for (const name of ['x', 'y', 'z', 'w'])
      expect((await put(`/v1/kv/large/${name}`, large)).status).toBe(200)
    const read = await Promise.all(['x', 'y', 'z', 'w'].map((name) => http(`${url}/v1/kv/large/${name}`)))
    expect(read.map(({ text }) => text.length)).toEqual([900_000, 900_000, 900_000, 900_000])
  })
})

describe('bad input gets a problem document and nothing else suffers', () => {
  const expectProblem = async (
    answer: Promise<{ status: number; type: string; json: object }>,
    status: number,
    code: string,
  ) => {
    const { status: actual, type, json } = await answer
    expect({ status: actual, type, ...json }).toMatchObject({
      status,
      code,
      type: `urn:strategos:problem:${code}`,
    })
    expect(type).toContain('application/problem+json')
    expect((await http(`${url}/readyz`)).status).toBe(200)
  }

  test.each([
    ['an unknown route', 'GET', '/v2/nothing', undefined, 404, 'no-such-route'],
    ['an unknown method', 'POST', '/v1/kv/a', '{', 405, 'no-such-method'],
    ['a missing key', 'GET', '/v1/kv/never-there', undefined, 404, 'not-found'],
    ['an empty key', 'GET', '/v1/kv/', undefined, 400, 'bad-key'],
    ['a key of 5 KiB', 'PUT', `/v1/kv/${'k'.repeat(5 * 1024)}`, 'v', 400, 'bad-key'],
    ['a key of 5 KiB of encoded bytes', 'PUT', `/v1/kv/${'%FF'.repeat(5 * 1024)}`, 'v', 400, 'bad-key'],
    ['a broken percent sign', 'GET', '/v1/kv/%zz', undefined, 400, 'bad-key'],
    ['a cursor of somebody else', 'GET', '/v1/kv?cursor=xyz', undefined, 400, 'bad-request'],
    ['a limit that is no number', 'GET', '/v1/kv?limit=-1', undefined, 400, 'bad-request'],
    ['an ifRevision that is no number', 'PUT', '/v1/kv/a?ifRevision=latest', 'v', 400, 'bad-request'],
    ['an ifRevision given twice', 'PUT', '/v1/kv/a?ifRevision=0&ifRevision=0', 'v', 400, 'bad-request'],
    ['a prefix given twice', 'GET', '/v1/kv?prefix=a&prefix=b', undefined, 400, 'bad-request'],
    ['a read at a revision to come', 'GET', '/v1/kv/a?revision=999999', undefined, 400, 'future-revision'],
    ['a value of over 1 MiB', 'PUT', '/v1/kv/a', 'v'.repeat(1024 * 1024 + 1), 413, 'too-large'],
  ])('%s', async (_what, method, path, body, status, code) => {
    await expectProblem(http(`${url}${path}`, method, body), status, code)
  })

  test('a body of 100 MiB is refused before it has arrived', async () => {
    const answer = await new Promise<{ status: number; text: string }>((resolve, reject) => {
      const upload = request(`${url}/v1/kv/a`, {
        method: 'PUT',
        headers: { 'content-length': 100 * 1024 * 1024 },
      })
      upload.once('response', (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }))
      })
      upload.once('error', reject)
      upload.write(Buffer.alloc(1024))
    })
    expect(answer.status).toBe(413)
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'too-large' })
    expect((await http(`${url}/readyz`)).status).toBe(200)
  })

  test.each([
    ['another Host', { host: 'evil.example' }],
    ['a cross-site fetch', { 'sec-fetch-site': 'cross-site' }],
    ['a foreign Origin', { origin: 'http://evil.example' }],
  ])('%s is denied', async (_what, headers) => {
    const { hostname, port } = new URL(url)
    const answer = await new Promise<{ status: number; text: string }>((resolve, reject) => {
      const call = request({ hostname, port, path: '/v1/kv/a', method: 'PUT', headers }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }))
      })
      call.once('error', reject)
      call.end('v')
    })
    expect(answer.status).toBe(403)
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'denied' })
  })

  test.each([
    ['bytes that are no HTTP', '\x00\x01\x02\x03\r\n\r\n'],
    ['a request line without an end', `GET /${'a'.repeat(70_000)} HTTP/1.1\r\n\r\n`],
    ['half a request', 'PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc'],
  ])('%s', async (_what, bytes) => {
    const { hostname, port } = new URL(url)
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.end(bytes))
      socket.resume()
      socket.once('close', () => resolve())
      socket.once('error', () => resolve())
    })
    expect((await put('/v1/kv/still', 'there')).status).toBe(200)
  })
})

/** A body for each route that takes one by POST; other POSTs have none. */
const POSTED: Readonly<Record<string, (revision: unknown) => object>> = {
  '/v1/txn': () => ({ success: [{ get: { key: 'described' } }] }),
  '/v1/compact': (revision) => ({ revision }),
  '/v1/leases': () => ({ ttl: 60 }),
}
const isStream = (described: object): boolean => JSON.stringify(described).includes('text/event-stream')

test('/openapi.json describes the routes that exist, with their parameters, and no others', async () => {
  const served = (await http(`${url}/openapi.json`)).json
  expect(served).toEqual(JSON.parse(JSON.stringify(openApiDocument)))
  for (const [path, methods] of Object.entries(openApiDocument.paths)) {
    const { json: lease } = await http(`${url}/v1/leases`, 'POST', JSON.stringify({ ttl: 60 }))
    const target = `${url}${path.replace('{key}', 'described').replace('{id}', String(lease['id']))}`
    const allowed = (await fetch(target, { method: 'OPTIONS' })).headers.get('allow')?.split(', ') ?? []
    expect([path, allowed.filter((each) => each !== 'HEAD' && each !== 'OPTIONS').sort()]).toEqual([
      path,
      Object.keys(methods)
        .map((method) => method.toUpperCase())
        .sort(),
    ])
    for (const [method, described] of Object.entries(methods)) {
      const { revision } = (await put('/v1/kv/described', 'v')).json
      const posted = POSTED[path]?.(revision)
      const bodies: Readonly<Record<string, string | undefined>> = {
        put: 'v',
        post: posted && JSON.stringify(posted),
      }
      const call = (query: string) => http(`${target}${query}`, method.toUpperCase(), bodies[method])
      const { parameters = [] } = described as { parameters?: readonly { name: string; in: string }[] }
      const names = parameters.filter((each) => each.in === 'query').map(({ name }) => name)
      if (!isStream(described)) {
        const ofKey = names.includes('key') && method !== 'get' ? '?key=described' : ''
        const answer = await call(path === '/v1/proof' ? '?key=described&state=next' : ofKey)
        expect([path, method, answer.status]).toEqual([path, method, 200])
      }
      // A route names all that it takes when it is asked for something else.
      const known = ((await call('?unheard-of=1')).json['known'] ?? []) as readonly string[]
      expect([path, method, [...known].sort()]).toEqual([path, method, [...names].sort()])
    }
  }
})

test('status reports the primary, the progress of each replica, and that nothing is stalled', async () => {
  const { json } = await http(`${url}/v1/status`)
  expect(json).toMatchObject({
    n: 4,
    f: 1,
    auth: 'signed',
    suite: 'sodium',
    view: 0,
    primary: 0,
    stalled: null,
  })
  expect(StatusDocument.safeParse(json).error?.issues).toBeUndefined()
  expect(json['replicas']).toHaveLength(4)
  for (const replica of json['replicas'] as object[]) {
    expect(replica).toMatchObject({ reachable: true, view: 0, state: 'voting', suspected: false })
  }
})

test('a receipt of the command line is checked with the cluster file, and a changed one is refused', async () => {
  const file = join(directory, 'receipt.json')
  const verify = () => runCommand(kit, 'verify', file, '--cluster', join(directory, 'cluster.json'))
  const store = ['--dir', directory, '--receipt', file] as const
  for (const args of [
    ['put', 'proved', 'blue', ...store],
    ['get', 'proved', ...store],
    ['del', 'proved', ...store],
  ]) {
    expect(await runCommand(kit, ...args)).toMatchObject({ code: 0, stderr: '' })
    const verified = await verify()
    expect(verified).toMatchObject({ code: 0, stderr: '' })
    expect(verified.stdout).toMatch(/^true: replicas \d(, \d)* and \d executed a request/)
  }
  const receipt = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(file, JSON.stringify({ ...receipt, replies: [receipt.replies[0]] }))
  const refused = await verify()
  expect([refused.code, refused.stdout]).toEqual([
    1,
    'not proved: it has replies of 1 replicas, and 2 are needed\n',
  ])
  const absent = (await http(`${url}/v1/kv/proved?receipt&challenge=${'ab'.repeat(16)}`)).json
  expect(absent).toMatchObject({ code: 'not-found', receipt: { strategos: 'receipt' } })
  expect((await http(`${url}/v1/kv/proved?challenge=${'ab'.repeat(16)}`)).json['code']).toBe('bad-request')
})

test('a proved read and a snapshot cover what was written before, and are checked with the cluster file', async () => {
  const [proof, snapshot] = [join(directory, 'proof.json'), join(directory, 'state.snapshot')]
  const cluster = ['--cluster', join(directory, 'cluster.json')] as const
  await put('/v1/kv/kept', 'safe')
  expect(await runCommand(kit, 'get', 'kept', '--dir', directory, '--proof', proof)).toEqual({
    code: 0,
    stdout: 'safe',
    stderr: '',
  })
  expect(await runCommand(kit, 'verify', proof, ...cluster)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /^true: key "kept" has a value .*\n {2}in the state of sequence number \d+/,
    ),
  })
  expect(await runCommand(kit, 'get', 'lost', '--dir', directory, '--proof', proof)).toMatchObject({
    code: 1,
    stderr: 'not-found: the key does not exist\n',
  })
  expect((await runCommand(kit, 'verify', proof, ...cluster)).stdout).toContain('key "lost" does not exist')

  const saved = await runCommand(kit, 'snapshot', 'save', snapshot, '--dir', directory)
  expect(saved).toMatchObject({ code: 0, stderr: '' })
  const shown = await runCommand(kit, 'snapshot', 'status', snapshot, ...cluster)
  expect(shown).toEqual(saved)
  expect(shown.stdout).toMatch(/^true: \d+ keys, \d+ bytes, root [0-9a-f]{64}\n/)
  expect(await runCommand(kit, 'verify', snapshot, ...cluster)).toEqual(saved)
  await expectRestorable(kit, { snapshot, from: cluster, directory })
  writeFileSync(snapshot, readFileSync(snapshot).subarray(0, -1))
  expect(await runCommand(kit, 'snapshot', 'status', snapshot, ...cluster)).toMatchObject({
    code: 1,
    stdout: 'not proved: it ends before its last page\n',
  })
})

describe('a stranger keeps nobody out', () => {
  const MIB = 1024 * 1024
  const sockets: Socket[] = []
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy()
  })
  /** Connections that send these bytes and then nothing more. Resolves when the bytes have been taken. */
  const strangers = async (count: number, said: string | Buffer): Promise<readonly { answer: string }[]> => {
    const { hostname, port } = new URL(url)
    const answers: { answer: string }[] = []
    for (let made = 0; made < count; made++) {
      const answer = { answer: '' }
      answers.push(answer)
      await new Promise<void>((resolve) => {
        const socket = connect(Number(port), hostname, () => socket.write(said, () => resolve()))
        socket.on('data', (part: Buffer) => {
          answer.answer += part.toString('latin1')
        })
        socket.on('error', () => resolve())
        sockets.push(socket)
      })
    }
    return answers
  }
  const announcing = (bytes: number): string =>
    `PUT /v1/kv/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${bytes}\r\n\r\n`
  const serves = async (): Promise<void> => {
    for (const bytes of [1, MIB]) expect((await put('/v1/kv/served', 'v'.repeat(bytes))).status).toBe(200)
    expect((await http(`${url}/v1/kv/served`)).text.length).toBe(MIB)
  }
  const isBusy = ({ answer }: { answer: string }): boolean => answer.includes('HTTP/1.1 429')

  test('with bytes that it announces and does not send', async () => {
    const answers = await strangers(200, `${announcing(MIB)}x`)
    await serves()
    expect(answers.some(isBusy)).toBe(false)
  })

  test('with bodies that lack their last byte: the oldest of them make room', async () => {
    const body = Buffer.concat([Buffer.from(announcing(MIB)), Buffer.alloc(MIB - 1)])
    const answers = await strangers(60, body)
    await until('some were refused', () => answers.some(isBusy))
    await serves()
    expect(answers.every(isBusy)).toBe(false)
  })

  test('with more on one connection than it may have waiting', async () => {
    const [answer] = await strangers(1, `${announcing(MIB)}${'v'.repeat(MIB)}`.repeat(12))
    await until('some were refused', () => answer !== undefined && isBusy(answer))
    await serves()
  })

  test('with silent connections, more than there may be', async () => {
    await strangers(1_200, '')
    await serves()
  })

  test.runIf(IS_DEEP)('with bodies that come a byte at a time: they time out', async () => {
    const [answer] = await strangers(1, `${announcing(100)}x`)
    const drip = setInterval(() => sockets[0]?.write('x'), 1_000)
    const isOver = (): boolean => answer?.answer.includes('HTTP/1.1 408') === true
    await until('it is refused', isOver).finally(() => clearInterval(drip))
    expect(answer?.answer).toContain('"code":"too-slow"')
  })
})

test('SIGTERM ends a gateway once the calls that have come are answered, and a second one at once', () =>
  expectDraining(kit, { pids: pids.slice(2), directory }))
