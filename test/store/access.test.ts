/** Principals and rights: what each operation takes, and that everything is judged as a whole before it is executed. */
import { beforeEach, describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { EVERY_KEY, oneKey } from '../../src/store/key-range.ts'
import { encodeOperations, type Operation } from '../../src/store/operations-writer.ts'
import {
  access,
  admin,
  alice,
  bob,
  Guarded,
  grant,
  keyOf,
  letActFor,
  prefix,
  principal,
  revoke,
  stranger,
} from './access-language.ts'
import { Driver, get, list, put, remove } from './harness.ts'

const range = (text: string): Operation => ({ kind: 'range', ...prefix(text) })
const deletion = (text: string, previous = false): Operation => ({
  kind: 'delete-range',
  previous,
  ...prefix(text),
})
const changes = (text: string): Operation => ({
  kind: 'changes',
  after: { main: 0, sub: 0 },
  ...prefix(text),
})
const richPut = (key: string, previous: boolean): Operation => ({
  ...{ kind: 'put-with-options', key: utf8(key), value: utf8('v') },
  previous,
})
const transaction = (
  success: readonly Operation[],
  failure: readonly Operation[] = [],
  compared: readonly string[] = [],
): Operation => ({
  kind: 'transaction',
  compares: compared.map((key) => ({
    ...oneKey(utf8(key)),
    ...{ target: 'version', relation: 'equal', number: 0 },
  })),
  success,
  failure,
})
const lease = (kind: 'lease-grant' | 'lease-revoke' | 'lease-keep-alive', id: bigint): Operation =>
  kind === 'lease-grant' ? { kind, id, ttl: 60 } : { kind, id }

let store: Guarded

beforeEach(() => {
  store = new Guarded()
  store.administer(principal(alice, 'alice'), principal(bob, 'bob'))
})

/** Turns access on, with alice reading r and writing w, and both with b. */
function turnOn(): void {
  store.administer(
    ...[put('r1', 'one'), put('w1', 'two'), put('b1', 'three'), put('x1', 'four')],
    ...[grant(alice, 'read', prefix('r')), grant(alice, 'write', prefix('w'))],
    ...[grant(alice, 'read', prefix('b')), grant(alice, 'write', prefix('b'))],
    access.on,
  )
}

describe('while access is off', () => {
  test('everybody does what they did', () => {
    expect(store.statuses(alice, put('x', 'v'), get('x'), deletion('x'))).toEqual(['ok', 'ok', 'ok'])
  })

  test('only an administrator changes principals and rights', () => {
    expect(store.statuses(alice, access.on, principal(stranger, 'eve'), access.list)).toEqual(
      Array(3).fill('denied'),
    )
    expect(store.statuses(bob, grant(bob, 'read', EVERY_KEY))).toEqual(['denied'])
  })

  test('a store without administrators supports neither principals nor acting for one', () => {
    const driver = new Driver()
    const before = driver.fingerprint()
    const asked = [access.on, access.list, { ...get('k'), actAs: keyOf(bob) }] as const
    expect(driver.run(...asked).map(({ status }) => status)).toEqual(Array(3).fill('unsupported'))
    expect(driver.fingerprint()).not.toBe(before) // The session, and nothing else.
    expect(driver.store.revision).toBe(1)
  })
})

describe('what an operation takes', () => {
  beforeEach(turnOn)

  test.each<[string, Operation, string]>([
    ['a put where it may write', put('w1', 'v'), 'ok'],
    ['a put where it may only read', put('r1', 'v'), 'denied'],
    ['a get where it may read', get('r1'), 'ok'],
    ['a get where it may only write', get('w1'), 'denied'],
    ['a get of a key that does not exist, where it may not read', get('x9'), 'denied'],
    ['a deletion where it may write', remove('w1'), 'ok'],
    ['a deletion where it may only read', remove('r1'), 'denied'],
    ['a list where it may read', list('r', 10), 'ok'],
    ['a list beyond', list('', 10), 'denied'],
    ['a count beyond', list('', 0), 'denied'],
    ['a range where it may read', range('r'), 'ok'],
    ['a range beyond', range('x'), 'denied'],
    ['a range of all keys', { kind: 'range', ...EVERY_KEY }, 'denied'],
    ['a range over a border', { kind: 'range', key: utf8('r'), end: utf8('s0') }, 'denied'],
    ['a range over a gap', { kind: 'range', key: utf8('b'), end: utf8('s') }, 'denied'],
    ['a range of an old revision beyond', { kind: 'range', revision: 2, ...prefix('x') }, 'denied'],
    ['a deletion of a range where it may write', deletion('w'), 'ok'],
    ['a deletion of a range that shows what it may not read', deletion('w', true), 'denied'],
    ['a deletion of a range that shows what it may read', deletion('b', true), 'ok'],
    ['a deletion of a range where it may only read', deletion('r'), 'denied'],
    ['changes where it may read', changes('r'), 'ok'],
    ['changes beyond', changes(''), 'denied'],
    ['a put that shows what it may not read', richPut('w1', true), 'denied'],
    ['a put with options where it may write', richPut('w1', false), 'ok'],
    ['a compaction', { kind: 'compact', revision: 2 }, 'denied'],
    ['a switch', access.off, 'denied'],
    ['a list of principals', access.list, 'denied'],
    ['a list of its own rights', { kind: 'access-list', principal: keyOf(alice), only: true }, 'ok'],
    ['a list of the rights of another', { kind: 'access-list', principal: keyOf(bob), only: true }, 'denied'],
    ['a transaction where it may', transaction([put('w2', 'v')], [get('r1')], ['r1']), 'ok'],
    ['a comparison that it may not read', transaction([put('w2', 'v')], [], ['w1']), 'denied'],
    ['an operation in the branch that is not taken', transaction([], [get('x1')]), 'denied'],
    ['an operation in a transaction within', transaction([transaction([put('x', 'v')])]), 'denied'],
    ['a range in a transaction', transaction([range('')]), 'denied'],
    ['a deletion of a range in a transaction', transaction([deletion('b'), deletion('r')]), 'denied'],
    ['a put in a transaction that shows what it may not read', transaction([richPut('w1', true)]), 'denied'],
  ])('%s', (_what, operation, status) => {
    const revision = store.driver.store.revision
    expect(store.statuses(alice, operation)).toEqual([status])
    if (status === 'denied') expect(store.driver.store.revision).toBe(revision)
    expect(store.statuses(admin, operation)).not.toEqual(['denied'])
  })

  test('a client that is no principal may do nothing', () => {
    store.administer({ kind: 'access-remove', principal: keyOf(bob) })
    const asked = [get('r1'), put('w1', 'v'), { kind: 'lease-grant', id: 1n, ttl: 60 }] as const
    expect(store.statuses(bob, ...asked)).toEqual(Array(3).fill('denied'))
  })

  test('rights are those of the state, from one operation to the next', () => {
    const both = [revoke(alice, 'read', oneKey(utf8('r1'))), access.list]
    expect(store.statuses(alice, get('r1'))).toEqual(['ok'])
    store.administer(...both)
    expect(store.statuses(alice, get('r1'), get('r2'), range('r'))).toEqual(['denied', 'not-found', 'denied'])
    store.administer(access.off)
    expect(store.statuses(alice, get('x1'))).toEqual(['ok'])
  })

  test('a removed principal comes back without its rights', () => {
    store.administer(letActFor(bob, alice), { kind: 'access-remove', principal: keyOf(alice) })
    store.administer(principal(alice, 'alice'))
    expect(store.statuses(alice, get('r1'))).toEqual(['denied'])
    expect(store.statuses(bob, { ...get('r1'), actAs: keyOf(alice) })).toEqual(['denied'])
  })

  test('what is judged is the state after a transfer, too', () => {
    const other = new Guarded().driver
    other.store.restore(store.driver.store.snapshot())
    const reads = encodeOperations([get('r1'), get('x1')])
    const answer = (driver: Driver) => driver.store.read(alice, reads, { left: 1_000 })
    expect(answer(other)).toEqual(answer(store.driver))
    expect(answer(other)?.[2 + 5 + 32 + 3]).toBe(5)
  })
})

describe('acting for a principal', () => {
  beforeEach(turnOn)
  const asAlice = (operation: Operation): Operation => ({ ...operation, actAs: keyOf(alice) })

  test('takes the right to, and then gives the rights of the other and none of the own', () => {
    expect(store.statuses(bob, asAlice(get('r1')))).toEqual(['denied'])
    store.administer(grant(bob, 'read', prefix('x')), letActFor(bob, alice))
    expect(store.statuses(bob, asAlice(get('r1')), asAlice(get('x1')), get('x1'), get('r1'))).toEqual([
      ...['ok', 'denied', 'ok', 'denied'],
    ])
    expect(store.statuses(alice, { ...get('x1'), actAs: keyOf(bob) })).toEqual(['denied'])
  })

  test('is for an administrator to do for every principal, and only for those that there are', () => {
    expect(store.statuses(admin, asAlice(get('r1')), asAlice(get('x1')))).toEqual(['ok', 'denied'])
    expect(store.statuses(admin, { ...get('r1'), actAs: keyOf(stranger) })).toEqual(['denied'])
  })

  test('keeps the idempotency keys of principals apart', () => {
    store.administer(letActFor(bob, alice), grant(bob, 'write', prefix('w')))
    const write = { ...put('w5', 'v'), idempotencyKey: utf8('once') }
    const [first] = store.as(bob, asAlice(write))
    expect(store.as(bob, asAlice(write))).toEqual([first])
    expect(store.as(bob, write)).toMatchObject([{ status: 'ok', version: 2 }])
    store.administer(revoke(alice, 'write', prefix('w')))
    expect(store.statuses(bob, asAlice(write))).toEqual(['denied'])
  })
})

describe('leases', () => {
  test('belong to the principal they were granted to', () => {
    turnOn()
    store.administer(grant(bob, 'write', prefix('b')))
    expect(store.statuses(alice, lease('lease-grant', 7n), put('b2', 'v', { lease: 7n }))).toEqual([
      ...['ok', 'ok'],
    ])
    const asked = [lease('lease-keep-alive', 7n), put('b3', 'v', { lease: 7n }), lease('lease-revoke', 7n)]
    expect(store.statuses(bob, ...asked)).toEqual(Array(3).fill('denied'))
    expect(store.statuses(alice, ...asked)).toEqual(Array(3).fill('ok'))
    expect(store.statuses(alice, get('b2'))).toEqual(['not-found'])
  })

  test('to revoke one is to delete its keys, and to show its keys is to read them', () => {
    turnOn()
    store.administer(lease('lease-grant', 8n), put('x5', 'v', { lease: 8n }))
    store.as(alice, lease('lease-grant', 7n), put('b2', 'v', { lease: 7n }))
    const show = (id: bigint, keys = true): Operation => ({ kind: 'lease-time-to-live', id, keys })
    expect(store.statuses(alice, show(7n), show(8n), show(8n, false))).toEqual(['ok', 'denied', 'ok'])
    store.administer(revoke(alice, 'write', prefix('b')))
    expect(store.statuses(alice, lease('lease-revoke', 7n))).toEqual(['denied'])
  })

  test('one from before belongs to those who may write all of its keys', () => {
    store.as(bob, lease('lease-grant', 7n), put('b2', 'v', { lease: 7n }))
    turnOn()
    const keepAlive = lease('lease-keep-alive', 7n)
    expect([...store.statuses(alice, keepAlive), ...store.statuses(bob, keepAlive)]).toEqual(['ok', 'denied'])
  })

  test('an id that is used again has another owner', () => {
    turnOn()
    store.as(alice, lease('lease-grant', 7n))
    store.driver.now += 3_600_000
    expect(store.statuses(bob, lease('lease-grant', 7n), lease('lease-keep-alive', 7n))).toEqual(['ok', 'ok'])
    expect(store.statuses(alice, lease('lease-keep-alive', 7n))).toEqual(['denied'])
    store.driver.now += 3_600_000
    store.administer(access.off)
    store.as(alice, lease('lease-grant', 7n))
    store.administer(access.on)
    expect(store.statuses(alice, lease('lease-keep-alive', 7n))).toEqual(['ok'])
  })
})

describe('administration', () => {
  test('what the cluster file names stays an administrator', () => {
    const removal = { kind: 'access-remove', principal: keyOf(admin) } as const
    expect(store.statuses(admin, removal, principal(admin, 'admin'))).toEqual(['denied', 'denied'])
    expect(store.statuses(admin, principal(admin, 'root', true))).toEqual(['ok'])
  })

  test('an appointed administrator administers, until it is none', () => {
    store.administer(principal(bob, 'bob', true))
    expect(store.statuses(bob, access.on)).toEqual(['ok'])
    store.administer(principal(bob, 'bob'))
    expect(store.statuses(bob, access.off)).toEqual(['denied'])
  })

  test('a name belongs to one principal', () => {
    expect(store.statuses(admin, principal(stranger, 'bob'))).toEqual(['name-taken'])
    store.administer(principal(bob, 'robert'), principal(stranger, 'bob'))
    expect(store.statuses(admin, grant('0f'.repeat(32) as typeof alice, 'read', EVERY_KEY))).toEqual([
      'no-principal',
    ])
  })

  test('a change takes a revision, so that equal answers of one revision are of one state', () => {
    const { revision } = store.driver.store
    store.administer(grant(bob, 'read', prefix('k')), access.on, access.list)
    expect(store.driver.store.revision).toBe(revision + 2)
  })

  test('only who may read every key may read the pages of the state', () => {
    const may = () => [admin, alice, stranger].map((id) => store.driver.store.mayReadState(id))
    expect(may()).toEqual([true, true, true])
    store.administer(grant(alice, 'read', EVERY_KEY), access.on)
    expect(may()).toEqual([true, true, false])
    store.administer(revoke(alice, 'read', oneKey(utf8('k'))))
    expect(may()).toEqual([true, false, false])
  })
})
