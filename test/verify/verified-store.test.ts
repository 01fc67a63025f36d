/** A client that takes nothing without proof, at a gateway that is honest and at gateways that lie. */
import { describe, expect, test } from 'vitest'
import { challengedOperations } from '../../clients/verify/challenge.ts'
import { OperationRefused, UnprovedAnswer, VerifiedStore } from '../../clients/verify/verified-store.ts'
import { fromHex, utf8 } from '../../src/base/bytes.ts'
import type { Operation } from '../../src/store/operations-writer.ts'
import { SigningCluster } from './proof-kit.ts'

const COLOUR = utf8('colour')

/** A gateway over a store of this process; `lie` changes what it answers. */
function gatewayOf(lie: (receipt: object, asked: URL) => object = (receipt) => receipt) {
  const kit = new SigningCluster()
  const execute = (method: string, url: URL, body: Uint8Array | undefined): object => {
    const key = utf8(url.searchParams.get('key') ?? '')
    const ifRevision = url.searchParams.get('ifRevision')
    const condition = ifRevision === null ? {} : { ifRevision: Number(ifRevision) }
    const operation: Operation =
      method === 'PUT'
        ? { kind: 'put', key, value: body ?? new Uint8Array(0), ...condition }
        : method === 'DELETE'
          ? { kind: 'delete', key, ...condition }
          : { kind: 'get', key }
    return kit.receipt(challengedOperations(operation, fromHex(url.searchParams.get('challenge') ?? '')))
  }
  const store = new VerifiedStore({
    url: 'http://gateway.test/',
    cluster: kit.cluster,
    send: async (url, { method, body }) => ({
      text: async () => JSON.stringify({ receipt: lie(execute(method, new URL(url), body), new URL(url)) }),
    }),
  })
  return { kit, store }
}

describe('at an honest gateway', () => {
  test('what is written is read, and an absence is an answer', async () => {
    const { store } = gatewayOf()
    expect(await store.get(COLOUR)).toBeNull()
    expect(await store.put(COLOUR, utf8('blue'), { ifRevision: 0 })).toMatchObject({
      revision: 2,
      version: 1,
    })
    expect((await store.get(COLOUR))?.value).toEqual(utf8('blue'))
    await expect(store.put(COLOUR, utf8('red'), { ifRevision: 0 })).rejects.toThrow(OperationRefused)
    expect(await store.delete(COLOUR)).toMatchObject({ deleted: true })
    expect(await store.get(COLOUR)).toBeNull()
  })
})

describe('at a gateway that lies', () => {
  const faultOf = async (work: Promise<unknown>): Promise<string> => {
    const error = await work.then(
      () => null,
      (reason: unknown) => reason,
    )
    return error instanceof UnprovedAnswer ? error.fault : `${error}`
  }

  test('an old answer, one of another key, and one of another operation are refused', async () => {
    let kept: object | null = null
    const { kit, store } = gatewayOf((receipt) => {
      kept ??= receipt
      return kept
    })
    expect(await store.get(COLOUR)).toBeNull()
    expect(await faultOf(store.get(COLOUR))).toBe('not-asked')
    expect(await faultOf(store.put(COLOUR, utf8('x')))).toBe('not-asked')
    for (const other of [
      { kind: 'get', key: utf8('color') },
      { kind: 'put', key: COLOUR, value: utf8('green') },
    ] as const) {
      const { store: lying } = gatewayOf((_receipt, asked) =>
        kit.receipt(challengedOperations(other, fromHex(asked.searchParams.get('challenge') ?? ''))),
      )
      expect(await faultOf(lying.get(COLOUR))).toBe('not-asked')
    }
  })

  test('other results, fewer replicas, another cluster, and no receipt are refused', async () => {
    const other = new SigningCluster({ keys: 800 })
    const lies: readonly (readonly [string, (receipt: object) => object])[] = [
      [
        'results',
        (receipt) => ({
          ...receipt,
          results: other
            .receipt([
              { kind: 'get', key: COLOUR },
              { kind: 'get', key: COLOUR },
            ])
            .results.replace(/A/, 'B'),
        }),
      ],
      ['too-few-replies', (receipt) => ({ ...receipt, replies: [] })],
      ['other-cluster', () => other.receipt([{ kind: 'get', key: COLOUR }])],
      ['form', () => ({})],
    ]
    for (const [fault, lie] of lies) expect(await faultOf(gatewayOf(lie).store.get(COLOUR))).toBe(fault)
    for (const text of ['not JSON', '{"code":"busy","detail":"too much waits"}', 'null']) {
      const { kit } = gatewayOf()
      const store = new VerifiedStore({
        url: 'http://gateway.test',
        cluster: kit.cluster,
        send: async () => ({ text: async () => text }),
      })
      expect(await faultOf(store.get(COLOUR))).toBe('no-receipt')
    }
  })
})
