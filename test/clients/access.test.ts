/** Principals and rights as the library offers them, on a store without replicas around it. */
import { beforeEach, expect, test } from 'vitest'
import { Access } from '../../clients/library/access.ts'
import { BadKeyError, BadRequestError, DeniedError } from '../../clients/library/store-errors.ts'
import type { Operation } from '../../src/store/operations-writer.ts'
import type { Result } from '../../src/store/results.ts'
import { admin, alice, bob, Guarded, keyOf } from '../store/access-language.ts'
import { get, put } from '../store/harness.ts'

let store: Guarded

beforeEach(() => {
  store = new Guarded()
})

const accessOf = (client: typeof admin): Access =>
  new Access(async (operation: Operation) => store.as(client, operation)[0] as Result)

test('an administrator makes principals, grants rights and has everything judged', async () => {
  const access = accessOf(admin)
  await access.set(keyOf(alice), 'alice')
  await access.set(keyOf(bob), 'gateway')
  const prefix = Buffer.from('app/')
  await access.grant(keyOf(alice), ['read', 'write'], { prefix })
  expect(`${prefix}`).toBe('app/')
  await access.grant(keyOf(alice), ['read'], 'one')
  await access.revoke(keyOf(alice), ['write'], { start: 'app/m', end: 'app/n' })
  await access.letActFor(keyOf(bob), keyOf(alice))
  await access.switch(true)
  const state = await access.state()
  expect(state.on).toBe(true)
  expect(state.principals.map(({ name, administrator }) => [name, administrator])).toEqual([
    ['alice', false],
    ['admin', true],
    ['gateway', false],
  ])
  const texts = state.principals[0]?.rights.map(({ permissions, from, to }) => [
    ...[permissions.join(), Buffer.from(from).toString(), to === null ? null : Buffer.from(to).toString()],
  ])
  expect(texts).toEqual([
    ['read,write', 'app/', 'app/m'],
    ['read', 'app/m', 'app/n'],
    ['read,write', 'app/n', 'app0'],
    ['read', 'one', 'one\0'],
  ])
  expect(state.principals[2]?.actsFor).toEqual([keyOf(alice)])
  expect(store.statuses(alice, put('app/a', 'v'), put('app/m', 'v'), get('app/m'))).toEqual([
    ...['ok', 'denied', 'not-found'],
  ])
  await access.remove(keyOf(alice))
  expect((await access.state()).principals).toHaveLength(2)
})

test('what is refused is refused with its reason', async () => {
  await expect(accessOf(alice).switch(true)).rejects.toThrow(DeniedError)
  const access = accessOf(admin)
  await expect(access.grant(keyOf(alice), ['read'], 'k')).rejects.toThrow(
    'there is no principal with this key',
  )
  await access.set(keyOf(alice), 'alice')
  await expect(access.set(keyOf(bob), 'alice')).rejects.toThrow('another principal has this name')
  await expect(access.grant(keyOf(alice), [], 'k')).rejects.toThrow(BadRequestError)
  await expect(access.grant(keyOf(alice), ['read'], '')).rejects.toThrow(BadKeyError)
  await expect(access.set(new Uint8Array(31), 'short')).rejects.toThrow('32 bytes, and not 31')
})
