/** Locks and elections of the library on a store of this process: order, tokens, and what fencing is good for. */
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { LockLostError } from '../../clients/library/index.ts'
import type { Lock } from '../../clients/library/lock.ts'
import type { Store } from '../../clients/library/store.ts'
import { PATIENT } from '../kit/patience.ts'
import { Counter } from './fenced-counter.ts'
import { LibraryStores } from './library-stores.ts'

const stores = new LibraryStores()
let store: Store
beforeAll(async () => {
  await stores.listen()
  store = await stores.open('straight')
})
afterAll(() => stores.close())
beforeEach(() => stores.clear())

const CONTENDERS = 8

/** Ends the leases of all who do not renew them: as much time passes as they have to live, and then something is executed. */
const endLeases = (): void => {
  stores.server.store.now += 3_600_000
  stores.server.store.batch([])
}

test.each(['straight', 'gateway'] as const)('contenders have it one after another, %s', async (by) => {
  const each = await stores.open(by)
  let holders = 0
  const tokens: number[] = []
  const contend = async (): Promise<void> => {
    await using lock = await each.lock('L')
    expect(++holders).toBe(1)
    tokens.push(lock.token)
    await pause(2)
    holders--
  }
  await Promise.all(Array.from({ length: CONTENDERS }, contend))
  expect(tokens).toHaveLength(CONTENDERS)
  expect(tokens).toEqual([...tokens].sort((a, b) => a - b))
  expect(await each.leases()).toEqual([])
  await each.close()
})

test('a wait that is aborted leaves the queue', async () => {
  const first = await store.lock('L')
  const controller = new AbortController()
  const second = store.lock('L', { signal: controller.signal })
  await vi.waitFor(async () => expect(await store.count({ prefix: 'L/' })).toBe(2), PATIENT)
  controller.abort(new Error('enough'))
  await expect(second).rejects.toThrow('enough')
  expect(await store.count({ prefix: 'L/' })).toBe(1)
  await first.release()
})

test('a place that is lost while it waits is no lock', async () => {
  const first = await store.lock('L')
  const second = store.lock('L')
  second.catch(() => {})
  await vi.waitFor(async () => expect(await store.count({ prefix: 'L/' })).toBe(2), PATIENT)
  endLeases()
  await expect(second).rejects.toBeInstanceOf(LockLostError)
  await first.release()
})

/** Holders read a counter, and some are paused past the end of their lease before they write it. */
async function count(counter: Counter): Promise<void> {
  const paused: (() => void)[] = []
  for (let index = 0; index < CONTENDERS; index++) {
    const lock: Lock = await store.lock('counter')
    const next = (counter.read(lock.token) ?? 0) + 1
    if (index % 3 === 1) {
      endLeases()
      paused.push(() => counter.write(next, lock.token))
      await lock.release()
    } else {
      counter.write(next, lock.token)
      await lock.release()
      for (const write of paused.splice(0)) write()
    }
  }
}

describe('a counter that paused holders write late', () => {
  test('is never wrong where it refuses smaller tokens', async () => {
    const counter = new Counter(true)
    await count(counter)
    expect(counter.lost).toBe(0)
    expect(counter.refused).toBeGreaterThan(0)
  })

  test('loses writes without a fence', async () => {
    const counter = new Counter(false)
    await count(counter)
    expect(counter.lost).toBeGreaterThan(0)
  })
})

test('an election has one leader, whose value others read and follow', async () => {
  const seen: (string | null)[] = []
  const controller = new AbortController()
  const following = (async () => {
    const leaders = store.leaders('E', { signal: controller.signal })
    for await (const leader of leaders) seen.push(leader?.text ?? null)
  })().catch((error) => expect(error).toBe(controller.signal.reason))
  await vi.waitFor(() => expect(seen).toEqual([null]), PATIENT)
  const ann = await store.campaign('E', 'ann')
  const bob = store.campaign('E', 'bob')
  await vi.waitFor(() => expect(seen.at(-1)).toBe('ann'), PATIENT)
  await ann.proclaim('ann at home')
  await vi.waitFor(() => expect(seen.at(-1)).toBe('ann at home'), PATIENT)
  await ann.release()
  expect((await bob).token).toBeGreaterThan(ann.token)
  expect((await store.leader('E'))?.text).toBe('bob')
  await expect(ann.proclaim('again')).rejects.toBeInstanceOf(LockLostError)
  await (await bob).release()
  await vi.waitFor(() => expect(seen.at(-1)).toBeNull(), PATIENT)
  controller.abort()
  await following
})
