/** The model of principals and rights against the store: any changes of rights among any operations of several clients. */
import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { type ClientId, toMilliseconds } from '../../src/base/ids.ts'
import { createRandom, type Random } from '../../src/base/random.ts'
import type { SeenExecution } from '../../src/simulator/checkers/checker.ts'
import { ModelledStore } from '../../src/simulator/model/modelled-store.ts'
import { EVERY_KEY, type KeyRange, keysFrom, oneKey } from '../../src/store/key-range.ts'
import { encodeOperations, type Operation } from '../../src/store/operations-writer.ts'
import { STATUSES } from '../../src/store/results.ts'
import { deeper, upTo } from '../kit/depth.ts'
import { access, admin, alice, bob, founders, keyOf, prefix } from '../store/access-language.ts'
import { Driver, request } from '../store/harness.ts'

const CLIENTS = [admin, alice, bob]
const NAMES = ['', 'a', 'aa', 'ab', 'b', 'c']

/** Draws the operations of clients: on keys, leases and rights. */
class Drawer {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  operation(depth = 0): Operation {
    const random = this.#random
    const actAs = depth === 0 && random.chance(0.2) ? { actAs: keyOf(random.pick(CLIENTS)) } : {}
    return { ...this.#plain(depth), ...actAs }
  }

  #plain(depth: number): Operation {
    const random = this.#random
    const key = utf8(random.pick(NAMES.slice(1)))
    const isFlag = random.chance(0.5)
    const drawn: readonly (() => Operation)[] = [
      () => ({ kind: 'put', key, value: utf8('v'), ...(isFlag ? {} : { lease: this.#lease() }) }),
      () => ({ kind: 'put-with-options', key, value: utf8('w'), previous: isFlag }),
      () => ({ kind: 'get', key }),
      () => ({ kind: 'delete', key }),
      () => ({ kind: 'range', ...this.#range() }),
      () => ({ kind: 'delete-range', previous: isFlag, ...this.#range() }),
      () => this.#transaction(depth),
      () => ({ kind: 'list', prefix: utf8(random.pick(NAMES)), limit: 3, cursor: utf8('') }),
      () => ({ kind: 'changes', after: { main: 0, sub: 0 }, ...this.#range() }),
      () => ({ kind: 'lease-grant', id: this.#lease(), ttl: 30 }),
      () => ({ kind: isFlag ? 'lease-revoke' : 'lease-keep-alive', id: this.#lease() }),
      () => ({ kind: 'lease-time-to-live', id: this.#lease(), keys: isFlag }),
      () => this.#onAccess(),
      () => this.#onAccess(),
    ]
    return random.pick(depth === 0 ? drawn : drawn.slice(0, 6 + (depth < 3 ? 1 : 0)))()
  }

  #onAccess(): Operation {
    const random = this.#random
    const principal = keyOf(random.pick(CLIENTS))
    const kind = random.chance(0.7) ? 'access-grant' : 'access-revoke'
    const permissions = random.between(1, 3)
    const drawn: readonly (() => Operation)[] = [
      () => ({ kind, principal, granted: { permissions, range: this.#range() } }),
      () => ({ kind, principal, granted: { permissions, range: this.#range() } }),
      () => ({ kind, principal, granted: { permissions: 0, actFor: keyOf(random.pick(CLIENTS)) } }),
      () => access.list,
      () => ({ kind: 'access-list', only: true, principal }),
      () => ({
        ...{ kind: 'access-principal', principal, name: utf8(random.pick(['x', 'y', 'z', 'w'])) },
        administrator: random.chance(0.1),
      }),
      () => (random.chance(0.2) ? { kind: 'access-remove', principal } : access.on),
      () => (random.chance(0.1) ? access.off : access.on),
    ]
    return random.pick(drawn)()
  }

  #transaction(depth: number): Operation {
    const random = this.#random
    const members = () => Array.from({ length: random.between(0, 2) }, () => this.operation(depth + 1))
    const compare = { ...this.#range(), target: 'version', relation: 'equal', number: 0 } as const
    return {
      ...{ kind: 'transaction', compares: random.chance(0.5) ? [compare] : [] },
      ...{ success: members(), failure: members() },
    }
  }

  #range(): KeyRange {
    const random = this.#random
    const key = utf8(random.pick(NAMES.slice(1)))
    return random.pick([oneKey(key), prefix('a'), keysFrom(key), EVERY_KEY, { key, end: utf8('b') }])
  }

  #lease(): bigint {
    return BigInt(this.#random.between(1, 2))
  }
}

test('the model judges what the store judges, whatever clients ask for and administrators change', () => {
  let denied = 0
  for (const seed of upTo(deeper(12, 300))) {
    const random = createRandom(seed)
    const drawer = new Drawer(random)
    const driver = new Driver({ clients: CLIENTS, administrators: founders })
    const modelled = new ModelledStore(founders)
    for (let batch = 1; batch <= 60; batch++) {
      driver.now += random.pick([0, 500, 20_000])
      const client: ClientId = random.pick([admin, ...CLIENTS])
      const operations = Array.from({ length: random.between(1, 6) }, () => drawer.operation())
      const requests = [request(client, batch, encodeOperations(operations))]
      const outcomes = driver.batch(requests)
      const { store, now } = driver
      const seen = {
        ...{ replica: 0, incarnation: 1, isRestored: false, sequence: store.lastSequence },
        ...{ batch: { time: toMilliseconds(now), requests }, outcomes, application: store },
      }
      const found = modelled.onExecuted(seen as unknown as SeenExecution)
      expect(found, 'the model has lost its way').not.toBeNull()
      expect(found?.fault, `seed ${seed}, batch ${batch}`).toBeNull()
      if (outcomes[0]?.results?.[2] === STATUSES.denied) denied++
    }
    expect(modelled.isLost).toBe(false)
  }
  expect(denied).toBeGreaterThan(20)
})
