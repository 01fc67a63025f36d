/** etcd's services Lock and Election, over gRPC and in JSON: one queue, in the order of arrival. */
import { Metadata } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { PATIENT } from '../kit/patience.ts'
import { GrpcClient } from './grpc-client.ts'
import { startStoreGateway } from './store-gateway.ts'

let gateway: Awaited<ReturnType<typeof startStoreGateway>>
let client: GrpcClient

beforeAll(async () => {
  gateway = await startStoreGateway()
  client = new GrpcClient(gateway.url)
})
afterAll(async () => {
  client.close()
  await gateway.server.close()
})

const until = (holds: () => void | Promise<void>) => vi.waitFor(holds, PATIENT)
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

async function answered<T>(path: string, request: object): Promise<T> {
  const outcome = await client.call(path, request)
  if (!('answer' in outcome)) throw new Error(`${path}: ${outcome.text}`)
  return outcome.answer as T
}

async function grant(): Promise<bigint> {
  return (await answered<{ ID: bigint }>('/etcdserverpb.Lease/LeaseGrant', { TTL: 100 })).ID
}

const keysOf = async (prefix: string): Promise<number> => {
  const range = { key: utf8(`${prefix}/`), rangeEnd: utf8(`${prefix}0`) }
  return Number((await answered<{ count: bigint }>('/etcdserverpb.KV/Range', range)).count)
}

async function json(path: string, body: object): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${gateway.url}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

describe('a lock', () => {
  const lock = (name: string, lease: bigint) =>
    client.call('/v3lockpb.Lock/Lock', { name: utf8(name), lease })
  const unlock = (key: unknown) => client.call('/v3lockpb.Lock/Unlock', { key })

  test('is held by one at a time, in the order of asking', async () => {
    const leases = [await grant(), await grant(), await grant()]
    const order: number[] = []
    const keys: unknown[] = []
    const asks: Promise<void>[] = []
    for (const [index, lease] of leases.entries()) {
      const asked = lock('m', lease).then((outcome) => {
        order.push(index)
        keys[index] = (outcome as { answer: { key: Uint8Array } }).answer.key
      })
      asks.push(asked)
      await until(async () => expect(await keysOf('m')).toBe(index + 1))
    }
    for (const index of [0, 1, 2]) {
      await asks[index]
      expect(order).toHaveLength(index + 1)
      await unlock(keys[index])
    }
    expect(order).toEqual([0, 1, 2])
    expect(textOf(keys[0] as Uint8Array)).toBe(`m/${leases[0]?.toString(16)}`)
  })

  test('goes on to the next when the lease of its holder ends', async () => {
    const [first, second] = [await grant(), await grant()]
    await lock('e', first)
    const waiting = lock('e', second)
    await until(async () => expect(await keysOf('e')).toBe(2))
    await client.call('/etcdserverpb.Lease/LeaseRevoke', { ID: first })
    expect(await waiting).toHaveProperty('answer')
  })

  test('that is held already is answered at once, and one without a lease gets its own', async () => {
    const lease = await grant()
    const [one, again] = [await lock('same', lease), await lock('same', lease)]
    expect((one as { answer: { key: unknown } }).answer.key).toEqual(
      (again as { answer: { key: unknown } }).answer.key,
    )
    expect(await lock('none', 0n)).toHaveProperty('answer')
    expect(await lock('lost', 123_456n)).toEqual({ code: 5, text: 'etcdserver: requested lease not found' })
  })

  test('of a caller whose deadline passes while it waits leaves no place', async () => {
    await lock('late', await grant())
    const metadata = new Metadata()
    metadata.set('grpc-timeout', '300m')
    const waiting = client.call('/v3lockpb.Lock/Lock', { name: utf8('late'), lease: await grant() }, metadata)
    await until(async () => expect(await keysOf('late')).toBe(2))
    await until(async () => expect(await keysOf('late')).toBe(1))
    expect(await waiting).toHaveProperty('code')
  })

  test('of a caller who leaves while it waits leaves no place', async () => {
    await lock('left', await grant())
    const leaving = new AbortController()
    const body = JSON.stringify({ name: Buffer.from('left').toString('base64'), lease: `${await grant()}` })
    const waiting = fetch(`${gateway.url}/v3/lock/lock`, { method: 'POST', body, signal: leaving.signal })
    await until(async () => expect(await keysOf('left')).toBe(2))
    leaving.abort()
    await expect(waiting).rejects.toThrow()
    await until(async () => expect(await keysOf('left')).toBe(1))
  })

  test('in JSON', async () => {
    const lease = await grant()
    const held = await json('lock/lock', { name: Buffer.from('j').toString('base64'), lease: `${lease}` })
    expect(held).toMatchObject({
      status: 200,
      body: { key: Buffer.from(`j/${lease.toString(16)}`).toString('base64') },
    })
    expect(await json('lock/unlock', { key: held.body['key'] })).toMatchObject({ status: 200 })
    expect(await keysOf('j')).toBe(0)
  })
})

describe('an election', () => {
  const call = (method: string, request: object) => client.call(`/v3electionpb.Election/${method}`, request)
  const campaign = (name: string, lease: bigint, value: string) =>
    answered<{ leader: object }>('/v3electionpb.Election/Campaign', {
      name: utf8(name),
      lease,
      value: utf8(value),
    })
  const leaderOf = async (name: string) => {
    const { kv } = await answered<{ kv: { value: Uint8Array } }>('/v3electionpb.Election/Leader', {
      name: utf8(name),
    })
    return textOf(kv.value)
  }

  test('has one leader, who proclaims and resigns', async () => {
    const first = await campaign('el', await grant(), 'a')
    const second = campaign('el', await grant(), 'b')
    await until(async () => expect(await keysOf('el')).toBe(2))
    expect(await leaderOf('el')).toBe('a')
    expect(await call('Proclaim', { leader: first.leader, value: utf8('a2') })).toHaveProperty('answer')
    expect(await leaderOf('el')).toBe('a2')
    expect(await call('Resign', { leader: first.leader })).toHaveProperty('answer')
    const { leader } = await second
    expect(await leaderOf('el')).toBe('b')
    expect(await call('Proclaim', { leader: first.leader, value: utf8('late') })).toEqual({
      code: 2,
      text: 'election: not leader',
    })
    await call('Resign', { leader })
    expect(await call('Leader', { name: utf8('el') })).toEqual({ code: 2, text: 'election: no leader' })
  })

  test('is observed from one leader to the next', async () => {
    const leaving = new AbortController()
    const body = JSON.stringify({ name: Buffer.from('ob').toString('base64') })
    const url = `${gateway.url}/v3/election/observe`
    const seen: string[] = []
    const reading = (async () => {
      const response = await fetch(url, { method: 'POST', body, signal: leaving.signal })
      for await (const chunk of response.body ?? []) {
        for (const line of Buffer.from(chunk).toString().trimEnd().split('\n')) {
          seen.push(Buffer.from(JSON.parse(line).result.kv.value, 'base64').toString())
        }
      }
    })().catch(() => {})
    const first = await campaign('ob', await grant(), 'one')
    await until(() => expect(seen).toEqual(['one']))
    await call('Proclaim', { leader: first.leader, value: utf8('more') })
    await until(() => expect(seen).toEqual(['one', 'more']))
    const second = campaign('ob', await grant(), 'two')
    await until(async () => expect(await keysOf('ob')).toBe(2))
    await call('Resign', { leader: first.leader })
    await second
    await until(() => expect(seen).toEqual(['one', 'more', 'two']))
    leaving.abort()
    await reading
  })

  test('names what a request lacks', async () => {
    expect(await call('Proclaim', {})).toEqual({ code: 2, text: '"leader" field must be provided' })
    expect(await json('election/resign', {})).toMatchObject({
      status: 500,
      body: { code: 2, error: '"leader" field must be provided' },
    })
    expect(await json('election/leader', { name: 'bm9ib2R5' })).toMatchObject({
      status: 500,
      body: { code: 2, error: 'election: no leader' },
    })
  })
})
