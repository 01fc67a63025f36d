/**
 * npm's etcd3, unmodified: the examples of its README and its features, before gateways of one store. Without the package
 * all is skipped.
 */
import { once } from 'node:events'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startStoreGateway, testStore } from '../etcd/store-gateway.ts'
import { PATIENT } from '../kit/patience.ts'
import { installEtcd3 } from './etcd3-package.ts'

const installed = installEtcd3()
const whyNot = typeof installed === 'string' ? installed : null
const etcd3 = typeof installed === 'string' ? null : installed.etcd3
const until = (holds: () => unknown) => vi.waitFor(holds, PATIENT)

describe.skipIf(whyNot !== null)(`etcd3${whyNot === null ? '' : `: ${whyNot}`}`, () => {
  let gateways: Awaited<ReturnType<typeof startStoreGateway>>[]
  // biome-ignore lint/suspicious/noExplicitAny: the package has no types here
  let client: any
  // biome-ignore lint/suspicious/noExplicitAny: the package has no types here
  const clients: any[] = []
  const connect = (hosts: readonly string[]) => {
    const made = new etcd3.Etcd3({ hosts })
    clients.push(made)
    return made
  }

  beforeEach(async () => {
    const store = testStore()
    gateways = [await startStoreGateway(store), await startStoreGateway(store)]
    client = connect([gateways[0]?.url ?? ''])
  })
  afterEach(async () => {
    for (const each of clients.splice(0)) each.close()
    for (const { server } of gateways) await server.close()
  })
  afterAll(() => {
    if (typeof installed !== 'string') installed.remove()
  })

  test('the first example of its README', async () => {
    await client.put('foo').value('bar')
    expect(await client.get('foo').string()).toBe('bar')
    expect(await client.getAll().prefix('f').keys()).toEqual(['foo'])
    await client.delete().all()
    expect(await client.get('foo').string()).toBe(null)
  })

  test('ranges, sorting, limits, and comparisons', async () => {
    for (const [key, value] of [
      ['a', '3'],
      ['b', '1'],
      ['c', '2'],
    ])
      await client.put(key).value(value)
    expect(await client.getAll().sort('Value', 'Ascend').keys()).toEqual(['b', 'c', 'a'])
    expect(await client.getAll().limit(2).strings()).toEqual({ a: '3', b: '1' })
    expect(await client.getAll().count()).toBe(3)
    const swapped = (expected: string) =>
      client
        .if('a', 'Value', '==', expected)
        .then(client.put('a').value('new'))
        .else(client.get('a'))
        .commit()
    expect((await swapped('none')).succeeded).toBe(false)
    expect((await swapped('3')).succeeded).toBe(true)
    expect(await client.get('a').string()).toBe('new')
  })

  test('namespaces', async () => {
    const inside = client.namespace('users/')
    await inside.put('alice').value('1')
    expect(await client.get('users/alice').string()).toBe('1')
    const watcher = await inside.watch().prefix('').create()
    const seen = once(watcher, 'put')
    await client.put('users/bob').value('2')
    const [kv] = await seen
    expect(kv.key.toString()).toBe('bob')
    await watcher.cancel()
  })

  test('a lease is kept alive, and its loss is said', async () => {
    const lease = client.lease(5)
    await lease.put('leased').value('x')
    await lease.keepaliveOnce()
    const lost = once(lease, 'lost')
    await client.leaseClient.leaseRevoke({ ID: await lease.grant() })
    await lease.keepaliveOnce().catch(() => {})
    await lost
    expect(await client.get('leased').string()).toBe(null)
  })

  test('a lock is held by one', async () => {
    const held = await client.lock('l').ttl(10).acquire()
    await expect(client.lock('l').ttl(10).acquire()).rejects.toThrow(/lock/i)
    await held.release()
    expect(
      await client
        .lock('l')
        .ttl(10)
        .do(async () => 'done'),
    ).toBe('done')
  })

  test('STM repeats what was overtaken', async () => {
    await client.put('n').value('0')
    const add = () =>
      // biome-ignore lint/suspicious/noExplicitAny: the package has no types here
      client.stm({ retries: 50 }).transact(async (tx: any) => {
        const value = await tx.get('n').number()
        await tx.put('n').value(value + 1)
      })
    await Promise.all(Array.from({ length: 8 }, add))
    expect(await client.get('n').number()).toBe(8)
  })

  test('an election has one leader at a time, who is observed', async () => {
    const election = client.election('e', 5)
    const observer = await election.observe()
    const seen: string[] = []
    observer.on('change', (leader?: string) => seen.push(leader ?? ''))
    const first = election.campaign('one')
    await once(first, 'elected')
    expect(await election.leader()).toBe('one')
    const other = connect([gateways[1]?.url ?? ''])
    const second = other.election('e', 5).campaign('two')
    let isElected = false
    second.on('elected', () => {
      isElected = true
    })
    await until(async () => expect(await client.getAll().prefix('election/e').count()).toBe(2))
    expect(isElected).toBe(false)
    await first.resign()
    await until(() => expect(isElected).toBe(true))
    await until(() => expect(seen.at(-1)).toBe('two'))
    await observer.cancel()
    await second.resign()
  })

  test('a watcher misses nothing while its gateway is away', async () => {
    const both = connect(gateways.map(({ url }) => url))
    const watcher = await both.watch().prefix('w/').create()
    const seen: string[] = []
    // biome-ignore lint/suspicious/noExplicitAny: the package has no types here
    watcher.on('put', (kv: any) => seen.push(kv.key.toString()))
    const writer = connect([gateways[1]?.url ?? ''])
    await writer.put('w/1').value('x')
    await until(() => expect(seen).toEqual(['w/1']))
    await gateways[0]?.server.close()
    await writer.put('w/2').value('x')
    await writer.put('w/3').value('x')
    await until(() => expect(seen).toEqual(['w/1', 'w/2', 'w/3']))
    await watcher.cancel()
  })

  test('a client with two gateways goes on when one ends', async () => {
    const both = connect(gateways.map(({ url }) => url))
    await both.put('before').value('1')
    await gateways[0]?.server.close()
    await until(async () => expect(await both.get('before').string()).toBe('1'))
    await until(async () => both.put('after').value('2'))
    expect(await both.get('after').string()).toBe('2')
  })

  test('its errors are recognized', async () => {
    await expect(client.get('a').revision(99).exec()).rejects.toBeInstanceOf(
      etcd3.EtcdOutOfRangeError ?? Error,
    )
    await expect(client.leaseClient.leaseRevoke({ ID: '7' })).rejects.toBeInstanceOf(
      etcd3.EtcdLeaseInvalidError,
    )
    await expect(client.auth.authEnable()).rejects.toThrow('authentication is not enabled')
  })

  test('the cluster is said', async () => {
    const { members } = await client.cluster.memberList({})
    expect(members).toHaveLength(4)
    expect((await client.maintenance.status()).version).toMatch(/^3\./)
  })
})
