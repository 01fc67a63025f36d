import { describe, expect, it } from 'vitest'
import { drawSwarmPlan, simulateSwarm } from '../../attacks/run/simulated/swarm.ts'
import { concatBytes, utf8, writeU16, writeU32, writeU64 } from '../../src/base/bytes.ts'

import type { ClientId, Timestamp } from '../../src/base/ids.ts'
import { clientsHistory } from '../../src/simulator/checkers/clients-history.ts'
import type { Plan } from '../../src/simulator/plan/plan.ts'
import { encodeOperations, type Operation } from '../../src/store/operations-writer.ts'
import { readResults, STATUSES, type Status } from '../../src/store/results.ts'
import { deeper, upTo } from '../kit/depth.ts'
import { PLANTED_VIOLATIONS } from './sabotages.ts'

const CLIENTS = ['a', 'b'].map((letter) => letter.repeat(64) as ClientId)
const requestDigest = new Uint8Array(32)

const u64 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(8)
  writeU64(bytes, 0, value)
  return bytes
}

const u32 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4)
  writeU32(bytes, 0, value)
  return bytes
}

const u16 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(2)
  writeU16(bytes, 0, value)
  return bytes
}

const result = (status: Status, ...fields: readonly Uint8Array[]): Uint8Array => {
  const all = concatBytes(...fields)
  return concatBytes(Uint8Array.of(STATUSES[status]), u32(all.length), all)
}

/** Revision, create revision, modification revision, version. */
const revisions = (revision: number): Uint8Array =>
  concatBytes(u64(revision), u64(revision), u64(revision), u64(1))

const wasPut = (revision: number): Uint8Array => result('ok', revisions(revision))
const found = (revision: number, value: string): Uint8Array => result('ok', revisions(revision), utf8(value))
const notFound = result('not-found', u64(0))
const moved = (revision: number): Uint8Array => result('revision-moved', u64(9), u64(revision))
const wasDeleted = (isDeleted: boolean): Uint8Array => result('ok', u64(9), Uint8Array.of(isDeleted ? 1 : 0))
const listed = (cursor: string, ...items: readonly (readonly [string, number, string])[]): Uint8Array =>
  result(
    'ok',
    u64(9),
    u64(9),
    u32(items.length),
    ...items.map(([key, revision, value]) =>
      concatBytes(u16(key.length), utf8(key), u64(1), u64(revision), u64(1), u32(value.length), utf8(value)),
    ),
    utf8(cursor),
  )

const put = (key: string, value: string, ifRevision?: number): Operation => ({
  kind: 'put',
  key: utf8(key),
  value: utf8(value),
  ...(ifRevision === undefined ? {} : { ifRevision }),
})
const get = (key: string): Operation => ({ kind: 'get', key: utf8(key) })
const remove = (key: string): Operation => ({ kind: 'delete', key: utf8(key) })
const list = (limit: number): Operation => ({
  kind: 'list',
  prefix: utf8(''),
  limit,
  cursor: new Uint8Array(0),
})

function createHistory() {
  const checker = clientsHistory()
  let timestamp = 0
  const ask = (
    client: number,
    ...operations: readonly Operation[]
  ): ((...results: readonly Uint8Array[]) => void) => {
    const seen = { client: CLIENTS[client] as ClientId, timestamp: ++timestamp as Timestamp }
    checker.onRequest?.({ ...seen, requestDigest, operations: encodeOperations(operations) })
    return (...results) => {
      checker.onAnswer?.({ ...seen, requestDigest, results: concatBytes(u16(results.length), ...results) })
    }
  }
  return {
    /** Sends a request and gives the function that answers it. */
    ask,
    /** Both at once. */
    do: (operation: Operation, given: Uint8Array) => ask(0, operation)(given),
    end: () => checker.onEnd?.() ?? null,
  }
}

describe('13, clients history', () => {
  it('holds for reads, writes and cases that some order explains, also where they overlap', () => {
    const history = createHistory()
    const first = history.ask(0, put('x', '1'))
    const second = history.ask(1, put('x', '2'))
    second(wasPut(2))
    first(wasPut(1))
    history.do(get('x'), found(2, '2'))
    history.do(put('x', '3', 2), wasPut(3))
    history.do(put('x', '4', 2), moved(3))
    history.do(remove('x'), wasDeleted(true))
    history.do(remove('x'), wasDeleted(false))
    history.do(get('x'), notFound)
    expect(history.end()).toBeNull()
  })

  it('takes a request without an answer as one that may have happened, at any time, or never', () => {
    for (const read of [found(2, '2'), found(1, '1')]) {
      const history = createHistory()
      history.do(put('x', '1'), wasPut(1))
      history.ask(1, put('x', '2'))
      history.do(get('x'), read)
      expect(history.end()).toBeNull()
    }
  })

  it('sees a stale read, and shows the shortest part that nothing explains', () => {
    const history = createHistory()
    for (let revision = 1; revision <= 20; revision++) history.do(put('x', `v${revision}`), wasPut(revision))
    history.do(get('x'), found(19, 'v19'))
    history.do(get('y'), notFound)
    const explanation = history.end() ?? ''
    expect(explanation).toContain('Key "x" is not linearizable: no order of these 3 of its 21 operations')
    expect(explanation).toMatch(/write "v19".*\n.*write "v20".*\n.*read gave "v19"/)
  })

  it('sees a value that was never written', () => {
    const history = createHistory()
    history.do(get('x'), found(1, 'invented'))
    expect(history.end()).toContain('read gave "invented"')
  })

  it('sees two changes that were both built on one revision', () => {
    const history = createHistory()
    history.do(put('x', '1'), wasPut(1))
    const both = [history.ask(0, put('x', '2', 1)), history.ask(1, put('x', '3', 1))]
    for (const [index, answer] of both.entries()) answer(wasPut(2 + index))
    expect(history.end()).toContain('cas "1" to "2"')
  })

  it('sees a refusal that names a revision which had passed', () => {
    const history = createHistory()
    history.do(put('x', '1'), wasPut(1))
    history.do(put('x', '2'), wasPut(2))
    history.do(put('x', '3', 2), moved(1))
    expect(history.end()).toContain('read gave "1"')
  })

  it('sees a list that leaves out a key, or shows what a key held before', () => {
    const history = createHistory()
    history.do(put('x', '1'), wasPut(1))
    history.do(put('y', '2'), wasPut(2))
    history.do(list(1), listed('x', ['x', 1, '1']))
    history.do(list(2), listed('', ['x', 1, '1'], ['y', 2, '2']))
    expect(history.end()).toBeNull()
    history.do(list(9), listed('', ['x', 1, '1']))
    expect(history.end()).toMatch(/Key "y"[\s\S]*read gave null/)
  })

  it('sees a request whose operations do not agree, and a revision that had two values', () => {
    const torn = createHistory()
    torn.ask(0, put('x', '1'), get('x'))(wasPut(1), found(2, '2'))
    torn.ask(0, put('x', '2'))(wasPut(2))
    expect(torn.end()).toContain('found 2 at x, where the operation before it left 1')
    const twofold = createHistory()
    twofold.do(put('x', '1'), wasPut(1))
    twofold.do(get('x'), found(1, '2'))
    expect(twofold.end()).toContain('x had two values at revision 1')
  })

  it('sees an answer that does not fit its request', () => {
    const history = createHistory()
    history.ask(0, get('x'), get('y'))(notFound)
    expect(history.end()).toContain('does not fit its operations')
  })
})

/** The plan with operations on single keys only. */
function withSimpleLoad({ workload, ...plan }: Plan): Plan {
  const { isWhole: _, administrator: _administrator, ...simple } = workload
  return { ...plan, workload: simple }
}

describe('the load of a run', () => {
  it('has reads, writes and cases that succeed and that fail, over keys that clients share', () => {
    const seen = new Map<string, number>()
    const clientsOfKey = new Map<string, Set<number>>()
    for (const seed of upTo(deeper(2, 10))) {
      const plan = withSimpleLoad(drawSwarmPlan(seed, 4))
      for (const { client, operations, results } of simulateSwarm({ seed, plan }).history) {
        for (const [index, operation] of operations.entries()) {
          if (!('key' in operation) || 'end' in operation) continue
          const isCas = operation.ifRevision !== undefined
          const status = statusAt(results ?? new Uint8Array(2), index)
          const name = `${isCas ? 'cas' : operation.kind} ${status}`
          seen.set(name, (seen.get(name) ?? 0) + 1)
          const key = `${seed} ${String.fromCharCode(...operation.key)}`
          clientsOfKey.set(key, (clientsOfKey.get(key) ?? new Set()).add(client))
        }
      }
    }
    for (const name of ['get ok', 'put ok', 'delete ok', 'cas ok', 'cas revision-moved']) {
      expect(seen.get(name) ?? 0, name).toBeGreaterThan(10)
    }
    const shared = [...clientsOfKey.values()].filter((clients) => clients.size > 1)
    expect(shared.length).toBeGreaterThan(clientsOfKey.size / 2)
  })

  it('lets stale reads be seen in the history of any seed', () => {
    const planted = PLANTED_VIOLATIONS.find(({ name }) => name === 'clients history')
    for (const seed of upTo(deeper(2, 10))) {
      // The store that is planted goes back in time for ordered requests only.
      const { reads: _, ...plan } = withSimpleLoad(drawSwarmPlan(seed, 4))
      const { violation } = simulateSwarm({ seed, n: 4, plan, sabotage: planted?.sabotage ?? {} })
      expect(violation, `seed ${seed}`).not.toBeNull()
    }
  })
})

function statusAt(results: Uint8Array, index: number): string {
  return readResults(results)?.[index]?.status ?? 'none'
}
