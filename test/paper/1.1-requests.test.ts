/** Rule 1.1: admitted clients, immediate answers, and the queue of requests. OSDI 1999 section 4.1. */
import { describe, expect, test } from 'vitest'
import { BATCH_REQUESTS_MAX } from '../../src/messages/limits.ts'
import { WaitingRequests } from '../../src/pbft/ordering/request-queue.ts'
import {
  RELAY_AFTER_TICKS,
  WAITING_BYTES_MAX,
  WAITING_BYTES_PER_CLIENT_MAX,
  WAITING_PER_CLIENT_MAX,
} from '../../src/pbft/parameters.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { broadcastsOf, decide, effectsOf, ReplicaUnderTest } from '../kit/replica-kit.ts'

const MIB = 1024 * 1024
const STRANGER = 10

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const refusals = (replica: ReplicaUnderTest, request: Parameters<ReplicaUnderTest['receive']>[0]) =>
    effectsOf(replica.receive(request), 'refuse').map(({ reason }) => reason)

  test("PBFT-1.1 the primary proposes a known client's request", () => {
    const primary = new ReplicaUnderTest(kit, 0)
    const request = kit.request(0)
    primary.receive(request)
    const [proposal] = broadcastsOf(primary.settle(), 'pre-prepare')
    expect(proposal?.batch.requests).toEqual([request])
  })

  test("PBFT-1.1 a stranger's request is refused and starts nothing", () => {
    for (const id of [0, 1]) {
      const replica = new ReplicaUnderTest(kit, id)
      expect(refusals(replica, kit.request(STRANGER))).toEqual(['unknown-client'])
      expect(replica.state.requests.waiting.size).toBe(0)
      expect(replica.state.requests.timer).toBeNull()
      expect(replica.records).toEqual([])
    }
  })

  test('PBFT-1.1 a backup accepts a proposed request of a client that it does not know', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.prePrepare({ sequence: 1, batch: kit.batch([kit.request(STRANGER)]) }))
    expect(broadcastsOf(backup.settle(), 'prepare')).toHaveLength(1)
  })

  test('PBFT-1.8 of two sessions with one timestamp, the first in the order gets it, and the second must wait', () => {
    const session = new Uint8Array(16).fill(9)
    const [first, second] = [kit.request(0), kit.request(0, { session })]
    const replica = new ReplicaUnderTest(kit, 1)
    expect(refusals(replica, first)).toEqual([])
    expect(refusals(replica, second)).toEqual(['busy'])
    decide(kit, replica, { sequence: 1, batch: kit.batch([first]) })
    expect(refusals(replica, second)).toEqual(['another-session'])
  })

  test('PBFT-1.1 an executed timestamp gets its cached reply and is not proposed again', () => {
    const request = kit.request(0)
    for (const id of [0, 1]) {
      const replica = new ReplicaUnderTest(kit, id)
      const batch = kit.batch([request])
      if (id === 0) {
        replica.receive(request)
        replica.settle()
      }
      decide(kit, replica, { sequence: 1, batch })
      expect(replica.executed).toHaveLength(1)
      const effects = replica.receive(request)
      expect(effects.map(({ kind }) => kind)).toEqual(['reply-again'])
    }
  })

  test('PBFT-1.1 a timestamp below the floor is stale', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    decide(kit, backup, { sequence: 1, batch: kit.batch([kit.request(0, { timestamp: 100 })]) })
    expect(refusals(backup, kit.request(0, { timestamp: 36 }))).toEqual(['stale'])
    expect(refusals(backup, kit.request(0, { timestamp: 37 }))).toEqual([])
  })

  test('PBFT-1.1 a timestamp seen with another digest is reused, waiting or executed', () => {
    const first = kit.request(0, { operations: new Uint8Array(1) })
    const second = kit.request(0, { operations: new Uint8Array(2) })
    const waiting = new ReplicaUnderTest(kit, 1)
    waiting.receive(first)
    expect(refusals(waiting, second)).toEqual(['timestamp-reused'])
    const executed = new ReplicaUnderTest(kit, 1)
    decide(kit, executed, { sequence: 1, batch: kit.batch([first]) })
    expect(refusals(executed, second)).toEqual(['timestamp-reused'])
  })

  test('PBFT-1.1 refusals go to the client on its own link, never over the replica that relayed', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    const effects = primary.receive(kit.request(STRANGER), kit.replicaPeer(1))
    expect(effectsOf(effects, 'refuse')).toEqual([])
  })

  test('PBFT-1.1 a backup relays to the primary and starts its timer', () => {
    const backup = new ReplicaUnderTest(kit, 2)
    const request = kit.request(0)
    const relayed = { kind: 'send', to: 0, outgoing: { kind: 'relayed', message: request } }
    expect(backup.receive(request)).toEqual([])
    expect(backup.tick(RELAY_AFTER_TICKS - 1)).toEqual([])
    expect(backup.tick()).toContainEqual(relayed)
    expect(backup.tick(5)).not.toContainEqual(relayed)
    expect(backup.state.requests.timer).toMatchObject({ waitsFor: { client: request.client, timestamp: 1 } })
  })

  test('PBFT-1.1 a repetition of a waiting request is relayed again; what a replica relayed stops here', () => {
    const backup = new ReplicaUnderTest(kit, 2)
    backup.receive(kit.request(0))
    expect(effectsOf(backup.receive(kit.request(0)), 'send')).toHaveLength(1)
    expect(effectsOf(backup.receive(kit.request(1), kit.replicaPeer(3)), 'send')).toEqual([])
    expect(backup.state.requests.waiting.size).toBe(2)
  })

  test('PBFT-1.1 a request that comes twice is proposed once', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    primary.receive(kit.request(0))
    primary.receive(kit.request(0))
    for (const relay of [1, 2, 3]) primary.receive(kit.request(0), kit.replicaPeer(relay))
    expect(broadcastsOf(primary.settle(), 'pre-prepare')).toHaveLength(1)
  })

  test('PBFT-1.1 a full queue answers busy and relays nothing', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    for (let timestamp = 1; timestamp <= WAITING_PER_CLIENT_MAX; timestamp++) {
      expect(refusals(backup, kit.request(0, { timestamp }))).toEqual([])
    }
    const effects = backup.receive(kit.request(0, { timestamp: WAITING_PER_CLIENT_MAX + 1 }))
    expect(effects).toMatchObject([{ kind: 'refuse', reason: 'busy' }])
    // What waits already is still recognised, and another client is not made to pay.
    expect(effectsOf(backup.receive(kit.request(0)), 'send')).toHaveLength(1)
    expect(refusals(backup, kit.request(1))).toEqual([])
  })
})

describe('the queue of waiting requests', () => {
  const kit = createClusterKit(4)
  const LIMITS = { requests: BATCH_REQUESTS_MAX, bytes: 4 * MIB }
  const names = (taken: readonly { readonly client: string; readonly timestamp: number }[]) =>
    taken.map(({ client, timestamp }) => [
      kit.cluster.clients.findIndex(({ id }) => id === client),
      timestamp,
    ])

  test('PBFT-1.1 first in first out per client, round robin across clients', () => {
    const waiting = new WaitingRequests()
    for (const timestamp of [5, 3, 4]) waiting.add(kit.request(0, { timestamp }))
    for (const timestamp of [1, 2]) waiting.add(kit.request(1, { timestamp }))
    waiting.add(kit.request(2, { timestamp: 9 }))
    expect(names(waiting.takeForBatch(LIMITS))).toEqual([
      [0, 5],
      [1, 1],
      [2, 9],
      [0, 3],
      [1, 2],
      [0, 4],
    ])
  })

  test('PBFT-1.1 turns continue across batches: a client with many requests does not come first again', () => {
    const waiting = new WaitingRequests()
    for (let timestamp = 1; timestamp <= 10; timestamp++) waiting.add(kit.request(0, { timestamp }))
    expect(names(waiting.takeForBatch({ ...LIMITS, requests: 1 }))).toEqual([[0, 1]])
    waiting.add(kit.request(1))
    waiting.add(kit.request(2))
    expect(names(waiting.takeForBatch({ ...LIMITS, requests: 4 }))).toEqual([
      [0, 2],
      [1, 1],
      [2, 1],
      [0, 3],
    ])
  })

  test('PBFT-1.1 what was proposed is not taken again and still waits', () => {
    const waiting = new WaitingRequests()
    waiting.add(kit.request(0))
    expect(waiting.takeForBatch(LIMITS)).toHaveLength(1)
    expect(waiting.takeForBatch(LIMITS)).toEqual([])
    expect(waiting.size).toBe(1)
    expect(waiting.unproposed).toBe(0)
  })

  test('PBFT-1.1 the bytes of one client are bounded', () => {
    const waiting = new WaitingRequests()
    const fits = Math.floor(WAITING_BYTES_PER_CLIENT_MAX / (MIB + 1024))
    for (let timestamp = 1; timestamp <= fits; timestamp++) {
      expect(waiting.add(kit.request(0, { timestamp, operations: new Uint8Array(MIB) }))).toBe(true)
    }
    const more = kit.request(0, { timestamp: fits + 1, operations: new Uint8Array(2 * MIB - 1024) })
    expect(waiting.add(more)).toBe(false)
    expect(waiting.add(kit.request(1))).toBe(true)
    // What was executed makes room again.
    waiting.drop(kit.clientId(0), ({ timestamp }) => timestamp <= 2)
    expect(waiting.add(more)).toBe(true)
  })

  test('PBFT-1.1 all bytes together are bounded', () => {
    const waiting = new WaitingRequests()
    const big = kit.request(0, { operations: new Uint8Array(MIB) })
    let taken = 0
    // The same bytes under other names: only the bookkeeping is looked at.
    for (let name = 0; name < 1_000; name++) {
      const client = `client ${Math.floor(name / 8)}` as typeof big.client
      if (waiting.add({ ...big, client, timestamp: (name % 8) as typeof big.timestamp })) taken++
    }
    expect(taken).toBe(Math.floor(WAITING_BYTES_MAX / big.bytes.length))
    expect(waiting.size).toBe(taken)
  })

  test('PBFT-1.1 dropping leaves nothing behind', () => {
    const waiting = new WaitingRequests()
    for (let timestamp = 1; timestamp <= 4; timestamp++) waiting.add(kit.request(0, { timestamp }))
    waiting.takeForBatch({ ...LIMITS, requests: 2 })
    waiting.drop(kit.clientId(0), () => true)
    expect([waiting.size, waiting.unproposed, waiting.oldest]).toEqual([0, 0, null])
  })
})
