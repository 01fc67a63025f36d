/** A gateway behind TLS and tokens: HTTP and gRPC obey the same guards on one port, and their files are read again. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type RequestOptions, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { credentials, Metadata } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Certified,
  clientCertificate,
  gatewayCertificate,
  trialAuthority,
} from '../../clients/cli/trial-certificates.ts'
import { addToken, revokeToken } from '../../clients/gateway/token-file.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { GrpcClient } from '../etcd/grpc-client.ts'
import { startStoreGateway } from '../etcd/store-gateway.ts'
import { PATIENCE_MS } from '../kit/patience.ts'

const directory = mkdtempSync(join(tmpdir(), 'strategos-guards-'))
const path = (name: string): string => join(directory, name)
let authority: Certified
let gateway: Awaited<ReturnType<typeof startStoreGateway>>
let token = ''
let busyToken = ''

function writeCertificate({ certificate, key }: Certified): void {
  writeFileSync(path('key'), key)
  writeFileSync(path('crt'), certificate)
}

beforeAll(async () => {
  authority = await trialAuthority()
  writeFileSync(path('ca'), authority.certificate)
  writeCertificate(await gatewayCertificate(authority, ['127.0.0.1', 'store.example'], 30))
  token = addToken(path('tokens'), 'alice', new Date())
  busyToken = addToken(path('tokens'), 'busy', new Date())
  gateway = await startStoreGateway(undefined, {
    tls: { certificate: path('crt'), key: path('key'), clientAuthority: path('ca') },
    tokenFile: path('tokens'),
    origins: ['https://app.example'],
    callsPerSecond: 20,
  })
})
afterAll(async () => {
  await gateway.server.close()
  rmSync(directory, { recursive: true })
})

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly json: Readonly<Record<string, unknown>>
}

/** Posts to etcd's JSON gateway, which is behind the same guards as every route. */
function post(
  route: string,
  headers: Record<string, string> = {},
  more: RequestOptions = {},
): Promise<Answer> {
  const options = { method: 'POST', ca: authority.certificate, headers, agent: false, ...more }
  return new Promise((resolve, reject) => {
    const outgoing = request(`${gateway.url}${route}`, options, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          json: text === '' ? {} : JSON.parse(text),
        }),
      )
    })
    outgoing.once('error', reject)
    outgoing.end(options.method === 'POST' ? '{"key":"YQ=="}' : undefined)
  })
}

const bearer = (text: string) => ({ authorization: `Bearer ${text}` })
const RANGE = '/v3/kv/range'

describe('over HTTP', () => {
  test('a token lets in, and without it or with another one every call is refused', async () => {
    expect((await post(RANGE, bearer(token))).status).toBe(200)
    expect((await post(RANGE, { authorization: token })).status).toBe(200)
    for (const headers of [{}, bearer(`${token}x`), bearer('strategos_'), bearer('')]) {
      const refused = await post(RANGE, headers)
      expect([refused.status, refused.json['message']]).toEqual([401, 'etcdserver: invalid auth token'])
    }
    expect(await post('/health', {}, { method: 'GET' })).toMatchObject({ status: 200 })
  })

  test("a certificate of the clients' authority lets in, and one of another authority does not", async () => {
    const own = await clientCertificate(authority, 'bob', 1)
    expect((await post(RANGE, {}, { cert: own.certificate, key: own.key })).status).toBe(200)
    const foreign = await clientCertificate(await trialAuthority(), 'bob', 1)
    expect((await post(RANGE, {}, { cert: foreign.certificate, key: foreign.key })).status).toBe(401)
  })

  test('it answers to the names of its certificate, and to no others', async () => {
    const asked = (host: string) =>
      post(RANGE, { ...bearer(token), host }, { checkServerIdentity: () => undefined })
    expect((await asked('store.example')).status).toBe(200)
    expect(await asked('evil.example')).toMatchObject({ status: 403, json: { code: 7 } })
  })

  test('pages of sites that are allowed may ask and read refusals, and those of others may not', async () => {
    const origin = 'https://app.example'
    const allowed = await post(RANGE, { ...bearer(token), origin, 'sec-fetch-site': 'cross-site' })
    expect([allowed.status, allowed.headers['access-control-allow-origin']]).toEqual([200, origin])
    const refused = await post(RANGE, { origin })
    expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([401, origin])
    const asking = { origin, 'access-control-request-method': 'POST' }
    const leave = await post(RANGE, asking, { method: 'OPTIONS' })
    expect([leave.status, leave.headers['access-control-allow-origin']]).toEqual([204, origin])
    const other = await post(RANGE, { ...bearer(token), origin: 'https://evil.example' })
    expect([other.status, other.headers['access-control-allow-origin']]).toEqual([403, undefined])
  })
})

describe('over gRPC', () => {
  const clients: GrpcClient[] = []
  const client = (): GrpcClient => {
    const made = new GrpcClient(gateway.url, credentials.createSsl(Buffer.from(authority.certificate)))
    clients.push(made)
    return made
  }
  afterAll(() => {
    for (const each of clients) each.close()
  })
  const withMetadata = (entries: Readonly<Record<string, string>>): Metadata => {
    const metadata = new Metadata()
    for (const [name, value] of Object.entries(entries)) metadata.set(name, value)
    return metadata
  }
  const range = (asking: GrpcClient, entries: Readonly<Record<string, string>>) =>
    asking.call('/etcdserverpb.KV/Range', { key: utf8('a') }, withMetadata(entries))

  test('a name and its token are authenticated, and the token lets in', async () => {
    const asking = client()
    const named = (name: string, password: string) =>
      asking.call('/etcdserverpb.Auth/Authenticate', { name, password })
    expect(await named('alice', token)).toMatchObject({ answer: { token } })
    expect(await named('bob', token)).toMatchObject({
      code: 3,
      text: expect.stringContaining('authentication failed'),
    })
    expect(await range(asking, { token })).toHaveProperty('answer')
    expect(await range(asking, bearer(token))).toHaveProperty('answer')
    expect(await range(asking, {})).toEqual({ code: 16, text: 'etcdserver: invalid auth token' })
  })

  test('a page of another site is refused', async () => {
    const refused = await range(client(), { token, origin: 'https://evil.example' })
    expect(refused).toEqual({ code: 7, text: 'etcdserver: permission denied' })
  })

  test('a caller that asks too often is refused, and others are not', async () => {
    const asking = client()
    const answers = await Promise.all(Array.from({ length: 300 }, () => range(asking, { token: busyToken })))
    expect(answers).toContainEqual({ code: 8, text: 'etcdserver: too many requests' })
    const own = await clientCertificate(authority, 'carol', 1)
    expect((await post(RANGE, {}, { cert: own.certificate, key: own.key })).status).toBe(200)
  })
})

test('whoever speaks both protocols of HTTP gets the older one, as browsers must', async () => {
  const { port } = new URL(gateway.url)
  const chosen = (ALPNProtocols: string[]) =>
    new Promise((resolve, reject) => {
      const socket = connect(
        { port: Number(port), host: '127.0.0.1', ca: authority.certificate, ALPNProtocols },
        () => {
          resolve(socket.alpnProtocol)
          socket.destroy()
        },
      )
      socket.once('error', reject)
    })
  expect(await chosen(['h2', 'http/1.1'])).toBe('http/1.1')
  expect(await chosen(['h2'])).toBe('h2')
})

describe('without a restart', () => {
  const patience = { timeout: PATIENCE_MS, interval: 100 }

  test('a new certificate is taken once it fits its key, and until then the old one stays', async () => {
    const serialNumber = () =>
      new Promise<string>((resolve, reject) => {
        const socket = connect(
          { port: Number(new URL(gateway.url).port), host: '127.0.0.1', ca: authority.certificate },
          () => {
            resolve(socket.getPeerCertificate().serialNumber)
            socket.destroy()
          },
        )
        socket.once('error', reject)
      })
    const before = await serialNumber()
    const renewed = await gatewayCertificate(authority, ['127.0.0.1'], 30)
    writeFileSync(path('key'), renewed.key)
    await expect.poll(() => gateway.reports.join(), patience).toContain('keeps the certificate it has')
    expect(await serialNumber()).toBe(before)
    writeFileSync(path('crt'), renewed.certificate)
    await expect.poll(serialNumber, patience).not.toBe(before)
  })

  test('a token that is revoked ends what it began, and a new one lets in', async () => {
    const asking = new GrpcClient(gateway.url, credentials.createSsl(readFileSync(path('ca'))))
    const ended = new Promise((resolve) => {
      const metadata = new Metadata()
      metadata.set('token', token)
      const write = () => Buffer.from([])
      const stream = asking.client.makeBidiStreamRequest('/etcdserverpb.Watch/Watch', write, write, metadata)
      stream.on('error', resolve).on('data', () => {})
      stream.write({})
    })
    const next = addToken(path('tokens'), 'dora', new Date())
    await expect.poll(async () => (await post(RANGE, bearer(next))).status, patience).toBe(200)
    expect((await post(RANGE, bearer(token))).status).toBe(200)
    revokeToken(path('tokens'), 'alice')
    await expect.poll(async () => (await post(RANGE, bearer(token))).status, patience).toBe(401)
    expect(await ended).toHaveProperty('code')
    asking.close()
    rmSync(path('tokens'))
    await expect.poll(async () => (await post(RANGE, bearer(next))).status, patience).toBe(401)
  })
})
